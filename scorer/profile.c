#include "scorer/profile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"

#define SAME_PLACE_KM      50.0
#define LEAST_ALPHA        0.05
#define SPREAD_PRIOR_COUNT 2.0
#define SPREAD_LEAST       0.05
#define GREATEST_COUNT     1e12 /* of a weight or a fading count that can come of counting */

/* The bytes are stored as they are: none of them may be left to chance. */
static_assert(sizeof(struct profile) ==
                  4 * 4 + 4 * 8 + sizeof(struct place) +
                      4 * (1 + 24 + 7 + 2 + PROFILE_METHODS + FAMILIAR_KIND_COUNT) +
                      5 * sizeof(struct running_moments) + 4 + 5 * sizeof(struct fading_count) +
                      (PROFILE_PREFIXES + PROFILE_ASNS + PROFILE_COUNTRIES + PROFILE_DEVICES +
                       PROFILE_KEYS + PROFILE_SERVICES) *
                          sizeof(struct familiar_value) +
                      PROFILE_PLACES * sizeof(struct habitual_place),
              "struct profile has no padding");
static_assert(sizeof(struct place) == 4 + 4 + 4 + 3 + 1 + PLACE_CITY_BYTES,
              "struct place has no padding");
static_assert(sizeof(struct familiar_value) == 24, "struct familiar_value has no padding");
static_assert((int)METHOD_COUNT <= PROFILE_METHODS, "every method has its weight");
static_assert(sizeof(struct profile) < 2560, "a profile is read at every login");

/* Microseconds are exact in a double for 285 years around 1970, and no difference overflows. */
static double seconds_between(int64_t from_us, int64_t to_us)
{
    return fmax(((double)to_us - (double)from_us) / (double)US_PER_S, 0);
}

double fading_count_at(const struct fading_count *count, int64_t time_us, double time_constant_s)
{
    if (count->value == 0)
        return 0;
    return count->value * exp(-seconds_between(count->at_us, time_us) / time_constant_s);
}

static void fading_count_set(struct fading_count *count, int64_t time_us, double value)
{
    count->value = value;
    if (time_us > count->at_us)
        count->at_us = time_us;
}

void fading_count_add(struct fading_count *count, int64_t time_us, double time_constant_s)
{
    fading_count_set(count, time_us, fading_count_at(count, time_us, time_constant_s) + 1);
}

void fading_count_take(struct fading_count *count, int64_t time_us, double time_constant_s)
{
    fading_count_set(count, time_us, fmax(fading_count_at(count, time_us, time_constant_s) - 1, 0));
}

bool fading_count_valid(const struct fading_count *count)
{
    return count->value >= 0 && count->value <= GREATEST_COUNT;
}

double profile_fading(int64_t last_s, int64_t time_us)
{
    double days = ((double)time_us / (double)US_PER_S - (double)last_s) / (double)S_PER_DAY;
    return exp2(-fmax(days, 0) / PROFILE_HALF_LIFE_DAYS);
}

void profile_init(struct profile *profile)
{
    memset(profile, 0, sizeof *profile);
    profile->version = PROFILE_VERSION;
    profile->last_place = PLACE_NONE;
}

int64_t login_local_s(const struct login_event *event)
{
    int64_t whole_s = event->time_us / US_PER_S;
    if (event->time_us % US_PER_S < 0)
        whole_s--;
    return whole_s + event->utc_offset_s;
}

static int64_t floor_mod(int64_t value, int64_t divisor)
{
    int64_t rest = value % divisor;
    return rest < 0 ? rest + divisor : rest;
}

unsigned local_hour(int64_t local_s)
{
    return (unsigned)(floor_mod(local_s, S_PER_DAY) / 3600);
}

unsigned local_weekday(int64_t local_s)
{
    int64_t day = (local_s - floor_mod(local_s, S_PER_DAY)) / S_PER_DAY;
    return (unsigned)floor_mod(day + 3, 7); /* 1970-01-01 was a Thursday */
}

