/* What a share seen in a sample says of the share behind it. */
#ifndef TRAINER_BINOMIAL_INTERVAL_H
#define TRAINER_BINOMIAL_INTERVAL_H

#include <stdint.h>

struct binomial_interval {
    double lowest, highest; /* 0 to 1 */
};

/*
 * The exact interval of Clopper and Pearson (1934, "The use of confidence or fiducial limits
 * illustrated in the case of the binomial"): the shares under which neither so few hits nor so many
 * are less likely than (1 - confidence) / 2. 0 to 1 without trials.
 */
struct binomial_interval binomial_interval(int64_t hits, int64_t trials, double confidence);

/* The regularised incomplete beta function I_x(a, b); a, b above 0, x 0 to 1. */
double incomplete_beta(double a, double b, double x);

#endif
