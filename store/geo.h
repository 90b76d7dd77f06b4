/*
 * Geolocation from MaxMind DB files of either schema (nested GeoIP2 or the flat one of free sets).
 * All files are asked; the first that knows a thing says it. Reserved addresses have no place.
 */
#ifndef STORE_GEO_H
#define STORE_GEO_H

#include "common/error.h"
#include "common/ip_address.h"
#include "scorer/place.h"

#define GEO_MAX_FILES 8

struct geo;

/*
 * paths: space-separated mmdb files, or "auto": the known names found in /usr/share/GeoIP,
 * /var/lib/GeoIP and /usr/local/share/GeoIP (none found is no error: no evidence). A file that is
 * named and missing, or damaged, is FAULT_GEO. *geo is the caller's to close; on failure it is
 * NULL.
 */
bool geo_open(struct geo **geo, const char *paths, struct error *error) MUST_USE;
void geo_close(struct geo *geo);

/* Whether opening paths would still find the very files that are open. */
bool geo_is_current(const struct geo *geo, const char *paths);

/* An address nobody knows is no error and leaves PLACE_NONE. */
bool geo_locate(const struct geo *geo, const struct ip_address *address, struct place *place,
                struct error *error) MUST_USE;

/* For the model and the status: types joined by "+", and the newest build epoch; "" and 0: none. */
void geo_describe(const struct geo *geo, char type[64], uint64_t *epoch);

#endif
