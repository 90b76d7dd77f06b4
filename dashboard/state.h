/* Whether store, model, journal and geolocation are as they should be. */
#ifndef DASHBOARD_STATE_H
#define DASHBOARD_STATE_H

#include "dashboard/worker.h"
#include "store/journal_state.h"

/* What waits longer than this in the journal is not being folded in. */
#define LAG_MAX_US (INT64_C(60) * US_PER_S)

struct state {
    struct error store_trouble, model_trouble, journal_trouble, geo_trouble; /* text "": fine */
    struct store_counts counts;
    struct journal_state journal;
    const struct risk_model *model;
    const char *model_path;
    char geo_type[64];
    uint64_t geo_epoch;
};

/* Looks at all of them. What is wrong with one is its trouble, and leaves the rest of it at zero.
 */
void state_read(struct worker *worker, int64_t now_us, struct state *state);

#endif
