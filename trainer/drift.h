/*
 * How logins have changed since a model was trained: their features as they were scored, beside the
 * distributions that training left in the model.
 */
#ifndef TRAINER_DRIFT_H
#define TRAINER_DRIFT_H

#include "store/store.h"
#include "trainer/binomial_interval.h"
#include "trainer/distribution.h"
#include "trainer/fit.h"

#define DRIFT_LEAST_LOGINS 200 /* fewer shift by chance alone */

struct drift_change {
    const char *name;
    double shift;                     /* distribution_shift() */
    double noise;                     /* what that would be without a change, on average */
    double missing_then, missing_now; /* shares */
};

struct drift_level {
    double budget;
    int64_t reached;
    struct binomial_interval share; /* 95 % */
};

struct drift {
    int64_t logins;                              /* since training, scored, of this feature table */
    int64_t scored;                              /* of them by this very model */
    struct drift_change changes[FEATURE_COUNT];  /* most changed first; with enough logins */
    struct drift_change risk;                    /* with enough scored ones */
    struct drift_level levels[RISK_LEVEL_COUNT]; /* of those scored */
};

/*
 * Logins since the model was trained whose credential was right, but those labelled as attacks. The
 * levels' thresholds are those that the budgets have with this model now. False with a sentence
 * also when the model does not say how its logins were distributed.
 */
bool drift_measure(struct store *store, const struct risk_model *model,
                   const struct fit_budgets *budgets, struct drift *drift,
                   struct error *error) MUST_USE;

#endif
