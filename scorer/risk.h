/*
 * From features to a risk: forest, isolation forest and likelihood ratio, stacked by a logistic
 * regression into one probability, and each feature's share of it.
 */
#ifndef SCORER_RISK_H
#define SCORER_RISK_H

#include "scorer/risk_model.h"

struct risk {
    double probability;  /* 0 to 1 */
    double forest_logit; /* log-odds */
    double isolation;    /* 0 to 1 */
    double likelihood;   /* NAN: missing */
};

/* False, with a FAULT_MODEL sentence, only for a model that was not checked as a whole. */
bool risk_assess(const struct risk_model *model, const float features[FEATURE_COUNT],
                 struct risk *risk, struct error *error) MUST_USE;

/* The risk before any evidence: of the forests' roots and the mean likelihood ratio. */
double risk_base(const struct risk_model *model);

/*
 * Each feature's share of risk - risk_base(): they add up to it but for rounding. Within the trees
 * by the path rule of trees_attribute(); through the isolation forest's exponential, the log-odds
 * and the logistic function in proportion (the rescale rule of Shrikumar, Greenside and Kundaje
 * 2017, "Learning Important Features Through Propagating Activation Differences"); the likelihood
 * ratio's is that of FEATURE_LIKELIHOOD.
 */
bool risk_shares(const struct risk_model *model, const float features[FEATURE_COUNT],
                 double shares[FEATURE_COUNT], struct error *error) MUST_USE;

/*
 * A risk that keeps within the budget: a share of at most `budget` of held-out legitimate logins
 * was at or above it. For the budgets that the model was trained for it is their threshold; for
 * others the next of the model's quantiles. More than 1 (never) for a budget of 0 or one smaller
 * than the quantiles can tell, 1e-6.
 */
float risk_threshold_for(const struct risk_model *model, double budget);

/* That of the budgets from risk_quantile_share(i) up to the next larger share, but for those that
 * the model was trained for. */
float risk_step_threshold(const struct risk_model *model, unsigned i);

#endif
