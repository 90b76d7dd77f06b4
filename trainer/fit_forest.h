/*
 * The forest of a model: each kind grown on the training rows, the one kept that ranks the store's
 * own validation rows better; a random forest without a choice where these are few.
 */
#ifndef TRAINER_FIT_FOREST_H
#define TRAINER_FIT_FOREST_H

#include "scorer/risk_model.h"
#include "trainer/fit_rows.h"
#include "trainer/grow_forest.h"

/* "random forest", "boosted trees" */
const char *fit_forest_name(enum forest_kind kind);

/*
 * Later logins of the store's own below which no kind is chosen: the simulated machines' rows
 * outweigh its own then, and boosted trees learn the simulator's habits too well.
 */
#define FIT_LEAST_TO_CHOOSE 300

struct fit_options {
    struct forest_options forest;
    bool bagged_only;               /* no other kind is tried */
    const struct risk_model *rival; /* measured too, on the rows held out; NULL: none */
};

struct fit_candidate {
    uint32_t trees;           /* 0: not grown */
    double average_precision; /* on the store's own validation rows; NAN: not grown */
};

/*
 * *forest is the caller's to give to grown_forest_finish(), whatever is returned. candidates:
 * FOREST_KIND_COUNT, by kind.
 */
bool fit_forest(const struct fit_parts *parts, const struct fit_options *options,
                struct grown_forest *forest, struct fit_candidate *candidates,
                struct error *error) MUST_USE;

#endif
