#include "tests/trainer/machine_past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

const struct evidence EVIDENCE[EVIDENCES] = {
    {"place and client", true, true},
    {"place alone", true, false},
    {"client alone", false, true},
    {"neither place nor client", false, false},
};

void past_init(struct machine_past *past, const struct evidence *evidence)
{
    memset(past, 0, sizeof *past);
    past->evidence = evidence;
}

void past_hide(const struct machine_past *past, struct login_event *event)
{
    if (!past->evidence->place)
        event->place = PLACE_NONE;
    if (!past->evidence->client) {
        event->device[0] = '\0';
        event->rtt_us = -1;
    }
}

struct login_event past_event(const struct machine_past *past, const char *user,
                              const char *address, int64_t time_us)
{
    struct login_event event;

    login_event_init(&event);
    event.id = login_id_make(time_us, 1);
    event.stage = STAGE_ATTEMPT;
    event.time_us = time_us;
    event.utc_offset_s = 3600;
    event.method = METHOD_NOT_PAM;
    snprintf(event.user, sizeof event.user, "%s", user);
    snprintf(event.host, sizeof event.host, "server");
    snprintf(event.service, sizeof event.service, "sshd");
    assert_true(ip_parse(address, &event.source));
    snprintf(event.device, sizeof event.device, "tcp mss=1460 ws=7 ts=1 sack=1");
    event.rtt_us = 14000 + (int32_t)(time_us / US_PER_S * 37 % 1500);
    event.place = (struct place){.latitude = 52.52F,
                                 .longitude = 13.40F,
                                 .asn = 3320,
                                 .country = "DE",
                                 .anonymous = ANONYMOUS_NO,
                                 .city = "Berlin"};
    past_hide(past, &event);
    return event;
}

struct login_event past_event_from_afar(const struct machine_past *past, const char *user,
                                        int64_t time_us)
{
    struct login_event event = past_event(past, user, "177.32.14.5", time_us);

    event.method = METHOD_PAM;
    event.rtt_us = 230000;
    snprintf(event.device, sizeof event.device, "tcp mss=1452 ws=8 ts=0 sack=1");
    event.place = (struct place){.latitude = -23.55F,
                                 .longitude = -46.63F,
                                 .asn = 27699,
                                 .country = "BR",
                                 .anonymous = ANONYMOUS_NO,
                                 .city = "Sao Paulo"};
    past_hide(past, &event);
    return event;
}

static struct profile *profile_of(struct machine_past *past, const char *user)
{
    assert_true(strlen(user) < sizeof past->users[0]);
    for (size_t i = 0; i < past->user_count; i++) {
        if (strcmp(past->users[i], user) == 0)
            return &past->profiles[i];
    }
    assert_true(past->user_count < PAST_USERS);
    profile_init(&past->profiles[past->user_count]);
    memcpy(past->users[past->user_count], user, strlen(user) + 1);
    return &past->profiles[past->user_count++];
}

void past_fail(struct machine_past *past, const struct login_event *event)
{
    assert_true(past->count < PAST_EVENTS);
    past->events[past->count++] = *event;
}

void past_log_in(struct machine_past *past, const struct login_event *event)
{
    struct profile *profile = profile_of(past, event->user);
    struct login_event stage = *event;

    past_fail(past, &stage);
    stage.stage = STAGE_ACCEPTED;
    stage.time_us += US_PER_S / 4;
    past_fail(past, &stage);
    stage.stage = STAGE_OPENED;
    stage.method = event->method == METHOD_NOT_PAM ? METHOD_PUBLICKEY : METHOD_PASSWORD;
    stage.time_us += US_PER_S / 20;
    stage.learn = true;
    history_mark_new(profile, &stage);
    profile_learn(profile, &stage);
    past_fail(past, &stage);
}

void past_before(const struct machine_past *past, const struct login_event *event,
                 struct history *history)
{
    history_init(history);
    for (size_t i = 0; i < past->count; i++) {
        if (past->events[i].time_us < event->time_us)
            history_learn(history, event, &past->events[i]);
    }
}
