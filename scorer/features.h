/*
 * The numbers a login is judged by: one row each in features.def, in the model's column order.
 * features_extract() is the only way to compute them. What is not known is NAN, "no evidence",
 * which the trees carry a direction for; it is never zero.
 */
#ifndef SCORER_FEATURES_H
#define SCORER_FEATURES_H

#include <stdint.h>

#include "scorer/history.h"

enum feature {
#define FEATURE(symbol, group, name, unit, meaning, reason) FEATURE_##symbol,
#include "scorer/features.def"
#undef FEATURE
    FEATURE_COUNT
};

struct feature_info {
    const char *name;  /* "asn_ratio" */
    const char *group; /* "place" */
    const char *unit;
    const char *meaning; /* a sentence for the manual */
    const char *reason;  /* a few words for a person, why a login stands out by it */
};

extern const struct feature_info FEATURE_TABLE[FEATURE_COUNT];

/* A hash of all names in order: a model made for another table is foreign. */
uint32_t feature_table_hash(void);

void features_extract(const struct login_event *event, const struct history *history,
                      float features[FEATURE_COUNT]);

#endif
