#include "scorer/place.h"

#include <math.h>

const struct place PLACE_NONE = {.latitude = NAN, .longitude = NAN};

bool place_has_coordinates(const struct place *place)
{
    return !isnan(place->latitude) && !isnan(place->longitude);
}

uint64_t place_country_key(const struct place *place)
{
    if (place->country[0] == '\0')
        return 0;
    return (uint64_t)(unsigned char)place->country[0] << 8 | (unsigned char)place->country[1];
}

uint64_t place_asn_key(const struct place *place)
{
    return place->asn;
}
