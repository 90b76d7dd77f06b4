/* Reasons in words, with their values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scorer/assess.h"

static void expect(enum feature feature, double value, const char *words)
{
    struct reason reason = {.feature = (uint8_t)feature, .value = (float)value, .share = 0.5f};
    char text[REASON_TEXT_BYTES];

    assert_string_equal(reason_text(&reason, text), words);
}

static void values_are_told_where_they_say_more(void **state)
{
    (void)state;
    expect(FEATURE_DISTANCE_LAST, 8412.3, "distance 8,412 km from the last place");
    expect(FEATURE_SPEED_LAST, 1234567, "1,234,567 km/h from the last place");
    expect(FEATURE_SOURCE_ATTEMPTS_10M, 2.97, "3 attempts from this address in 10 minutes");
    expect(FEATURE_SOURCE_NAMES_1H, 1, "1 other name tried from this address in an hour");
    expect(FEATURE_HOUR_NEAREST, 4.25, "4.2 h from the nearest hour of this user's logins");
    expect(FEATURE_GAP, log(3 * 86400.0), "3 days since the last login");
    expect(FEATURE_GAP, 0, "1 second since the last login");
    expect(FEATURE_KEY_USERS, log1p(2), "key 2 users had before");
    expect(FEATURE_ADDRESS_PREFIX_USERS, log1p(1), "network 1 user came from before");
    expect(FEATURE_ADDRESS_PREFIX_USERS, 0, "network nobody came from before");
    expect(FEATURE_ASN_SEEN, 0.034, "provider of 3 % of this user's logins");
    expect(FEATURE_ASN_RATIO, log(20),
           "provider rare for this user (20 times rarer than for "
           "everybody)");
    expect(FEATURE_RTT_DEVIATION, -4.06, "unusual round trip time (-4.1 standard deviations)");
}

static void the_phrase_stands_alone_where_a_value_adds_nothing(void **state)
{
    (void)state;
    expect(FEATURE_ASN_SEEN, 0, "new provider for this user");
    expect(FEATURE_ASN_RATIO, -1, "provider rare for this user");
    expect(FEATURE_ANONYMOUS, 1, "anonymous network");
    expect(FEATURE_DISTANCE_LAST, (double)NAN, "far from the last login");
    expect(FEATURE_GAP, (double)INFINITY, "time since the last login");
}

static void every_feature_has_words_that_fit(void **state)
{
    static const double VALUES[] = {-1e30, -1, 0, 0.5, 1, 80, 1e30};
    (void)state;

    for (unsigned feature = 0; feature < FEATURE_COUNT; feature++) {
        for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
            struct reason reason = {.feature = (uint8_t)feature, .value = (float)VALUES[i]};
            char text[REASON_TEXT_BYTES];

            reason_text(&reason, text);
            assert_true(strlen(text) > 5 && strlen(text) < REASON_TEXT_BYTES - 1);
            assert_null(strpbrk(text, "#~@"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_told_where_they_say_more),
        cmocka_unit_test(the_phrase_stands_alone_where_a_value_adds_nothing),
        cmocka_unit_test(every_feature_has_words_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
