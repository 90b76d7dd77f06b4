#include "scorer/profile.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"

#define GREATEST_WEIGHT 1e12
#define GREATEST_LOGINS UINT32_C(2000000000) /* leaves room to count on */
#define GREATEST_LOG    100.0                /* of the logarithm of a time or a volume */

static bool time_valid(int64_t seconds)
{
    return seconds >= 0 && seconds <= LOGIN_TIME_MAX_US / US_PER_S;
}

static bool weights_valid(const float *weights, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!(weights[i] >= 0 && (double)weights[i] <= GREATEST_WEIGHT))
            return false;
    }
    return true;
}

static bool list_valid(const struct familiar_value *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!weights_valid(&list[i].weight, 1) || !time_valid(list[i].last_s) ||
            list[i].logins > GREATEST_LOGINS)
            return false;
    }
    return true;
}

static bool moments_valid(const struct running_moments *moments)
{
    return fabs((double)moments->mean) <= GREATEST_LOG && moments->variance >= 0 &&
           (double)moments->variance <= GREATEST_LOG * GREATEST_LOG;
}

static bool coordinates_valid(float latitude, float longitude)
{
    return fabsf(latitude) <= 90 && fabsf(longitude) <= 180;
}

static bool last_place_valid(const struct place *place)
{
    bool located = isnan(place->latitude) ? isnan(place->longitude)
                                          : coordinates_valid(place->latitude, place->longitude);
    return located && memchr(place->country, '\0', sizeof place->country) != NULL &&
           memchr(place->city, '\0', sizeof place->city) != NULL &&
           place->anonymous <= ANONYMOUS_YES;
}

static bool habitual_places_valid(const struct profile *profile)
{
    for (unsigned i = 0; i < PROFILE_PLACES; i++) {
        const struct habitual_place *place = &profile->place[i];
        if (!weights_valid(&place->weight, 1) || place->logins > GREATEST_LOGINS ||
            !coordinates_valid(place->latitude, place->longitude))
            return false;
    }
    return true;
}

static bool counts_valid(const struct profile *profile)
{
    return profile->logins <= GREATEST_LOGINS && profile->days <= profile->logins &&
           profile->sessions <= GREATEST_LOGINS && time_valid(profile->first_s) &&
           time_valid(profile->last_s) && time_valid(profile->last_place_s) &&
           profile->last_attempt_us >= 0 && profile->last_attempt_us <= LOGIN_TIME_MAX_US &&
           fading_count_valid(&profile->attempts_1m) &&
           fading_count_valid(&profile->attempts_10m) &&
           fading_count_valid(&profile->attempts_1h) && fading_count_valid(&profile->attempts_1d) &&
           fading_count_valid(&profile->failures_1h);
}

static bool habits_valid(const struct profile *profile)
{
    return weights_valid(&profile->weight, 1) && weights_valid(profile->hour_weight, 24) &&
           weights_valid(profile->weekday_weight, 7) &&
           fabs((double)profile->minute_cos) <= GREATEST_WEIGHT &&
           fabs((double)profile->minute_sin) <= GREATEST_WEIGHT &&
           weights_valid(profile->method_weight, PROFILE_METHODS) &&
           weights_valid(profile->known_weight, FAMILIAR_KIND_COUNT) &&
           moments_valid(&profile->gap) && moments_valid(&profile->rtt) &&
           moments_valid(&profile->bytes_in) && moments_valid(&profile->bytes_out) &&
           moments_valid(&profile->duration);
}

static bool lists_valid(const struct profile *profile)
{
#define FAMILIAR_KIND(symbol, list, size)                                                          \
    if (!list_valid(profile->list, size))                                                          \
        return false;
    FAMILIAR_KINDS
#undef FAMILIAR_KIND
    return true;
}

bool profile_load(struct profile *profile, const void *bytes, size_t size, struct error *error)
{
    if (size != sizeof *profile)
        return error_set(error, FAULT_STORE, "a stored profile has %zu bytes instead of %zu", size,
                         sizeof *profile);
    memcpy(profile, bytes, size);
    if (profile->version != PROFILE_VERSION)
        return error_set(error, FAULT_STORE,
                         "a stored profile is of version %u, this program reads version %u",
                         profile->version, PROFILE_VERSION);
    if (!counts_valid(profile) || !habits_valid(profile) ||
        !last_place_valid(&profile->last_place) || !lists_valid(profile) ||
        !habitual_places_valid(profile))
        return error_set(error, FAULT_STORE, "a stored profile holds numbers no learning leaves");
    return true;
}
