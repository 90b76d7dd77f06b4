#include "scorer/population.h"

uint64_t population_key(const struct login_event *event, enum population_value kind)
{
    switch (kind) {
    case POPULATION_PREFIX:
        return login_prefix_key(event);
    case POPULATION_ASN:
        return place_asn_key(&event->place);
    case POPULATION_COUNTRY:
        return place_country_key(&event->place);
    case POPULATION_DEVICE:
        return login_device_key(event);
    case POPULATION_KEY:
        return login_public_key_key(event);
    case POPULATION_VALUE_COUNT:
        break;
    }
    return 0;
}
