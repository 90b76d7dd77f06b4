#include "scorer/features.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "scorer/likelihood.h"
#include "scorer/session_volume.h"

#define HOUR_FORGOTTEN  0.01 /* weight below which an hour no longer counts as one of the user's */
#define MINUTE_LOGINS   3    /* below which a mean minute means nothing */
#define TRAVEL_LEAST_KM 50.0 /* how far apart two databases may put one place */
#define TRAVEL_LEAST_S  60.0

static void extract_clock(const struct login_event *event, const struct profile *profile,
                          float *features)
{
    int64_t local_s = login_local_s(event);
    unsigned hour = local_hour(local_s);
    double weight = (double)profile->weight;
    double about = (double)profile->hour_weight[(hour + 23) % 24] +
                   (double)profile->hour_weight[hour] +
                   (double)profile->hour_weight[(hour + 1) % 24];
    features[FEATURE_HOUR_DENSITY] = (float)(about / weight / (3.0 / 24));
    features[FEATURE_WEEKDAY_DENSITY] =
        (float)((double)profile->weekday_weight[local_weekday(local_s)] / weight * 7);
    double fading = profile_fading(profile->last_s, event->time_us);
    for (unsigned far = 0; far <= 12; far++) {
        if ((double)profile->hour_weight[(hour + far) % 24] * fading >= HOUR_FORGOTTEN ||
            (double)profile->hour_weight[(hour + 24 - far) % 24] * fading >= HOUR_FORGOTTEN) {
            features[FEATURE_HOUR_NEAREST] = (float)far;
            break;
        }
    }
}

static void extract_minute(const struct login_event *event, const struct profile *profile,
                           float *features)
{
    if (profile->logins < MINUTE_LOGINS)
        return;
    double length = hypot((double)profile->minute_cos, (double)profile->minute_sin);
    features[FEATURE_MINUTE_REGULARITY] = (float)fmin(length / (double)profile->weight, 1);
    double mean = atan2((double)profile->minute_sin, (double)profile->minute_cos);
    double off = remainder(local_minute_angle(login_local_s(event)) - mean, 2 * M_PI);
    features[FEATURE_MINUTE_DEVIATION] = (float)(fabs(off) * 30 / M_PI);
}

static void extract_gap(const struct login_event *event, const struct profile *profile,
                        float *features)
{
    double seconds = (double)event->time_us / (double)US_PER_S - (double)profile->last_s;
    double gap = log(fmax(seconds, 1));
    features[FEATURE_GAP] = (float)gap;
    features[FEATURE_GAP_DEVIATION] = (float)running_moments_deviation(&profile->gap, gap, 1.5);
    double known_days =
        ((double)event->time_us / (double)US_PER_S - (double)profile->first_s) / (double)S_PER_DAY;
    features[FEATURE_DAYS_KNOWN] = (float)fmax(known_days, 0);
}

static double share(const struct familiarity *familiarity)
{
    return fmin(familiarity->weight / familiarity->total, 1);
}

/* The share of this user's logins that had the value, and its likelihood ratio. */
static void extract_familiar(const struct login_event *event, const struct history *history,
                             const struct familiar_values *values, float *features)
{
    static const struct {
        enum familiar_kind kind;
        enum population_value value;
        enum feature seen, ratio;
    } rows[] = {
        {FAMILIAR_PREFIX, POPULATION_PREFIX, FEATURE_ADDRESS_PREFIX_SEEN,
         FEATURE_ADDRESS_PREFIX_RATIO},
        {FAMILIAR_ASN, POPULATION_ASN, FEATURE_ASN_SEEN, FEATURE_ASN_RATIO},
        {FAMILIAR_COUNTRY, POPULATION_COUNTRY, FEATURE_COUNTRY_SEEN, FEATURE_COUNTRY_RATIO},
        {FAMILIAR_DEVICE, POPULATION_DEVICE, FEATURE_DEVICE_SEEN, FEATURE_DEVICE_RATIO},
        {FAMILIAR_KEY, POPULATION_KEY, FEATURE_KEY_SEEN, FEATURE_COUNT},
        {FAMILIAR_SERVICE, POPULATION_VALUE_COUNT, FEATURE_SERVICE_SEEN, FEATURE_COUNT},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct familiarity *here = &values->at[rows[i].kind];
        if (values->key[rows[i].kind] == 0 || !(here->total > 0))
            continue;
        features[rows[i].seen] = (float)share(here);
        if (rows[i].ratio != FEATURE_COUNT)
            features[rows[i].ratio] = (float)likelihood_ratio(
                here->weight, here->total, history->population.value[rows[i].value].logins,
                history->population.logins);
        if (rows[i].kind == FAMILIAR_PREFIX && here->logins > 0) {
            double idle_s = (double)event->time_us / (double)US_PER_S - (double)here->last_s;
            features[FEATURE_ADDRESS_PREFIX_IDLE] = (float)fmax(idle_s / (double)S_PER_DAY, 0);
        }
    }
}

static bool through_conversation(enum login_method method)
{
    return method == METHOD_PASSWORD || method == METHOD_KEYBOARD_INTERACTIVE ||
           method == METHOD_TWO_FACTOR || method == METHOD_PAM;
}

static void extract_method(const struct login_event *event, const struct profile *profile,
                           float *features)
{
    if (event->method == METHOD_UNKNOWN)
        return;
    double same = 0, total = 0;
    for (unsigned method = METHOD_UNKNOWN + 1; method < METHOD_COUNT; method++) {
        double weight = (double)profile->method_weight[method];
        total += weight;
        if (through_conversation(method) == through_conversation(event->method))
            same += weight;
    }
    if (total > 0)
        features[FEATURE_METHOD_SEEN] = (float)(same / total);
}

