/*
 * What the built-in model promises: whom it lets in and whom it stops, whatever a machine can tell
 * of a login. Each promise is kept on several days, with room to the threshold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scorer/assess.h"
#include "tests/trainer/machine_past.h"

#define WEEKS      8
#define COLLEAGUES 40
#define OFFICE     "141.20.5.9"
#define ALLOW_ROOM 0.8 /* of the log threshold: the most that an ordinary login may reach */
#define ALARM_ROOM                                                                                 \
    0.1 /* of the way from a threshold to 1: the least that an attack is above it                  \
         */

static const struct policy POLICY = {.deny_budget = 1.0 / 10000,
                                     .step_up_budget = 1.0 / 200,
                                     .log_budget = 1.0 / 50,
                                     .min_history = 10};

static struct machine_past past;

static struct risk_model built_in(void)
{
    struct risk_model model;
    risk_model_open_default(&model);
    return model;
}

static struct assessment assess(const struct login_event *event)
{
    struct risk_model model = built_in();
    struct history history;
    struct assessment assessment;

    past_before(&past, event, &history);
    struct policy_facts facts = {.learned_logins = history.profile.logins};
    struct error error = ERROR_NONE;
    if (!assess_login(event, &history, &model, &POLICY, &facts, &assessment, &error))
        fail_msg("%s", error.text);
    return assessment;
}

static void expect_allow(const struct login_event *event, const char *what)
{
    struct risk_model model = built_in();
    struct assessment assessment = assess(event);
    double log = (double)risk_threshold_for(&model, POLICY.log_budget);

    if (assessment.verdict != VERDICT_ALLOW || assessment.risk > ALLOW_ROOM * log)
        fail_msg("%s, %s: risk %.3f, log from %.3f on", what, past.evidence->name, assessment.risk,
                 log);
}

static void expect_alarm(const struct login_event *event, enum verdict least, const char *what)
{
    struct risk_model model = built_in();
    struct assessment assessment = assess(event);
    char reasons[512];
    double threshold = (double)risk_threshold_for(
        &model, least == VERDICT_LOG ? POLICY.log_budget : POLICY.step_up_budget);

    if (assessment.verdict < least || assessment.risk < threshold + ALARM_ROOM * (1 - threshold))
        fail_msg("%s, %s: risk %.3f, %s from %.3f on", what, past.evidence->name, assessment.risk,
                 verdict_name(least), threshold);
    assert_true(assessment.reason_count > 0);
    assert_true(strlen(assessment_reasons_text(&assessment, reasons, sizeof reasons)) > 0);
}

/* ---- eight weeks of working days ---- */

static struct login_event from_office(const char *user, int64_t time_us)
{
    struct login_event event = past_event(&past, user, OFFICE, time_us);
    event.place.asn = past.evidence->place ? 680 : 0;
    return event;
}

static const char *colleague(int number)
{
    static char name[32];
    snprintf(name, sizeof name, "colleague%02d", number);
    return name;
}

/* Alice comes from home by a key, bob from home by a password, both twice a day; carla and many
 * more by a key from the office, in the morning. */
static void live_day(int64_t midnight_us, int day)
{
    for (int time = 0; time < 2; time++) {
        int64_t minutes = 8 * 60 + 20 + time * 300 + day * 7 % 40;
        struct login_event alice =
            past_event(&past, "alice", "91.10.20.7", midnight_us + minutes * MINUTE_US);
        struct login_event bob =
            past_event(&past, "bob", "91.10.21.7", midnight_us + (minutes + 11) * MINUTE_US);
        bob.method = METHOD_PAM;
        past_log_in(&past, &alice);
        past_log_in(&past, &bob);
    }
    struct login_event carla =
        from_office("carla", midnight_us + 9 * HOUR_US + day * 11 % 50 * MINUTE_US);
    past_log_in(&past, &carla);
    for (int i = day % 4; i < COLLEAGUES; i += 4) {
        struct login_event other =
            from_office(colleague(i), midnight_us + 8 * HOUR_US + (30 + 2 * i) * MINUTE_US +
                                          (day * 17 + i * 5) % 23 * MINUTE_US);
        past_log_in(&past, &other);
    }
}

/* The past of a machine; its end, a Monday at midnight, is the beginning of the present. */
static int64_t make_past(const struct evidence *evidence)
{
    past_init(&past, evidence);
    for (int day = 0; day < 7 * WEEKS; day++) {
        if (day % 7 < 5)
            live_day(MONDAY_US + day * DAY_US, day);
    }
    return MONDAY_US + 7 * WEEKS * DAY_US;
}

