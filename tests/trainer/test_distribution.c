/* Deciles, what falls between them, and how far two distributions are apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/distribution.h"
#include "trainer/draw.h"

#define assert_near(value, expected, off) assert_true(fabs((value) - (expected)) <= (off))

/* 1 to count, each a hundredth. */
static struct distribution of_hundredths(size_t count, size_t missing)
{
    double values[1000];
    struct distribution distribution;

    for (size_t i = 0; i < count; i++)
        values[i] = (double)(i + 1) / 100;
    distribution_make(values, count, missing, &distribution);
    return distribution;
}

static void has_deciles(void **state)
{
    struct distribution distribution = of_hundredths(1000, 250);
    (void)state;

    assert_int_equal(distribution.edge_count, DISTRIBUTION_BINS - 1);
    for (unsigned i = 0; i + 1 < DISTRIBUTION_BINS; i++)
        assert_near(distribution.edges[i], (double)(i + 1) + 0.01, 1e-12);
    assert_near(distribution_total(&distribution), 1250, 0);
    assert_near(distribution_missing_share(&distribution), 0.2, 1e-12);
    assert_near(distribution.counts[0], 101, 0);
    assert_near(distribution.counts[9], 99, 0);
}

/* Flags and counts have few values: equal ones are never parted. */
static void keeps_equal_values_together(void **state)
{
    double values[100] = {0};
    struct distribution distribution;
    (void)state;

    for (int i = 90; i < 100; i++)
        values[i] = 1.0F / 3;
    distribution_make(values, 100, 0, &distribution);
    assert_int_equal(distribution.edge_count, 2);
    assert_near(distribution.counts[0], 90, 0);
    assert_near(distribution.counts[1] + distribution.counts[2], 10, 0);
    distribution_make(values, 0, 7, &distribution);
    assert_int_equal(distribution.edge_count, 0);
    assert_near(distribution_missing_share(&distribution), 1, 0);
}

/* By hand: bins of 50 and 50 against 80 and 20, each with half a value more. */
static void tells_how_far(void **state)
{
    struct distribution before = {.edge_count = 1, .edges = {0}, .counts = {50, 50}};
    struct distribution after = {.edge_count = 1, .edges = {0}, .counts = {80, 20}};
    double p = 80.5 / 101, q = 50.5 / 101;
    (void)state;

    assert_near(distribution_shift(&before, &before), 0, 1e-12);
    assert_near(distribution_shift(&before, &after),
                (p - q) * log(p / q) + (q - p) * log((1 - p) / (1 - q)), 1e-12);
    assert_near(distribution_shift(&before, &after), distribution_shift(&after, &before), 1e-12);
    assert_near(distribution_noise(&before, &after), 1.0 / 100 + 1.0 / 100, 1e-12);
    after.missing = 100; /* what was always there is missing now */
    assert_true(distribution_shift(&before, &after) > 1);
    assert_true(isfinite(distribution_shift(&before, &after)));
}

/* Of the same law: on average what the noise says. Of another: far beyond it. */
static void tells_change_from_chance(void **state)
{
    double values[1000], sum = 0, noise = 0, least = 1e9;
    struct draw draw;
    (void)state;

    draw_seed(&draw, 5, 1);
    for (int i = 0; i < 1000; i++)
        values[i] = (i + 0.5) / 1000;
    struct distribution before;
    distribution_make(values, 1000, 0, &before);
    for (int times = 0; times < 400; times++) {
        struct distribution same = distribution_like(&before), other = same;
        for (int i = 0; i < 300; i++) {
            double value = draw_unit(&draw);
            distribution_count(&same, value);
            distribution_count(&other, value * value);
        }
        sum += distribution_shift(&before, &same);
        /* `before` is no sample: it has no chance of its own. */
        noise += distribution_noise(&before, &same) - 9.0 / 1000;
        least = fmin(least, distribution_shift(&before, &other));
    }
    assert_near(sum / noise, 1, 0.1);
    assert_true(least > DISTRIBUTION_SHIFTED && least > 4 * noise / 400);
}

static struct json_value written(const struct distribution *distribution, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    struct json_writer json = json_writer_to(out);

    assert_non_null(out);
    json_object_begin(&json, NULL);
    distribution_write(&json, "it", distribution);
    json_object_end(&json);
    assert_int_equal(fclose(out), 0);
    return json_member(json_parse(text, strlen(text)), "it");
}

static void reads_what_it_wrote(void **state)
{
    char text[2048];
    struct distribution distribution = of_hundredths(777, 5), back;
    (void)state;

    assert_true(distribution_read(written(&distribution, text, sizeof text), &back));
    assert_memory_equal(&back, &distribution, sizeof back);
    struct distribution nothing = {.edge_count = 0};
    assert_false(distribution_read(written(&nothing, text, sizeof text), &back));
}

static void refuses_anything_else(void **state)
{
    static const char *const BAD[] = {
        "{}",
        "7",
        "{\"missing\": 1, \"edges\": [1, 2], \"counts\": [1, 1]}",
        "{\"missing\": 1, \"edges\": [2, 1], \"counts\": [1, 1, 1]}",
        "{\"missing\": 1, \"edges\": [\"a\"], \"counts\": [1, 1]}",
        "{\"missing\": -1, \"edges\": [1], \"counts\": [1, 1]}",
        "{\"missing\": 0, \"edges\": [1], \"counts\": [1, -1]}",
        "{\"missing\": 0, \"edges\": [1], \"counts\": [1e308, 1e308]}",
    };
    struct distribution distribution;
    (void)state;

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (distribution_read(json_parse(BAD[i], strlen(BAD[i])), &distribution))
            fail_msg("%s was taken", BAD[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_deciles),         cmocka_unit_test(keeps_equal_values_together),
        cmocka_unit_test(tells_how_far),       cmocka_unit_test(tells_change_from_chance),
        cmocka_unit_test(reads_what_it_wrote), cmocka_unit_test(refuses_anything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