static void extract_distance(const struct login_event *event, const struct profile *profile,
                             float *features)
{
    double last_km = place_distance_km(&event->place, &profile->last_place);
    double seconds = (double)event->time_us / (double)US_PER_S - (double)profile->last_place_s;
    if (!isnan(last_km)) {
        features[FEATURE_DISTANCE_LAST] = (float)last_km;
        features[FEATURE_SPEED_LAST] =
            last_km < TRAVEL_LEAST_KM ? 0
                                      : (float)(last_km / (fmax(seconds, TRAVEL_LEAST_S) / 3600));
    }
    double nearest_km = NAN;
    for (unsigned i = 0; i < PROFILE_PLACES; i++) {
        const struct habitual_place *place = &profile->place[i];
        struct place there = {.latitude = place->latitude, .longitude = place->longitude};
        if (place->logins > 0)
            nearest_km = fmin(nearest_km, place_distance_km(&event->place, &there));
    }
    features[FEATURE_DISTANCE_HABITUAL] = (float)nearest_km;
}

static void extract_moments(const struct login_event *event, const struct profile *profile,
                            float *features)
{
    if (event->rtt_us >= 0)
        features[FEATURE_RTT_DEVIATION] =
            (float)running_moments_deviation(&profile->rtt, log(fmax(event->rtt_us, 1)), 0.5);
    features[FEATURE_BYTES_IN_DEVIATION] =
        (float)session_deviation(profile, event, SESSION_BYTES_IN);
    features[FEATURE_BYTES_OUT_DEVIATION] =
        (float)session_deviation(profile, event, SESSION_BYTES_OUT);
    features[FEATURE_DURATION_DEVIATION] =
        (float)session_deviation(profile, event, SESSION_DURATION);
}

static void extract_population(const struct familiar_values *values,
                               const struct population *population, float *features)
{
    static const struct {
        enum familiar_kind kind;
        enum feature users;
    } rows[POPULATION_VALUE_COUNT] = {
        [POPULATION_PREFIX] = {FAMILIAR_PREFIX, FEATURE_ADDRESS_PREFIX_USERS},
        [POPULATION_ASN] = {FAMILIAR_ASN, FEATURE_ASN_USERS},
        [POPULATION_COUNTRY] = {FAMILIAR_COUNTRY, FEATURE_COUNTRY_USERS},
        [POPULATION_DEVICE] = {FAMILIAR_DEVICE, FEATURE_DEVICE_USERS},
        [POPULATION_KEY] = {FAMILIAR_KEY, FEATURE_KEY_USERS},
    };
    for (unsigned value = 0; value < POPULATION_VALUE_COUNT; value++) {
        if (population->logins > 0 && values->key[rows[value].kind] != 0)
            features[rows[value].users] = (float)log1p(population->value[value].users);
    }
}

static void extract_bursts(const struct login_event *event, const struct history *history,
                           float *features)
{
    int64_t now = event->time_us;
    const struct profile *user = &history->profile;
    features[FEATURE_USER_ATTEMPTS_10M] = (float)fading_count_at(&user->attempts_10m, now, 600);
    features[FEATURE_USER_ATTEMPTS_1D] = (float)fading_count_at(&user->attempts_1d, now, 86400);
    features[FEATURE_USER_FAILURES_1H] = (float)fading_count_at(&user->failures_1h, now, 3600);
    if (event->source.family == 0)
        return;
    const struct source *address = &history->address, *prefix = &history->prefix;
    features[FEATURE_SOURCE_ATTEMPTS_1M] = (float)fading_count_at(&address->attempts_1m, now, 60);
    features[FEATURE_SOURCE_ATTEMPTS_10M] =
        (float)fading_count_at(&address->attempts_10m, now, 600);
    features[FEATURE_SOURCE_ATTEMPTS_1H] = (float)fading_count_at(&address->attempts_1h, now, 3600);
    features[FEATURE_SOURCE_ATTEMPTS_1D] =
        (float)fading_count_at(&address->attempts_1d, now, 86400);
    features[FEATURE_SOURCE_FAILURES_1H] = (float)fading_count_at(&address->failures_1h, now, 3600);
    features[FEATURE_SOURCE_NAMES_1H] = (float)source_other_names(address, event->user, now, 3600);
    features[FEATURE_PREFIX_ATTEMPTS_1H] = (float)fading_count_at(&prefix->attempts_1h, now, 3600);
    features[FEATURE_PREFIX_NAMES_1H] = (float)source_other_names(prefix, event->user, now, 3600);
}

void features_extract(const struct login_event *event, const struct history *history,
                      float features[FEATURE_COUNT])
{
    const struct profile *profile = &history->profile;
    struct familiar_values values;
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        features[i] = NAN;
    profile_familiar_values(profile, event, &values);
    extract_bursts(event, history, features);
    extract_population(&values, &history->population, features);
    if (event->place.anonymous != ANONYMOUS_UNKNOWN)
        features[FEATURE_ANONYMOUS] = event->place.anonymous == ANONYMOUS_YES;
    features[FEATURE_LOGINS_LEARNED] = (float)log1p(profile->logins);
    if (profile->logins == 0 || !(profile->weight > 0))
        return;
    extract_clock(event, profile, features);
    extract_minute(event, profile, features);
    extract_gap(event, profile, features);
    extract_familiar(event, history, &values, features);
    extract_method(event, profile, features);
    extract_distance(event, profile, features);
    extract_moments(event, profile, features);
    features[FEATURE_LIKELIHOOD] = (float)likelihood_of_values(event, history, &values);
}