double local_minute_angle(int64_t local_s)
{
    return 2 * M_PI * (double)floor_mod(local_s, 3600) / 3600;
}

const struct familiar_value *familiar_find(const struct familiar_value *list, size_t count,
                                           uint64_t key)
{
    if (key == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (list[i].key == key)
            return &list[i];
    }
    return NULL;
}

uint64_t familiar_key(const struct login_event *event, enum familiar_kind kind)
{
    switch (kind) {
    case FAMILIAR_PREFIX:
        return login_prefix_key(event);
    case FAMILIAR_ASN:
        return place_asn_key(&event->place);
    case FAMILIAR_COUNTRY:
        return place_country_key(&event->place);
    case FAMILIAR_DEVICE:
        return login_device_key(event);
    case FAMILIAR_KEY:
        return login_public_key_key(event);
    case FAMILIAR_SERVICE:
        return hash_text(event->service);
    case FAMILIAR_KIND_COUNT:
        break;
    }
    return 0;
}

static const struct {
    size_t offset, count;
} FAMILIAR_LISTS[FAMILIAR_KIND_COUNT] = {
#define FAMILIAR_KIND(symbol, list, size)                                                          \
    [FAMILIAR_##symbol] = {offsetof(struct profile, list), size},
    FAMILIAR_KINDS
#undef FAMILIAR_KIND
};

static const struct familiar_value *familiar_list(const struct profile *profile, unsigned kind)
{
    return (const void *)((const char *)profile + FAMILIAR_LISTS[kind].offset);
}

/* profile_fading() to one moment; most of what fades was last seen at the last login. */
struct fading {
    int64_t last_s, time_us;
    double left; /* of what was last seen at last_s */
};

static struct fading fading_since(int64_t last_s, int64_t time_us)
{
    return (struct fading){last_s, time_us, profile_fading(last_s, time_us)};
}

static double fading_of(const struct fading *fading, int64_t last_s)
{
    return last_s == fading->last_s ? fading->left : profile_fading(last_s, fading->time_us);
}

static struct familiarity find_familiarity(const struct profile *profile, unsigned kind,
                                           uint64_t key, const struct fading *fading)
{
    const struct familiar_value *value =
        familiar_find(familiar_list(profile, kind), FAMILIAR_LISTS[kind].count, key);
    struct familiarity familiarity = {.total = (double)profile->known_weight[kind] * fading->left};
    if (value != NULL) {
        familiarity.weight = (double)value->weight * fading_of(fading, value->last_s);
        familiarity.logins = value->logins;
        familiarity.last_s = value->last_s;
    }
    return familiarity;
}

struct familiarity profile_familiarity(const struct profile *profile, enum familiar_kind kind,
                                       uint64_t key, int64_t time_us)
{
    struct fading fading = fading_since(profile->last_s, time_us);
    return find_familiarity(profile, kind, key, &fading);
}

void profile_familiar_values(const struct profile *profile, const struct login_event *event,
                             struct familiar_values *values)
{
    struct fading fading = fading_since(profile->last_s, event->time_us);
    for (unsigned kind = 0; kind < FAMILIAR_KIND_COUNT; kind++) {
        values->key[kind] = familiar_key(event, kind);
        values->at[kind] = find_familiarity(profile, kind, values->key[kind], &fading);
    }
}

void profile_count(struct profile *profile, const struct login_event *event)
{
    int64_t time_us = event->time_us;
    if (event->stage == STAGE_ACCEPTED)
        fading_count_take(&profile->failures_1h, time_us, 3600);
    if (event->stage != STAGE_ATTEMPT)
        return;
    if (profile->attempts < UINT32_MAX)
        profile->attempts++;
    if (time_us > profile->last_attempt_us)
        profile->last_attempt_us = time_us;
    fading_count_add(&profile->attempts_1m, time_us, 60);
    fading_count_add(&profile->attempts_10m, time_us, 600);
    fading_count_add(&profile->attempts_1h, time_us, 3600);
    fading_count_add(&profile->attempts_1d, time_us, 86400);
    fading_count_add(&profile->failures_1h, time_us, 3600);
}

static void moments_add(struct running_moments *moments, double value)
{
    if (moments->count < UINT32_MAX)
        moments->count++;
    double alpha = fmax(1.0 / (double)moments->count, LEAST_ALPHA);
    double delta = value - (double)moments->mean;
    moments->mean = (float)((double)moments->mean + alpha * delta);
    moments->variance = (float)((1 - alpha) * ((double)moments->variance + alpha * delta * delta));
}

double running_moments_deviation(const struct running_moments *moments, double value, double usual)
{
    if (moments->count == 0)
        return NAN;
    double count = fmin(moments->count, 1000);
    double variance = (count * (double)moments->variance + SPREAD_PRIOR_COUNT * usual * usual) /
                      (count + SPREAD_PRIOR_COUNT);
    return (value - (double)moments->mean) / fmax(sqrt(variance), SPREAD_LEAST);
}

static void scale(float *weights, size_t count, double factor)
{
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)((double)weights[i] * factor);
}

