#include "scorer/likelihood.h"

#include <math.h>

/* Of the levels of an address, Freeman et al. 2016, section IV. */
#define PREFIX_SHARE  0.6
#define ASN_SHARE     0.3
#define COUNTRY_SHARE 0.1
#define HOURS_ABOUT   3.0 /* the hour itself and its neighbours */

/* Both sides of a ratio. */
struct odds {
    double all, user;
};

static struct odds smoothed(double user_count, double user_total, double all)
{
    return (struct odds){
        .all = all,
        .user = (user_count + LIKELIHOOD_BETA * all) / (user_total + LIKELIHOOD_BETA),
    };
}

static double laplace(double count, double total)
{
    return (fmin(count, total) + 1) / (total + 2);
}

static double ratio(struct odds odds)
{
    return log(odds.all) - log(odds.user);
}

double likelihood_ratio(double user_count, double user_total, double all_count, double all_total)
{
    return ratio(smoothed(user_count, user_total, laplace(all_count, all_total)));
}

static double address_ratio(const struct history *history, const struct familiar_values *values)
{
    static const struct {
        enum familiar_kind kind;
        enum population_value value;
        double share;
    } levels[] = {
        {FAMILIAR_PREFIX, POPULATION_PREFIX, PREFIX_SHARE},
        {FAMILIAR_ASN, POPULATION_ASN, ASN_SHARE},
        {FAMILIAR_COUNTRY, POPULATION_COUNTRY, COUNTRY_SHARE},
    };
    struct odds sum = {0};
    for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++) {
        const struct familiarity *here = &values->at[levels[i].kind];
        if (values->key[levels[i].kind] == 0 || here->total <= 0)
            continue;
        struct odds level = smoothed(
            here->weight, here->total,
            laplace(history->population.value[levels[i].value].logins, history->population.logins));
        /* Shares of levels without evidence need no replacing: they cancel in the ratio. */
        sum.all += levels[i].share * level.all;
        sum.user += levels[i].share * level.user;
    }
    return sum.all > 0 ? ratio(sum) : 0;
}

static double device_ratio(const struct history *history, const struct familiar_values *values)
{
    const struct familiarity *device = &values->at[FAMILIAR_DEVICE];
    if (values->key[FAMILIAR_DEVICE] == 0 || device->total <= 0)
        return 0;
    return likelihood_ratio(device->weight, device->total,
                            history->population.value[POPULATION_DEVICE].logins,
                            history->population.logins);
}

/* Against an even spread: what hours others keep says little of this user's zone and shift. */
static double hour_of_week_ratio(const struct login_event *event, const struct profile *profile)
{
    int64_t local_s = login_local_s(event);
    unsigned hour = local_hour(local_s);
    double fading = profile_fading(profile->last_s, event->time_us);
    double total = (double)profile->weight * fading;
    double about =
        ((double)profile->hour_weight[(hour + 23) % 24] + (double)profile->hour_weight[hour] +
         (double)profile->hour_weight[(hour + 1) % 24]) *
        fading;
    double weekday = (double)profile->weekday_weight[local_weekday(local_s)] * fading;
    return ratio(smoothed(about, total, HOURS_ABOUT / 24)) +
           ratio(smoothed(weekday, total, 1.0 / 7));
}

double likelihood_of_values(const struct login_event *event, const struct history *history,
                            const struct familiar_values *values)
{
    if (history->profile.logins == 0)
        return NAN;
    return address_ratio(history, values) + device_ratio(history, values) +
           hour_of_week_ratio(event, &history->profile);
}

double likelihood_login(const struct login_event *event, const struct history *history)
{
    struct familiar_values values;
    profile_familiar_values(&history->profile, event, &values);
    return likelihood_of_values(event, history, &values);
}
