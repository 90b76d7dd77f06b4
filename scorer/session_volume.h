/*
 * Whether a session that has ended moved far more than its user's sessions do.
 *
 * What sessions move and how long they last is close to log-normal (V. Paxson, Empirically Derived
 * Analytic Models of Wide-Area TCP Connections, IEEE/ACM Transactions on Networking 2(4), 1994), so
 * the profile keeps moments of logarithms. Above their mean plus a number of standard deviations,
 * the upper limit of a control chart, bytes in or out are too many to be chance. The limit stands
 * on sessions within it: a large one is not learned. How long a session lasted is told, but decides
 * nothing: many are merely left open.
 */
#ifndef SCORER_SESSION_VOLUME_H
#define SCORER_SESSION_VOLUME_H

#include "scorer/profile.h"

/* SESSION_MEASURE(symbol, name, field of the profile, of the event, whether it decides) */
#define SESSION_MEASURES                                                                           \
    SESSION_MEASURE(BYTES_IN, "bytes_in", bytes_in, bytes_in, true)                                \
    SESSION_MEASURE(BYTES_OUT, "bytes_out", bytes_out, bytes_out, true)                            \
    SESSION_MEASURE(DURATION, "duration_s", duration, duration_s, false)

enum session_measure {
#define SESSION_MEASURE(symbol, name, moments, value, decides) SESSION_##symbol,
    SESSION_MEASURES
#undef SESSION_MEASURE
        SESSION_MEASURE_COUNT
};

extern const char *const SESSION_MEASURE_NAMES[SESSION_MEASURE_COUNT];

struct session_rule {
    double deviations;     /* 0: no session is judged */
    int64_t least_bytes;   /* of a large session, in or out */
    uint32_t min_sessions; /* learned ones of the user, below which none is judged */
};

struct session_volume {
    bool judged, large;                     /* large only when judged */
    float usual[SESSION_MEASURE_COUNT];     /* the middle of this user's sessions; NAN: not known */
    float deviation[SESSION_MEASURE_COUNT]; /* from it, in standard deviations of the logarithm */
};

/* Of one measure, signed; NAN when the event's or all of the user's sessions' is not known. */
double session_deviation(const struct profile *profile, const struct login_event *event,
                         enum session_measure measure);

/* Judges a CLOSED event by what is known of its user before it. */
void session_volume_judge(const struct session_rule *rule, const struct profile *profile,
                          const struct login_event *event, struct session_volume *volume);

/* The greater deviation of bytes in and out, NAN when neither is known. */
double session_volume_deviation(const struct session_volume *volume);

/* "bytes_in +0.4 deviations from the usual 9100, bytes_out +12.3 …", cut at capacity. Returns text.
 */
const char *session_volume_text(const struct session_volume *volume, char *text, size_t capacity);

#endif
