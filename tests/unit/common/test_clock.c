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

static void clocks_run(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_us();
    assert_true(clock_utc_us() > WINTER_US - INT64_C(365) * S_PER_DAY * US_PER_S * 3);
    assert_true(llabs(clock_utc_us() / US_PER_S - (int64_t)time(NULL)) <= 1);
    assert_true(clock_monotonic_us() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_formatted),
        cmocka_unit_test(extreme_times_fit),
        cmocka_unit_test(the_zone_moves_with_summer),
        cmocka_unit_test(clocks_run),
    };
    return cmocka_run_group_tests(tests, use_berlin, NULL);
}