/* Calls a promise for a few mornings and for all kinds of evidence that are as good as `least`. */
static void on_mornings(void (*promise)(int64_t midnight_us), bool place, bool client)
{
    for (int i = 0; i < EVIDENCES; i++) {
        if ((place && !EVIDENCE[i].place) || (client && !EVIDENCE[i].client))
            continue;
        for (int day = 0; day < 5; day += 2) {
            int64_t monday_us = make_past(&EVIDENCE[i]);
            for (int before = 0; before < day; before++)
                live_day(monday_us + before * DAY_US, 7 * WEEKS + before);
            promise(monday_us + day * DAY_US);
        }
    }
}

/* ---- whom it lets in ---- */

static void usual(int64_t midnight_us)
{
    for (int minutes = 0; minutes < 60; minutes += 20) {
        int64_t time_us = midnight_us + 8 * HOUR_US + (15 + minutes) * MINUTE_US;
        struct login_event alice = past_event(&past, "alice", "91.10.20.8", time_us);
        struct login_event bob = past_event(&past, "bob", "91.10.21.8", time_us);
        bob.method = METHOD_PAM;
        expect_allow(&alice, "alice at home");
        expect_allow(&bob, "bob at home");
    }
}

static void lets_the_usual_login_in(void **state)
{
    (void)state;
    on_mornings(usual, false, false);
}

static void three_at_once(int64_t midnight_us)
{
    for (int i = 0; i < 3; i++) {
        struct login_event login =
            past_event(&past, "alice", "91.10.20.7", midnight_us + 9 * HOUR_US + i * 7 * US_PER_S);
        expect_allow(&login, "three logins within seconds");
        past_log_in(&past, &login);
    }
}

static void lets_three_logins_at_once_in(void **state)
{
    (void)state;
    on_mornings(three_at_once, false, false);
}

static void tool_run(int64_t midnight_us)
{
    for (int i = 0; i < 45; i++) {
        struct login_event login = past_event(&past, "alice", "91.10.20.7",
                                              midnight_us + 14 * HOUR_US + i * 13 * US_PER_S / 10);
        expect_allow(&login, "a tool's connections within a minute");
        past_log_in(&past, &login);
    }
}

static void lets_a_tool_run(void **state)
{
    (void)state;
    on_mornings(tool_run, false, false);
}

/* One name after the other from one address within the hour, every eighth mistyped once. */
static void office_rush(int64_t midnight_us)
{
    for (int i = 0; i < COLLEAGUES; i++) {
        struct login_event login =
            from_office(colleague(i), midnight_us + 8 * HOUR_US + (30 + i) * MINUTE_US);
        if (i % 8 == 3)
            past_fail(&past, &login);
        login.time_us += 5 * US_PER_S;
        expect_allow(&login, "a colleague behind the same address");
        past_log_in(&past, &login);
    }
    struct login_event carla = from_office("carla", midnight_us + 9 * HOUR_US + 20 * MINUTE_US);
    expect_allow(&carla, "after all colleagues behind the same address");
    struct login_event newcomer = from_office("newcomer", carla.time_us);
    expect_allow(&newcomer, "a newcomer among colleagues behind the same address");
}

static void lets_an_office_in(void **state)
{
    (void)state;
    on_mornings(office_rush, false, false);
}

static void mistyped(int64_t midnight_us)
{
    struct login_event login =
        past_event(&past, "bob", "91.10.21.7", midnight_us + 8 * HOUR_US + 40 * MINUTE_US);

    login.method = METHOD_PAM;
    for (int tries = 0; tries < 3; tries++) {
        expect_allow(&login, "a password that will be mistyped");
        past_fail(&past, &login);
        login.time_us += 6 * US_PER_S;
    }
    expect_allow(&login, "the right password after three mistyped ones");
}

static void forgives_a_mistyped_password(void **state)
{
    (void)state;
    on_mornings(mistyped, false, false);
}

/* Reconnecting starts over and over while the network comes up. */
static void laptop_wakes(int64_t midnight_us)
{
    for (int i = 0; i < 8; i++) {
        struct login_event login = past_event(
            &past, "alice", "91.10.20.7", midnight_us + 8 * HOUR_US + i * 900 * US_PER_S / 1000);
        expect_allow(&login, "a laptop that reconnects");
        if (i % 4 < 2)
            past_fail(&past, &login);
        else
            past_log_in(&past, &login);
    }
}

