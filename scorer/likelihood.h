/*
 * How much more usual a value is in the whole population than for this user, in natural logarithms
 * (Freeman et al., "Who Are You? A Statistical Approach to Measuring User Authenticity", NDSS 2016,
 * section IV, in the smoothed form  ln p(x) - ln[(c_u + beta p(x)) / (n_u + beta)],  beta = 5).
 * Above 0: rarer for the user than for others.
 */
#ifndef SCORER_LIKELIHOOD_H
#define SCORER_LIKELIHOOD_H

#include "scorer/history.h"

#define LIKELIHOOD_BETA 5.0

/*
 * user_count of user_total logins have the value (fading weights may be fractions);
 * all_count of all_total do, smoothed as (c + 1) / (n + 2).
 */
double likelihood_ratio(double user_count, double user_total, double all_count, double all_total);

/*
 * The product over the event's values: address hierarchy (prefix .6, AS number .3, country .1 as in
 * the paper), device, hour of the week. NAN for a user without learned logins.
 */
double likelihood_login(const struct login_event *event, const struct history *history);

/* The same for those who have asked the profile for the values already. */
double likelihood_of_values(const struct login_event *event, const struct history *history,
                            const struct familiar_values *values);

#endif
