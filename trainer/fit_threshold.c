#include "trainer/fit_threshold.h"

#include <math.h>

#include "trainer/binomial_interval.h"

#define CONFIDENCE 0.95

double fit_logins_needed(double budget)
{
    return budget > 0 ? 3 / budget : 0;
}

static float find_risk(const double *risks, size_t count, double budget, bool *extrapolated)
{
    double allowed = floor(budget * (double)count + 1e-9);

    *extrapolated = budget > 0 && allowed < 1;
    if (budget <= 0)
        return RISK_NEVER;
    if (allowed < 1)
        return (float)((risks[count - 1] + 1) / 2);
    if (allowed >= (double)count)
        return 0;
    /* A hair above the risk of the last login that must stay below. */
    return nextafterf((float)risks[count - 1 - (size_t)allowed], RISK_NEVER);
}

struct fit_threshold fit_threshold(const double *risks, size_t count, double budget)
{
    struct fit_threshold threshold = {.budget = budget, .found.budget = (float)budget};
    size_t below = count;

    threshold.found.risk = find_risk(risks, count, budget, &threshold.extrapolated);
    while (below > 0 && risks[below - 1] >= (double)threshold.found.risk)
        below--;
    threshold.reached = (int64_t)(count - below);
    if (threshold.found.risk > 1)
        return threshold; /* no login can */
    struct binomial_interval share =
        binomial_interval(threshold.reached, (int64_t)count, CONFIDENCE);
    threshold.found.lowest = (float)share.lowest;
    threshold.found.highest = (float)share.highest;
    return threshold;
}
