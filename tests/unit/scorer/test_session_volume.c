#include "scorer/session_volume.h"
#include "tests/unit/scorer/sample.h"

#define MIB (INT64_C(1) << 20)

static const struct session_rule RULE = {
    .deviations = 5, .least_bytes = 16 * MIB, .min_sessions = 10};

static struct login_event session_of(int64_t bytes_in, int64_t bytes_out, int64_t duration_s)
{
    struct login_event event = sample_stage(sample_login(), STAGE_CLOSED, MONDAY_US);
    event.bytes_in = bytes_in;
    event.bytes_out = bytes_out;
    event.duration_s = duration_s;
    return event;
}

/* So many sessions of 5 to 15 kB in and 15 to 45 kB out. */
static struct profile habit_of(unsigned sessions)
{
    uint64_t seed = 7;
    struct profile profile;
    profile_init(&profile);
    for (unsigned i = 0; i < sessions; i++) {
        int64_t in = 5000 + (int64_t)(sample_random(&seed) % 10000);
        struct login_event event = session_of(in, 3 * in, 300);
        profile_learn(&profile, &event);
    }
    return profile;
}

static struct session_volume judge(const struct session_rule *rule, const struct profile *profile,
                                   int64_t bytes_in, int64_t bytes_out)
{
    struct session_volume volume;
    struct login_event event = session_of(bytes_in, bytes_out, 300);
    session_volume_judge(rule, profile, &event, &volume);
    return volume;
}

static void test_far_more_than_usual_is_large_either_way(void **state)
{
    (void)state;
    struct profile profile = habit_of(30);
    struct session_volume usual = judge(&RULE, &profile, 9000, 30000);
    assert_true(usual.judged && !usual.large);
    assert_true(session_volume_deviation(&usual) < 2);
    assert_true(usual.usual[SESSION_BYTES_IN] > 5000 && usual.usual[SESSION_BYTES_IN] < 15000);
    assert_near(usual.usual[SESSION_DURATION], 300, 0.5);
    assert_near(usual.deviation[SESSION_DURATION], 0, 1e-3);
    assert_true(judge(&RULE, &profile, 9000, 50 * MIB).large);
    assert_true(judge(&RULE, &profile, 50 * MIB, 30000).large);
    assert_false(judge(&RULE, &profile, 9000, 15 * MIB).large);
    assert_true(judge(&RULE, &profile, 9000, 16 * MIB).large);
    assert_false(judge(&RULE, &profile, 9000, -1).large);
    assert_true(judge(&RULE, &profile, -1, 50 * MIB).large);
}

static void test_large_sessions_of_those_who_move_much_are_usual(void **state)
{
    (void)state;
    struct profile profile;
    profile_init(&profile);
    for (unsigned i = 0; i < 30; i++) {
        struct login_event event = session_of(20000, (int64_t)(i % 5 + 1) * 40 * MIB, 600);
        profile_learn(&profile, &event);
    }
    assert_false(judge(&RULE, &profile, 20000, 200 * MIB).large);
    assert_false(judge(&RULE, &profile, 20000, 1000 * MIB).large);
    assert_true(judge(&RULE, &profile, 20000, 100000 * MIB).large);
}

static void test_what_is_not_known_is_not_judged(void **state)
{
    (void)state;
    const struct session_rule never = {.least_bytes = 0, .min_sessions = 0};
    struct profile few = habit_of(9), none = habit_of(0), enough = habit_of(10);
    struct session_volume volume = judge(&RULE, &few, 9000, 50 * MIB);
    assert_false(volume.judged || volume.large);
    assert_true(!isnan(volume.deviation[SESSION_BYTES_OUT]));
    assert_true(judge(&RULE, &enough, 9000, 50 * MIB).large);
    volume = judge(&(struct session_rule){.deviations = 1}, &none, 9000, 50 * MIB);
    assert_false(volume.judged || volume.large);
    assert_true(isnan(session_volume_deviation(&volume)));
    assert_true(isnan(volume.usual[SESSION_BYTES_IN]));
    volume = judge(&RULE, &enough, -1, -1);
    assert_false(volume.judged || volume.large);
    volume = judge(&never, &enough, 9000, 50 * MIB);
    assert_false(volume.judged || volume.large);
}

/* A session left open for long is nothing that anybody moved. */
static void test_the_duration_decides_nothing(void **state)
{
    (void)state;
    struct profile profile = habit_of(30);
    struct session_volume volume;
    struct login_event event = session_of(9000, 30000, 30 * 86400);
    session_volume_judge(&RULE, &profile, &event, &volume);
    assert_true(volume.deviation[SESSION_DURATION] > 5);
    assert_true(volume.judged && !volume.large);
}

/* Someone whose work has changed is not logged for ever: a few labels make it usual. */
static void test_learned_large_sessions_become_usual(void **state)
{
    (void)state;
    struct profile profile = habit_of(30);
    struct login_event event = session_of(9000, 50 * MIB, 300);
    unsigned learned = 0;
    while (judge(&RULE, &profile, 9000, 50 * MIB).large) {
        profile_learn(&profile, &event);
        learned++;
    }
    assert_in_range(learned, 1, 3);
}

static void test_text(void **state)
{
    (void)state;
    char text[160], cut[20];
    struct session_volume volume = {.judged = true, .large = true};
    volume.usual[SESSION_BYTES_IN] = 9102;
    volume.deviation[SESSION_BYTES_IN] = 0.44f;
    volume.usual[SESSION_BYTES_OUT] = 17612;
    volume.deviation[SESSION_BYTES_OUT] = 9.81f;
    assert_string_equal(session_volume_text(&volume, text, sizeof text),
                        "bytes_in +0.4 deviations from the usual 9102, "
                        "bytes_out +9.8 deviations from the usual 17612");
    assert_string_equal(session_volume_text(&volume, cut, sizeof cut), "bytes_in +0.4 devia");
    volume.deviation[SESSION_BYTES_IN] = NAN;
    assert_string_equal(session_volume_text(&volume, text, sizeof text),
                        "bytes_out +9.8 deviations from the usual 17612");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_far_more_than_usual_is_large_either_way),
        cmocka_unit_test(test_large_sessions_of_those_who_move_much_are_usual),
        cmocka_unit_test(test_what_is_not_known_is_not_judged),
        cmocka_unit_test(test_the_duration_decides_nothing),
        cmocka_unit_test(test_learned_large_sessions_become_usual),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
