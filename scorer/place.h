/* Where an address is, as far as the databases know. What is not known is "no evidence". */
#ifndef SCORER_PLACE_H
#define SCORER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define PLACE_CITY_BYTES 64

enum place_anonymous { ANONYMOUS_UNKNOWN, ANONYMOUS_NO, ANONYMOUS_YES };

struct place {
    float latitude;              /* degrees north; NAN: no evidence */
    float longitude;             /* degrees east; NAN: no evidence */
    uint32_t asn;                /* autonomous system number; 0: no evidence */
    char country[3];             /* ISO 3166-1 alpha-2, upper case; "": no evidence */
    uint8_t anonymous;           /* enum place_anonymous: a VPN exit, a proxy, Tor, hosting */
    char city[PLACE_CITY_BYTES]; /* UTF-8; "": no evidence */
};

extern const struct place PLACE_NONE;

bool place_has_coordinates(const struct place *place);

/*
 * Great-circle distance on a sphere of 6371.0088 km (IUGG mean radius), haversine form. NAN when
 * either place has no coordinates.
 */
double place_distance_km(const struct place *a, const struct place *b);

/* Keys of familiar values; 0: no evidence. */
uint64_t place_country_key(const struct place *place);
uint64_t place_asn_key(const struct place *place);

#endif
