/* What the built-in forest promises, on histories made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "scorer/assess.h"

#define MONDAY_US (INT64_C(1767571200) * US_PER_S) /* 2026-01-05 00:00 UTC */
#define DAY_US    (S_PER_DAY * US_PER_S)

static const struct policy POLICY = {.deny_budget = 1.0 / 10000,
                                     .step_up_budget = 1.0 / 200,
                                     .log_budget = 1.0 / 50,
                                     .min_history = 10};

static struct login_event login_of(const char *user, const char *address, int64_t time_us)
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
    event.rtt_us = 14000;
    event.place = (struct place){.latitude = 52.52F,
                                 .longitude = 13.40F,
                                 .asn = 3320,
                                 .country = "DE",
                                 .anonymous = ANONYMOUS_NO,
                                 .city = "Berlin"};
    return event;
}

static struct login_event from_another_continent(int64_t time_us)
{
    struct login_event event = login_of("alice", "37.194.223.98", time_us);
    event.method = METHOD_PAM;
    event.rtt_us = 260000;
    snprintf(event.device, sizeof event.device, "tcp mss=1452 ws=8 ts=0 sack=1");
    event.place = (struct place){.latitude = -23.55F,
                                 .longitude = -46.63F,
                                 .asn = 27699,
                                 .country = "BR",
                                 .anonymous = ANONYMOUS_NO,
                                 .city = "Sao Paulo"};
    return event;
}

static void learn_login(struct history *history, const struct login_event *about,
                        struct profile *profile, const struct login_event *login)
{
    struct login_event event = *login;

    history_learn(history, about, &event);
    event.stage = STAGE_ACCEPTED;
    event.time_us += US_PER_S / 2;
    history_learn(history, about, &event);
    event.stage = STAGE_OPENED;
    event.method = METHOD_PUBLICKEY;
    event.time_us += US_PER_S / 10;
    event.learn = true;
    history_mark_new(profile, &event);
    history_learn(history, about, &event);
    profile_learn(profile, &event);
}

/* Eight weeks of working days: five users at their own homes, twice a day; what is known of them
 * before `about`. */
static void make_history(const struct login_event *about, struct history *history)
{
    static const char *const USERS[] = {"alice", "bob", "carla", "david", "elena"};
    struct profile profiles[5];

    history_init(history);
    for (int user = 0; user < 5; user++)
        profile_init(&profiles[user]);
    for (int day = 0; day < 56; day++) {
        if (day % 7 >= 5)
            continue;
        for (int login = 0; login < 10; login++) {
            int user = login % 5;
            char address[32];
            snprintf(address, sizeof address, "91.10.%d.%d", 20 + user, 7 + day % 3);
            int64_t minutes = 8 * 60 + 11 * user + (login / 5) * 300 + (day * 7) % 40;
            struct login_event event =
                login_of(USERS[user], address, MONDAY_US + day * DAY_US + minutes * 60 * US_PER_S);
            event.rtt_us += (day % 5) * 300;
            learn_login(history, about, &profiles[user], &event);
        }
    }
}

static double risk_of(const struct login_event *event, const struct history *history,
                      struct assessment *assessment)
{
    struct forest forest;
    struct policy_facts facts = {.learned_logins = history->profile.logins};

    forest_open_default(&forest);
    assess_login(event, history, &forest, &POLICY, &facts, assessment);
    return assessment->risk;
}

static int64_t next_morning_us(void)
{
    return MONDAY_US + 56 * DAY_US + (8 * 60 + 25) * 60 * US_PER_S;
}

static void lets_the_usual_login_in(void **state)
{
    struct login_event event = login_of("alice", "91.10.20.8", next_morning_us());
    struct history history;
    struct assessment assessment;
    (void)state;

    make_history(&event, &history);
    assert_int_equal(history.profile.logins, 80);
    assert_true(risk_of(&event, &history, &assessment) < 0.2);
    assert_int_equal(assessment.verdict, VERDICT_ALLOW);
}

static void is_not_alarmed_by_a_new_user(void **state)
{
    struct login_event event = login_of("newcomer", "91.10.30.8", next_morning_us());
    struct history history;
    struct assessment assessment;
    (void)state;

    make_history(&event, &history);
    assert_int_equal(history.profile.logins, 0);
    risk_of(&event, &history, &assessment);
    assert_int_equal(assessment.verdict, VERDICT_ALLOW);
    /* Nor on a machine where nobody has logged in yet and nothing is known of the address. */
    event.place = PLACE_NONE;
    event.device[0] = '\0';
    event.rtt_us = -1;
    history_init(&history);
    risk_of(&event, &history, &assessment);
    assert_int_equal(assessment.verdict, VERDICT_ALLOW);
}

static void stands_up_to_another_continent(void **state)
{
    struct login_event event = from_another_continent(next_morning_us());
    struct history history;
    struct assessment assessment;
    char reasons[512];
    (void)state;

    make_history(&event, &history);
    assert_true(risk_of(&event, &history, &assessment) > 0.8);
    assert_true(assessment.verdict >= VERDICT_STEP_UP);
    assert_true(assessment.reason_count > 0);
    assert_true(strlen(assessment_reasons_text(&assessment, reasons, sizeof reasons)) > 0);
}

static void spray(const struct login_event *about, struct history *history)
{
    for (int i = 0; i < 30; i++) {
        struct login_event attempt = *about;
        attempt.time_us = about->time_us - (30 - i) * 4 * US_PER_S;
        snprintf(attempt.user, sizeof attempt.user, "name%d", i);
        history_learn(history, about, &attempt);
    }
}

static void sees_spraying(void **state)
{
    struct login_event event = from_another_continent(next_morning_us());
    struct history history;
    struct assessment assessment;
    (void)state;

    /* Against a known user, and against a name that nobody has. */
    make_history(&event, &history);
    spray(&event, &history);
    assert_true(risk_of(&event, &history, &assessment) > 0.8);
    snprintf(event.user, sizeof event.user, "oracle");
    make_history(&event, &history);
    spray(&event, &history);
    assert_true(risk_of(&event, &history, &assessment) > 0.8);
    assert_true(assessment.verdict >= VERDICT_STEP_UP);
    /* Without any database or client evidence too. */
    event.place = PLACE_NONE;
    event.device[0] = '\0';
    event.rtt_us = -1;
    history_init(&history);
    spray(&event, &history);
    assert_true(risk_of(&event, &history, &assessment) > 0.6);
    assert_true(assessment.verdict >= VERDICT_LOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_the_usual_login_in),
        cmocka_unit_test(is_not_alarmed_by_a_new_user),
        cmocka_unit_test(stands_up_to_another_continent),
        cmocka_unit_test(sees_spraying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