/* Carries every weight that stands as of last_s to another time. */
static void fade_weights(struct profile *profile, double factor)
{
    scale(&profile->weight, 1, factor);
    scale(profile->hour_weight, 24, factor);
    scale(profile->weekday_weight, 7, factor);
    scale(&profile->minute_cos, 1, factor);
    scale(&profile->minute_sin, 1, factor);
    scale(profile->method_weight, PROFILE_METHODS, factor);
    scale(profile->known_weight, FAMILIAR_KIND_COUNT, factor);
    for (unsigned i = 0; i < PROFILE_PLACES; i++)
        scale(&profile->place[i].weight, 1, factor);
}

/* A slot for a new value: a free one, else the one that weighs least at time_us. */
static struct familiar_value *familiar_replace(struct familiar_value *list, size_t count,
                                               uint64_t key, int64_t time_us)
{
    struct familiar_value *least = NULL;
    double least_weight = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double weight = list[i].key == 0
                            ? -1
                            : (double)list[i].weight * profile_fading(list[i].last_s, time_us);
        if (weight < least_weight) {
            least = &list[i];
            least_weight = weight;
        }
    }
    *least = (struct familiar_value){.key = key};
    return least;
}

static struct familiar_value *familiar_slot(struct familiar_value *list, size_t count, uint64_t key,
                                            int64_t time_us)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].key == key)
            return &list[i];
    }
    return familiar_replace(list, count, key, time_us);
}

static void learn_values(struct profile *profile, const struct login_event *event, int64_t time_s,
                         const struct fading *fading)
{
    for (unsigned kind = 0; kind < FAMILIAR_KIND_COUNT; kind++) {
        uint64_t key = familiar_key(event, kind);
        if (key == 0)
            continue;
        struct familiar_value *list = (void *)((char *)profile + FAMILIAR_LISTS[kind].offset);
        struct familiar_value *value =
            familiar_slot(list, FAMILIAR_LISTS[kind].count, key, event->time_us);
        value->weight = (float)((double)value->weight * fading_of(fading, value->last_s) + 1);
        if (value->logins == 0 || time_s > value->last_s)
            value->last_s = time_s;
        value->logins++;
        profile->known_weight[kind] += 1;
    }
}

static double wrap_longitude(double degrees)
{
    return degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
}

/* Draws the place to the weighted mean of all logins that were merged into it. */
static void merge_place(struct habitual_place *place, const struct place *here)
{
    double share = 1 / ((double)place->weight + 1);
    double east = wrap_longitude((double)here->longitude - (double)place->longitude);
    place->latitude += (float)(share * ((double)here->latitude - (double)place->latitude));
    place->longitude = (float)wrap_longitude((double)place->longitude + share * east);
    place->weight += 1;
    place->logins++;
}

