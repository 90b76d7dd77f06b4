#include <math.h>

#include "scorer/place.h"

#define EARTH_RADIUS_KM    6371.0088
#define RADIANS_PER_DEGREE (M_PI / 180.0)

double place_distance_km(const struct place *a, const struct place *b)
{
    if (!place_has_coordinates(a) || !place_has_coordinates(b))
        return NAN;
    if (a->latitude == b->latitude && a->longitude == b->longitude)
        return 0;
    double latitude_a = (double)a->latitude * RADIANS_PER_DEGREE;
    double latitude_b = (double)b->latitude * RADIANS_PER_DEGREE;
    double longitudes = ((double)b->longitude - (double)a->longitude) * RADIANS_PER_DEGREE;
    double sin_latitude = sin((latitude_b - latitude_a) / 2);
    double sin_longitude = sin(longitudes / 2);
    double haversine = sin_latitude * sin_latitude +
                       cos(latitude_a) * cos(latitude_b) * sin_longitude * sin_longitude;
    /* Rounding may carry antipodes past 1. */
    return 2 * EARTH_RADIUS_KM * asin(sqrt(fmin(haversine, 1)));
}
