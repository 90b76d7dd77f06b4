/*
 * A machine's past made by hand: logins that happened one after the other, and what is known of
 * them before another one. Built from the scorer alone, so that it shares nothing with the
 * simulator that the built-in model has learned from.
 */
#ifndef TESTS_TRAINER_MACHINE_PAST_H
#define TESTS_TRAINER_MACHINE_PAST_H

#include "common/clock.h"
#include "scorer/history.h"

#define MONDAY_US (INT64_C(1767571200) * US_PER_S) /* 2026-01-05 00:00 UTC */
#define MINUTE_US (60 * US_PER_S)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)

#define PAST_EVENTS 8192
#define PAST_USERS  96

/* What a machine can tell of a login: databases of places, and the connection's client. */
struct evidence {
    const char *name;
    bool place, client;
};

#define EVIDENCES 4
extern const struct evidence EVIDENCE[EVIDENCES]; /* all; each alone; none */

struct machine_past {
    const struct evidence *evidence;
    struct login_event events[PAST_EVENTS];
    size_t count;
    char users[PAST_USERS][32];
    struct profile profiles[PAST_USERS];
    size_t user_count;
};

void past_init(struct machine_past *past, const struct evidence *evidence);

/* An attempt from Berlin by a key, with whatever the evidence tells. */
struct login_event past_event(const struct machine_past *past, const char *user,
                              const char *address, int64_t time_us);

/* The same from Sao Paulo, through a PAM conversation, from a rarer client. */
struct login_event past_event_from_afar(const struct machine_past *past, const char *user,
                                        int64_t time_us);

/* Hides again what the evidence does not tell, after an event was changed. */
void past_hide(const struct machine_past *past, struct login_event *event);

/* An attempt that fails; one that completes within a second. */
void past_fail(struct machine_past *past, const struct login_event *event);
void past_log_in(struct machine_past *past, const struct login_event *event);

/* What is known before the event. */
void past_before(const struct machine_past *past, const struct login_event *event,
                 struct history *history);

#endif
