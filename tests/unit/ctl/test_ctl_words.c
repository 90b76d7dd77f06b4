/* Durations, moments and sizes as people write and read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"

#define NOW_US (INT64_C(1773061511) * US_PER_S) /* 2026-03-09T13:05:11Z */

static void reads_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t duration_s; /* 0: refused */
    } CASES[] = {{"90s", 90},  {"15m", 900}, {"1h", 3600}, {"7d", 604800}, {"2w", 1209600},
                 {"0h", 0},    {"", 0},      {"h", 0},     {"1", 0},       {"-1h", 0},
                 {"1h30m", 0}, {" 1h", 0},   {"1y", 0},    {"+1h", 0},     {"99999999999w", 0},
                 {"9999w", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct error error = ERROR_NONE;
        int64_t duration_s = 0;
        bool done = duration_parse(CASES[i].text, &duration_s, &error);
        assert_int_equal(done, CASES[i].duration_s != 0);
        assert_int_equal(duration_s, CASES[i].duration_s);
        assert_int_equal(done, error.fault == FAULT_NONE);
    }
}

static void reads_moments(void **state)
{
    static const struct {
        const char *text;
        bool utc;
        int64_t time_s; /* 0: refused */
    } CASES[] = {{"1h", false, 1773061511 - 3600},
                 {"2026-03-09", true, 1773014400},
                 {"2026-03-09", false, 1773010800},
                 {"2026-03-09 14:05", false, 1773061500},
                 {"2026-03-09T14:05:11", false, 1773061511},
                 {"2026-03-09T13:05:11Z", false, 1773061511},
                 {"2026-07-01T12:00", false, 1782900000},
                 {"2026-13-01", false, 0},
                 {"yesterday", false, 0},
                 {"", false, 0}};
    (void)state;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct error error = ERROR_NONE;
        int64_t time_us = 0;
        bool done = moment_parse(CASES[i].text, NOW_US, CASES[i].utc, &time_us, &error);
        assert_int_equal(done, CASES[i].time_s != 0);
        assert_int_equal(time_us, CASES[i].time_s * US_PER_S);
        assert_int_equal(done, error.fault == FAULT_NONE);
    }
}

static void writes_sizes_and_spans(void **state)
{
    char text[32];
    (void)state;
    assert_string_equal(ctl_bytes(0, text), "0 B");
    assert_string_equal(ctl_bytes(1536, text), "1.5 KiB");
    assert_string_equal(ctl_bytes(INT64_C(8) << 20, text), "8.0 MiB");
    assert_string_equal(ctl_span(59 * US_PER_S, text), "59 s");
    assert_string_equal(ctl_span(600 * US_PER_S, text), "10 min");
    assert_string_equal(ctl_span(3 * S_PER_DAY * US_PER_S, text), "3 d");
}

static void names_places(void **state)
{
    char text[64];
    struct place place = PLACE_NONE;
    (void)state;
    assert_string_equal(ctl_place(&place, text, sizeof text), "-");
    strcpy(place.country, "AU");
    place.asn = 13335;
    assert_string_equal(ctl_place(&place, text, sizeof text), "AU, AS13335");
    strcpy(place.city, "Sydney");
    assert_string_equal(ctl_place(&place, text, sizeof text), "Sydney, AU, AS13335");
    assert_string_equal(ctl_place(&place, text, 8), "Sydney,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(reads_moments),
        cmocka_unit_test(writes_sizes_and_spans),
        cmocka_unit_test(names_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
