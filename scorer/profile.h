/*
 * What is known of one user. profile_learn() and profile_count() are the only ways to add to it,
 * at the login, in the daemon, in training, so that all three see the same numbers. Everywhere,
 * time that goes backwards counts as no time. As weights fade and lists are bounded, nothing can be
 * taken out again but by learning the rest anew: profile_replace_learned().
 *
 * A profile is a plain record without pointers. Its bytes are stored as they are (little-endian,
 * one version); profile_load() checks them so that nothing read later can go wrong.
 */
#ifndef SCORER_PROFILE_H
#define SCORER_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "scorer/login_event.h"

/* One value seen in this user's completed logins. Lists keep the values of greatest weight. */
struct familiar_value {
    uint64_t key;
    int64_t last_s;  /* UTC seconds of the last completed login with it */
    float weight;    /* logins, fading with PROFILE_HALF_LIFE_DAYS as of last_s */
    uint32_t logins; /* not fading */
};

/*
 * An exponentially weighted count: each event adds one, the sum fades with a time constant. Taking
 * one away stops at zero.
 */
struct fading_count {
    double value;
    int64_t at_us; /* the moment value belongs to */
};

double fading_count_at(const struct fading_count *count, int64_t time_us, double time_constant_s);
void fading_count_add(struct fading_count *count, int64_t time_us, double time_constant_s);
void fading_count_take(struct fading_count *count, int64_t time_us, double time_constant_s);
bool fading_count_valid(const struct fading_count *count); /* of bytes from the store */

struct habitual_place {
    float latitude, longitude;
    float weight;    /* logins, fading, as of the profile's last_s */
    uint32_t logins; /* 0: the slot is free */
};

/* Mean and variance, exponentially weighted: the latest value counts for 1/count, later for 1/20.
 */
struct running_moments {
    float mean, variance;
    uint32_t count; /* values they stand on */
};

/*
 * A value's distance from the mean in standard deviations, signed; NAN of no values. Moments of few
 * are drawn towards `usual`, the standard deviation to expect.
 */
double running_moments_deviation(const struct running_moments *moments, double value, double usual);

/* The kinds of value that become familiar. FAMILIAR_KIND(symbol, list, size) */
#define FAMILIAR_KINDS                                                                             \
    FAMILIAR_KIND(PREFIX, prefix, PROFILE_PREFIXES)                                                \
    FAMILIAR_KIND(ASN, asn, PROFILE_ASNS)                                                          \
    FAMILIAR_KIND(COUNTRY, country, PROFILE_COUNTRIES)                                             \
    FAMILIAR_KIND(DEVICE, device, PROFILE_DEVICES)                                                 \
    FAMILIAR_KIND(KEY, key, PROFILE_KEYS)                                                          \
    FAMILIAR_KIND(SERVICE, service, PROFILE_SERVICES)

enum familiar_kind {
#define FAMILIAR_KIND(symbol, list, size) FAMILIAR_##symbol,
    FAMILIAR_KINDS
#undef FAMILIAR_KIND
        FAMILIAR_KIND_COUNT
};

#define PROFILE_HALF_LIFE_DAYS 90
#define PROFILE_PREFIXES       16
#define PROFILE_ASNS           8
#define PROFILE_COUNTRIES      6
#define PROFILE_DEVICES        10
#define PROFILE_KEYS           8
#define PROFILE_SERVICES       4
#define PROFILE_PLACES         6
#define PROFILE_METHODS        16 /* room for methods to come */

struct profile {
    uint32_t version; /* PROFILE_VERSION */
    uint32_t logins;  /* completed and learned */
    uint32_t attempts;
    uint32_t days; /* distinct UTC days with a learned login */
    int64_t first_s, last_s, last_attempt_us;
    int64_t last_place_s;
    struct place last_place;                 /* the latest one with coordinates, if there is any */
    float weight;                            /* learned logins, fading, as of last_s */
    float hour_weight[24];                   /* local hours, fading, as of last_s like all below */
    float weekday_weight[7];                 /* local, Monday first, fading */
    float minute_cos, minute_sin;            /* sums over local minute of the hour, fading */
    float method_weight[PROFILE_METHODS];    /* by enum login_method, fading */
    float known_weight[FAMILIAR_KIND_COUNT]; /* logins whose value of that kind was known, fading */
    struct running_moments gap;              /* of ln(seconds between logins) */
    struct running_moments rtt;              /* of ln(microseconds) */
    struct running_moments bytes_in, bytes_out, duration; /* of ln(1 + value) */
    uint32_t sessions;                                    /* closed and learned */
    struct fading_count attempts_1m, attempts_10m, attempts_1h, attempts_1d;
    struct fading_count failures_1h; /* attempts minus accepted ones, never below zero */
    struct familiar_value prefix[PROFILE_PREFIXES];
    struct familiar_value asn[PROFILE_ASNS];
    struct familiar_value country[PROFILE_COUNTRIES];
    struct familiar_value device[PROFILE_DEVICES];
    struct familiar_value key[PROFILE_KEYS];
    struct familiar_value service[PROFILE_SERVICES];
    struct habitual_place place[PROFILE_PLACES];
};

#define PROFILE_VERSION 1

void profile_init(struct profile *profile);

/* Counts an ATTEMPT or ACCEPTED event against this user. Changes nothing that is familiar. */
void profile_count(struct profile *profile, const struct login_event *event);

/* Learns an OPENED event with event->learn (others change nothing), or a CLOSED one's volume. */
void profile_learn(struct profile *profile, const struct login_event *event);

/* Takes over what `learned` has learned in the place of its own; what was counted stays. */
void profile_replace_learned(struct profile *profile, const struct profile *learned);

/* The entry with that key, or NULL (also for key 0). */
const struct familiar_value *familiar_find(const struct familiar_value *list, size_t count,
                                           uint64_t key);

/* How usual a value is for a user at some moment. */
struct familiarity {
    double weight;   /* logins with the value, faded to that moment */
    double total;    /* logins whose value of that kind was known, likewise; 0: there were none */
    uint32_t logins; /* with the value, not fading; 0: it is new */
    int64_t last_s;  /* of the last of them */
};

/* The same of all values of an event, as of its time. */
struct familiar_values {
    uint64_t key[FAMILIAR_KIND_COUNT]; /* familiar_key() */
    struct familiarity at[FAMILIAR_KIND_COUNT];
};

/* The key of the event's value of that kind, 0 when it has none. */
uint64_t familiar_key(const struct login_event *event, enum familiar_kind kind);

struct familiarity profile_familiarity(const struct profile *profile, enum familiar_kind kind,
                                       uint64_t key, int64_t time_us);
void profile_familiar_values(const struct profile *profile, const struct login_event *event,
                             struct familiar_values *values);

/* What is left at time_us of a weight that stood at 1 at last_s: 1 down to 0. */
double profile_fading(int64_t last_s, int64_t time_us);

/* The clock habits are kept by: local seconds since 1970-01-01 00:00. */
int64_t login_local_s(const struct login_event *event);
unsigned local_hour(int64_t local_s);
unsigned local_weekday(int64_t local_s);    /* Monday: 0 */
double local_minute_angle(int64_t local_s); /* of the minute of the hour, 0 to 2 pi */

/* Bytes from the store. Wrong size, version or numbers that no learning can leave: false. */
bool profile_load(struct profile *profile, const void *bytes, size_t size,
                  struct error *error) MUST_USE;

#endif