static void lets_a_waking_laptop_in(void **state)
{
    (void)state;
    on_mornings(laptop_wakes, false, false);
}

static void new_user(int64_t midnight_us)
{
    struct login_event login =
        past_event(&past, "newcomer", "91.10.30.8", midnight_us + 9 * HOUR_US);
    expect_allow(&login, "a new user");
    past_init(&past, past.evidence);
    expect_allow(&login, "the first login on a new machine");
}

static void is_not_alarmed_by_a_new_user(void **state)
{
    (void)state;
    on_mornings(new_user, false, false);
}

/* ---- whom it stops ---- */

static void another_continent(int64_t midnight_us)
{
    enum verdict least = past.evidence->place ? VERDICT_STEP_UP : VERDICT_LOG;
    for (int hour = 1; hour < 24; hour += 7) {
        struct login_event by_password =
            past_event_from_afar(&past, "bob", midnight_us + hour * HOUR_US);
        struct login_event by_key =
            past_event_from_afar(&past, "alice", midnight_us + hour * HOUR_US);
        by_key.method = METHOD_NOT_PAM;
        expect_alarm(&by_password, least, "another continent by password");
        expect_alarm(&by_key, least, "another continent by a key");
    }
}

static void stands_up_to_another_continent(void **state)
{
    (void)state;
    on_mornings(another_continent, true, false);
    on_mornings(another_continent, false, true);
}

static void spray(const struct login_event *last, int names, int64_t gap_us)
{
    for (int i = names; i > 0; i--) {
        struct login_event attempt = *last;
        attempt.time_us -= i * gap_us;
        snprintf(attempt.user, sizeof attempt.user, "name%d", i);
        past_fail(&past, &attempt);
    }
}

static void spraying(int64_t midnight_us)
{
    static const struct {
        int names;
        int64_t gap_us;
    } PACES[] = {{30, 4 * US_PER_S}, {20, US_PER_S / 2}, {24, 50 * US_PER_S}};
    int64_t time_us = midnight_us + 10 * HOUR_US;

    for (size_t i = 0; i < sizeof PACES / sizeof PACES[0]; i++, time_us += 3 * HOUR_US) {
        struct login_event known = past_event_from_afar(&past, "bob", time_us);
        struct login_event unknown = past_event_from_afar(&past, "oracle", time_us);
        known.source.bytes[3] = unknown.source.bytes[3] = (uint8_t)(20 + i);
        known.source.bytes[2] = unknown.source.bytes[2] = (uint8_t)(20 + i);
        spray(&known, PACES[i].names, PACES[i].gap_us);
        expect_alarm(&known, VERDICT_STEP_UP, "spraying, against a user");
        expect_alarm(&unknown, VERDICT_STEP_UP, "spraying, against a name that nobody has");
    }
    /* On a machine that has seen nothing else. */
    struct login_event first = past_event_from_afar(&past, "oracle", time_us);
    past_init(&past, past.evidence);
    spray(&first, 30, 4 * US_PER_S);
    expect_alarm(&first, VERDICT_STEP_UP, "spraying of a new machine");
}

static void sees_spraying(void **state)
{
    (void)state;
    on_mornings(spraying, false, false);
}

static void at_night(int64_t midnight_us)
{
    for (int hour = 1; hour < 5; hour++) {
        struct login_event event =
            past_event(&past, "alice", "91.10.20.7", midnight_us + hour * HOUR_US);
        snprintf(event.device, sizeof event.device, "tcp mss=1460 ws=8 ts=0 sack=1");
        expect_alarm(&event, VERDICT_LOG, "an unknown device at night");
    }
}

static void notes_an_unknown_device_at_night(void **state)
{
    (void)state;
    on_mornings(at_night, false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_the_usual_login_in),
        cmocka_unit_test(lets_three_logins_at_once_in),
        cmocka_unit_test(lets_a_tool_run),
        cmocka_unit_test(lets_an_office_in),
        cmocka_unit_test(forgives_a_mistyped_password),
        cmocka_unit_test(lets_a_waking_laptop_in),
        cmocka_unit_test(is_not_alarmed_by_a_new_user),
        cmocka_unit_test(stands_up_to_another_continent),
        cmocka_unit_test(sees_spraying),
        cmocka_unit_test(notes_an_unknown_device_at_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
