#include "scorer/source.h"

#include "tests/unit/scorer/sample.h"

static struct login_event attempt_on(const char *user, int64_t time_us)
{
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, time_us);
    snprintf(event.user, sizeof event.user, "%s", user);
    return event;
}

static void test_attempts_fade_with_their_time_constants(void **state)
{
    (void)state;
    struct source source;
    source_init(&source);
    struct login_event first = attempt_on("ada", MONDAY_US);
    struct login_event second = attempt_on("ada", MONDAY_US + MINUTE_US);
    source_count(&source, &first);
    source_count(&source, &second);
    assert_int_equal(source.attempts, 2);
    assert_near(source.attempts_1m.value, 1 + exp(-1), 1e-12);
    assert_near(source.attempts_1h.value, 1 + exp(-1.0 / 60), 1e-12);
    assert_near(fading_count_at(&source.attempts_1m, MONDAY_US + 2 * MINUTE_US, 60),
                (1 + exp(-1)) * exp(-1), 1e-12);
}

static void test_an_accepted_attempt_is_no_failure(void **state)
{
    (void)state;
    struct source source;
    source_init(&source);
    struct login_event event = attempt_on("ada", MONDAY_US);
    source_count(&source, &event);
    assert_near(source.failures_1h.value, 1, 0);
    event.stage = STAGE_ACCEPTED;
    source_count(&source, &event);
    assert_near(source.failures_1h.value, 0, 0);
    assert_near(source.attempts_1h.value, 1, 0);
    source_count(&source, &event);
    assert_near(source.failures_1h.value, 0, 0);
    assert_int_equal(source.accepted, 2);
}

static void test_other_stages_change_nothing(void **state)
{
    (void)state;
    struct source source, before;
    source_init(&source);
    before = source;
    struct login_event event = attempt_on("ada", MONDAY_US);
    event.stage = STAGE_OPENED;
    source_count(&source, &event);
    event.stage = STAGE_CLOSED;
    source_count(&source, &event);
    assert_memory_equal(&source, &before, sizeof source);
}

static void test_time_going_backwards_counts_as_no_time(void **state)
{
    (void)state;
    struct source source;
    source_init(&source);
    struct login_event now = attempt_on("ada", MONDAY_US);
    struct login_event earlier = attempt_on("ada", MONDAY_US - HOUR_US);
    source_count(&source, &now);
    source_count(&source, &earlier);
    assert_near(source.attempts_1m.value, 2, 0);
    assert_true(source.attempts_1m.at_us == MONDAY_US);
    assert_true(source.last_s == MONDAY_US / 1000000);
}

static void test_other_names_are_counted_once_within_the_window(void **state)
{
    (void)state;
    struct source source;
    source_init(&source);
    static const char *const names[] = {"root", "ada", "root", "admin", "oracle"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct login_event event = attempt_on(names[i], MONDAY_US + (int64_t)i * 10 * MINUTE_US);
        source_count(&source, &event);
    }
    int64_t now = MONDAY_US + 50 * MINUTE_US;
    assert_int_equal(source_other_names(&source, "ada", now, 3600), 3);
    assert_int_equal(source_other_names(&source, "nobody", now, 3600), 4);
    assert_int_equal(source_other_names(&source, "ada", now, 1260), 2);
    assert_int_equal(source_other_names(&source, "ada", now + DAY_US, 3600), 0);
}

static void test_the_count_of_names_saturates(void **state)
{
    (void)state;
    struct source source;
    source_init(&source);
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%u", i);
        struct login_event event = attempt_on(name, MONDAY_US + i);
        source_count(&source, &event);
    }
    assert_int_equal(source_other_names(&source, "ada", MONDAY_US + 100, 3600), SOURCE_NAMES);
}

static void test_stored_bytes_read_back_and_damaged_ones_are_refused(void **state)
{
    (void)state;
    struct source source, back, bad;
    struct error error = ERROR_NONE;
    source_init(&source);
    struct login_event event = attempt_on("ada", MONDAY_US);
    source_count(&source, &event);
    assert_true(source_load(&back, &source, sizeof source, &error));
    assert_memory_equal(&back, &source, sizeof source);

    assert_false(source_load(&back, &source, sizeof source - 1, &error));
    assert_int_equal(error.fault, FAULT_STORE);
    bad = source;
    bad.version++;
    assert_false(source_load(&back, &bad, sizeof bad, NULL));
    bad = source;
    bad.names_at = SOURCE_NAMES;
    assert_false(source_load(&back, &bad, sizeof bad, NULL));
    bad = source;
    bad.attempts_10m.value = NAN;
    assert_false(source_load(&back, &bad, sizeof bad, NULL));
    bad = source;
    bad.failures_1h.value = -1;
    assert_false(source_load(&back, &bad, sizeof bad, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts_fade_with_their_time_constants),
        cmocka_unit_test(test_an_accepted_attempt_is_no_failure),
        cmocka_unit_test(test_other_stages_change_nothing),
        cmocka_unit_test(test_time_going_backwards_counts_as_no_time),
        cmocka_unit_test(test_other_names_are_counted_once_within_the_window),
        cmocka_unit_test(test_the_count_of_names_saturates),
        cmocka_unit_test(test_stored_bytes_read_back_and_damaged_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