static void learn_habitual_place(struct profile *profile, const struct place *here)
{
    struct habitual_place *nearest = NULL, *least = &profile->place[0];
    double nearest_km = SAME_PLACE_KM;
    for (unsigned i = 0; i < PROFILE_PLACES; i++) {
        struct habitual_place *place = &profile->place[i];
        if (place->logins == 0) {
            if (least->logins != 0)
                least = place;
            continue;
        }
        struct place there = {.latitude = place->latitude, .longitude = place->longitude};
        double km = place_distance_km(here, &there);
        if (km <= nearest_km) {
            nearest = place;
            nearest_km = km;
        }
        if (least->logins != 0 && place->weight < least->weight)
            least = place;
    }
    if (nearest != NULL)
        merge_place(nearest, here);
    else
        *least = (struct habitual_place){here->latitude, here->longitude, 1, 1};
}

static void learn_place(struct profile *profile, const struct place *here, int64_t time_s)
{
    bool located = place_has_coordinates(here);
    bool known = located || here->country[0] != '\0' || here->asn != 0;
    if (located)
        learn_habitual_place(profile, here);
    /* A travel is told between coordinates: a vaguer place does not take their place. */
    if (known && (located || !place_has_coordinates(&profile->last_place)) &&
        time_s >= profile->last_place_s) {
        profile->last_place = *here;
        profile->last_place_s = time_s;
    }
}

static void learn_clock(struct profile *profile, const struct login_event *event)
{
    int64_t local_s = login_local_s(event);
    double angle = local_minute_angle(local_s);
    profile->hour_weight[local_hour(local_s)] += 1;
    profile->weekday_weight[local_weekday(local_s)] += 1;
    profile->minute_cos = (float)((double)profile->minute_cos + cos(angle));
    profile->minute_sin = (float)((double)profile->minute_sin + sin(angle));
}

static void learn_opened(struct profile *profile, const struct login_event *event)
{
    int64_t time_s = event->time_us / US_PER_S;
    if (profile->logins == 0) {
        profile->first_s = time_s;
        profile->last_s = time_s;
        profile->days = 1;
    } else {
        moments_add(&profile->gap, log(fmax((double)time_s - (double)profile->last_s, 1)));
        if (time_s / S_PER_DAY > profile->last_s / S_PER_DAY)
            profile->days++;
    }
    struct fading fading = fading_since(profile->last_s, event->time_us);
    fade_weights(profile, fading.left);
    if (time_s > profile->last_s)
        profile->last_s = time_s;
    profile->logins++;
    profile->weight += 1;
    learn_clock(profile, event);
    if (event->method != METHOD_UNKNOWN)
        profile->method_weight[event->method] += 1;
    if (event->rtt_us >= 0)
        moments_add(&profile->rtt, log(fmax((double)event->rtt_us, 1)));
    learn_values(profile, event, time_s, &fading);
    learn_place(profile, &event->place, time_s);
}

static void learn_closed(struct profile *profile, const struct login_event *event)
{
    profile->sessions++;
    if (event->bytes_in >= 0)
        moments_add(&profile->bytes_in, log1p((double)event->bytes_in));
    if (event->bytes_out >= 0)
        moments_add(&profile->bytes_out, log1p((double)event->bytes_out));
    if (event->duration_s >= 0)
        moments_add(&profile->duration, log1p((double)event->duration_s));
}

void profile_learn(struct profile *profile, const struct login_event *event)
{
    if (!event->learn)
        return;
    if (event->stage == STAGE_OPENED)
        learn_opened(profile, event);
    else if (event->stage == STAGE_CLOSED)
        learn_closed(profile, event);
}

void profile_replace_learned(struct profile *profile, const struct profile *learned)
{
    const struct profile counted = *profile;

    *profile = *learned;
    profile->attempts = counted.attempts;
    profile->last_attempt_us = counted.last_attempt_us;
    profile->attempts_1m = counted.attempts_1m;
    profile->attempts_10m = counted.attempts_10m;
    profile->attempts_1h = counted.attempts_1h;
    profile->attempts_1d = counted.attempts_1d;
    profile->failures_1h = counted.failures_1h;
}
