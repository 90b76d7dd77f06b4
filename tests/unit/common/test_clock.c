#include "unit.h"

#include <time.h>

#include "common/clock.h"

#define WINTER_US INT64_C(1773061511000000) /* 2026-03-09 13:05:11 UTC */
#define SUMMER_US INT64_C(1783602311999999) /* 2026-07-09 13:05:11.999999 UTC */

static int use_berlin(void **state)
{
    (void)state;
    int failed = setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return failed;
}

static void times_are_formatted(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    assert_string_equal(clock_format(WINTER_US, true, text), "2026-03-09T13:05:11Z");
    assert_string_equal(clock_format(WINTER_US, false, text), "2026-03-09 14:05:11 +0100");
    assert_string_equal(clock_format(SUMMER_US, false, text), "2026-07-09 15:05:11 +0200");
    assert_string_equal(clock_format(-1, true, text), "1969-12-31T23:59:59Z");
    assert_string_equal(clock_format(0, true, text), "1970-01-01T00:00:00Z");
    assert_string_equal(clock_format_ms(SUMMER_US, text), "2026-07-09T13:05:11.999Z");
    assert_string_equal(clock_format_ms(-1, text), "1969-12-31T23:59:59.999Z");
}

static void extreme_times_fit(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    assert_contains(clock_format(INT64_MAX, true, text), "294247-01-10T");
    assert_contains(clock_format(INT64_MIN, false, text), "-290308-12-21 ");
}

static void the_zone_moves_with_summer(void **state)
{
    (void)state;
    assert_int_equal(clock_utc_offset_s(WINTER_US), 3600);
    assert_int_equal(clock_utc_offset_s(SUMMER_US), 7200);
}

/* The answer does not depend on what was asked before. */
static void the_zones_clock_names_a_moment(void **state)
{
    static const struct {
        const char *shown, *moment;
    } CASES[] = {
        {"2026-03-09T14:05:11Z", "2026-03-09T13:05:11Z"},
        {"2026-07-09T15:05:11Z", "2026-07-09T13:05:11Z"},
        {"2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"},
        {"2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"}, /* twice: in summer time */
        {"2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
        {"2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"}, /* never */
        {"2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
    };
    (void)state;

    for (size_t i = 0; i < 3 * sizeof CASES / sizeof CASES[0]; i++) {
        size_t at = i * 5 % (sizeof CASES / sizeof CASES[0]);
        struct tm parts = {.tm_isdst = 0};
        char text[CLOCK_TEXT_BYTES];
        assert_non_null(strptime(CASES[at].shown, "%Y-%m-%dT%H:%M:%SZ", &parts));
        int64_t shown_us = (int64_t)timegm(&parts) * US_PER_S;
        assert_string_equal(clock_format(clock_local_to_utc_us(shown_us), true, text),
                            CASES[at].moment);
    }
}

static void clocks_run(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_us(), before_s = time(NULL), now_s;
    assert_true(clock_utc_us() > WINTER_US - INT64_C(365) * S_PER_DAY * US_PER_S * 3);
    now_s = clock_utc_us() / US_PER_S;
    assert_in_range(now_s, before_s - 1, time(NULL) + 1);
    assert_true(clock_monotonic_us() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_formatted),
        cmocka_unit_test(extreme_times_fit),
        cmocka_unit_test(the_zone_moves_with_summer),
        cmocka_unit_test(the_zones_clock_names_a_moment),
        cmocka_unit_test(clocks_run),
    };
    return cmocka_run_group_tests(tests, use_berlin, NULL);
}
