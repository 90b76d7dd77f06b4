/* Thresholds from budgets, on held-out legitimate logins. */
#ifndef TRAINER_FIT_THRESHOLD_H
#define TRAINER_FIT_THRESHOLD_H

#include "scorer/risk.h"

struct fit_threshold {
    double budget;
    struct risk_threshold found;
    int64_t reached; /* held-out logins at or above it */
    /* One held-out login is more than the budget: the threshold lies halfway between the highest
     * legitimate risk seen and 1. */
    bool extrapolated;
};

/*
 * The smallest risk that at most a share `budget` of the logins reach; 2, which is never reached,
 * for no budget. risks: of `count` logins, ascending, at least one.
 */
struct fit_threshold fit_threshold(const double *risks, size_t count, double budget);

/* Held-out logins it takes to say that a budget is held when none of them exceeds it: the rule of
 * three (Hanley and Lippman-Hand 1983). 0 for no budget. */
double fit_logins_needed(double budget);

#endif
