/* Places as people and histories write them. */
#ifndef SCORER_PLACE_TEXT_H
#define SCORER_PLACE_TEXT_H

#include "common/error.h"
#include "scorer/place.h"

/* Two letters, in either case: an ISO 3166-1 alpha-2 code. Others leave the place as it is. */
bool place_read_country(struct place *place, const char *text) MUST_USE;

/*
 * "CC", "CITY, CC", "LATITUDE,LONGITUDE" in degrees, else the name of a city, cut to what fits. "-"
 * and "" are no evidence. What the text does not tell stays as it is.
 */
void place_read(struct place *place, const char *text);

#endif
