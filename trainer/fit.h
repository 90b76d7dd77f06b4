/*
 * From rows to a model: a split by time, a forest grown on the earlier part, quantiles and
 * thresholds from the legitimate logins of the later part, which the forest has not seen.
 */
#ifndef TRAINER_FIT_H
#define TRAINER_FIT_H

#include "trainer/grow_forest.h"

#define FIT_LEAST_LOGINS 50 /* completed logins below which nothing can be held out */

struct fit_budgets {
    double log, step_up, deny; /* shares of legitimate logins */
};

/* What the later part says of the model. NAN: nothing to measure. */
struct fit_measures {
    int64_t legitimate, attacks; /* held out */
    double auc, recall_at_1pct;
    struct {
        int64_t rows;
        double auc, recall_at_1pct;
    } family[ROW_FAMILY_COUNT];
};

struct fit_result {
    int64_t logins, rows; /* legitimate logins in all; rows the forest was grown on */
    int64_t prior_rows;   /* of them, of simulated machines */
    unsigned trees;
    struct fit_measures measures;
    struct forest_thresholds thresholds;
    /* The held-out logins are too few to hold the budget: its threshold lies halfway between the
     * highest legitimate risk seen and 1. */
    bool log_extrapolated, step_up_extrapolated, deny_extrapolated;
    void *bytes; /* the model file, the caller's to free() */
    size_t size;
};

/*
 * facts: trained_us, geo_epoch and geo_type for the header. The order of the rows changes, and the
 * weights of those that are trained on.
 */
bool fit_model(struct training_rows *rows, const struct forest_options *options,
               const struct fit_budgets *budgets, const struct forest_header *facts,
               struct fit_result *result, struct error *error) MUST_USE;

/* Scores rows (cold ones are left out) and measures the ranking. */
bool measure_rows(const struct forest *forest, const struct training_row *rows, size_t count,
                  struct fit_measures *measures, struct error *error) MUST_USE;

#endif
