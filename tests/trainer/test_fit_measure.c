/* Rankings, intervals and thresholds worked out by hand, or found in tables. */
#include "tests/unit/scorer/sample.h"
#include "trainer/binomial_interval.h"
#include "trainer/fit_measure.h"
#include "trainer/fit_threshold.h"

#define NAIVE ROW_ATTACK_FIRST
#define LOGIN ROW_LEGITIMATE

static struct ranking measure(const double *scores, const uint8_t *families, const float *weights,
                              size_t count)
{
    struct training_row *rows = calloc(count, sizeof *rows);
    struct ranking ranking;
    struct error error = ERROR_NONE;

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        rows[i].family = families[i];
        rows[i].weight = weights != NULL ? weights[i] : 1;
    }
    assert_true(measure_ranking(scores, rows, count, &ranking, &error));
    free(rows);
    return ranking;
}

/*
 * From the top: attack .9; attack and login tied at .5; login .2; attack .1. Pairs: the first
 * attack wins 2 of 2, the second 1.5, the third 0. Precision at each gain: 1/1, 2/3, 3/5.
 */
static void ranks_by_hand(void **state)
{
    const double scores[] = {0.2, 0.5, 0.9, 0.1, 0.5, (double)NAN};
    const uint8_t families[] = {LOGIN, LOGIN, NAIVE, NAIVE, NAIVE + 1, LOGIN};
    struct ranking ranking = measure(scores, families, NULL, LENGTH(scores));
    (void)state;

    assert_int_equal(ranking.legitimate, 2);
    assert_int_equal(ranking.attacks, 3);
    assert_near(ranking.auc, 3.5 / 6, 1e-12);
    assert_near(ranking.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3, 1e-12);
    assert_int_equal(ranking.family[NAIVE].rows, 2);
    assert_near(ranking.family[NAIVE].auc, 0.5, 1e-12);
    assert_near(ranking.family[NAIVE + 1].auc, 0.75, 1e-12);
    /* One login in a hundred of two: none may lie above. */
    assert_near(ranking.recall_at_1pct, 1.0 / 3, 1e-12);
    for (int i = 0; i + 1 < RECALL_CURVE_POINTS; i++)
        assert_near(ranking.recall_curve[i], 1.0 / 3, 1e-12);
    assert_near(ranking.recall_curve[RECALL_CURVE_POINTS - 1], 1, 1e-12);
}

/* A row of weight 3 is three rows to the average precision. */
static void weighs_precision(void **state)
{
    const double scores[] = {0.9, 0.8, 0.7}, thrice[] = {0.9, 0.8, 0.8, 0.8, 0.7};
    const uint8_t families[] = {NAIVE, LOGIN, NAIVE};
    const uint8_t thrice_families[] = {NAIVE, LOGIN, LOGIN, LOGIN, NAIVE};
    const float weights[] = {1, 3, 1};
    struct ranking weighted = measure(scores, families, weights, 3);
    struct ranking repeated = measure(thrice, thrice_families, NULL, 5);
    (void)state;
    assert_near(weighted.average_precision, (1 + 2.0 / 5) / 2, 1e-12);
    assert_near(repeated.average_precision, weighted.average_precision, 1e-12);
}

/* 200 logins: two of them may lie above, and the third one's risk is where the count ends. */
static void counts_recall_at_one_percent(void **state)
{
    double scores[204];
    uint8_t families[204];
    (void)state;
    for (int i = 0; i < 200; i++) {
        scores[i] = i / 1000.0;
        families[i] = LOGIN;
    }
    for (int i = 0; i < 4; i++) {
        scores[200 + i] = (const double[]){0.5, 0.1985, 0.1975, 0.197}[i];
        families[200 + i] = NAIVE;
    }
    /* .1975 is above the third highest login, .197 ties with it. */
    assert_near(measure(scores, families, NULL, 204).recall_at_1pct, 0.75, 1e-12);
}

static void nothing_to_rank_is_not_a_number(void **state)
{
    const double scores[] = {0.2, 0.4};
    const uint8_t families[] = {LOGIN, LOGIN};
    struct ranking ranking = measure(scores, families, NULL, 2);
    (void)state;
    assert_true(isnan(ranking.auc) && isnan(ranking.average_precision));
    assert_true(isnan(ranking.recall_at_1pct));
}

/*
 * Without hits, or with nothing else, (a/2)^(1/n) in closed form; the others are what R's
 * binom.test() says.
 */
static void intervals_are_those_of_clopper_and_pearson(void **state)
{
    static const struct {
        int64_t hits, trials;
        double lowest, highest;
    } KNOWN[] = {
        {0, 10, 0, 0.3084971},  {5, 10, 0.1870860, 0.8129140},    {1, 20, 0.001265089, 0.2487328},
        {20, 20, 0.8315665, 1}, {10, 100, 0.04900469, 0.1762226},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(KNOWN); i++) {
        struct binomial_interval found = binomial_interval(KNOWN[i].hits, KNOWN[i].trials, 0.95);
        assert_near(found.lowest, KNOWN[i].lowest, 5e-8);
        assert_near(found.highest, KNOWN[i].highest, 5e-8);
    }
    for (int64_t n = 1; n < 100000000; n *= 7)
        assert_near(binomial_interval(0, n, 0.95).highest, -expm1(log(0.025) / (double)n), 1e-12);
    assert_near(binomial_interval(0, 0, 0.95).lowest, 0, 0);
    assert_near(binomial_interval(0, 0, 0.95).highest, 1, 0);
}

/* P(at most k of n) by summing the binomial distribution. */
static double tail(int64_t k, int64_t n, double p)
{
    double sum = 0;
    for (int64_t i = 0; i <= k; i++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) +
                   (double)i * log(p) + (double)(n - i) * log1p(-p));
    return sum;
}

/* The definition: at the ends, as many hits or more, and as few, have a chance of 2.5 %. */
static void intervals_leave_their_tails(void **state)
{
    (void)state;
    for (int64_t n = 3; n < 20000; n = n * 3 + 1) {
        for (int64_t k = 1; k < n; k = k * 4 + 1) {
            struct binomial_interval found = binomial_interval(k, n, 0.95);
            assert_near(1 - tail(k - 1, n, found.lowest), 0.025, 1e-8);
            assert_near(tail(k, n, found.highest), 0.025, 1e-8);
        }
    }
}

static void thresholds_hold_their_budget(void **state)
{
    double risks[1000];
    (void)state;
    for (int i = 0; i < 1000; i++)
        risks[i] = i / 1000.0;
    struct fit_threshold threshold = fit_threshold(risks, 1000, 1.0 / 50);
    assert_near(threshold.found.risk, 0.979, 1e-6);
    assert_true((double)threshold.found.risk > 0.979);
    assert_int_equal(threshold.reached, 20);
    assert_false(threshold.extrapolated);
    struct binomial_interval share = binomial_interval(20, 1000, 0.95);
    assert_near(threshold.found.lowest, share.lowest, 1e-7);
    assert_near(threshold.found.highest, share.highest, 1e-7);
    assert_true(threshold.found.lowest < threshold.found.budget);
    assert_true(threshold.found.budget < threshold.found.highest);
}

/* All logins with one risk count against a budget together: none of them may reach it. */
static void ties_stay_within_the_budget(void **state)
{
    double risks[100];
    (void)state;
    for (int i = 0; i < 100; i++)
        risks[i] = i < 90 ? 0.1 : 0.7;
    struct fit_threshold threshold = fit_threshold(risks, 100, 0.05);
    assert_true((double)threshold.found.risk > 0.7);
    assert_int_equal(threshold.reached, 0);
}

static void says_what_cannot_be_held(void **state)
{
    const double risks[] = {0.1, 0.2, 0.3, 0.6};
    struct fit_threshold threshold = fit_threshold(risks, 4, 1.0 / 10000);
    (void)state;
    assert_true(threshold.extrapolated);
    assert_near(threshold.found.risk, 0.8, 1e-6);
    assert_int_equal(threshold.reached, 0);
    assert_near(threshold.found.highest, 1 - pow(0.025, 0.25), 1e-6);
    assert_near(fit_logins_needed(1.0 / 10000), 30000, 1e-6);

    struct fit_threshold never = fit_threshold(risks, 4, 0);
    assert_true(never.found.risk > 1);
    assert_false(never.extrapolated);
    assert_true(never.found.highest == 0);
    assert_true(fit_logins_needed(0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_by_hand),
        cmocka_unit_test(weighs_precision),
        cmocka_unit_test(counts_recall_at_one_percent),
        cmocka_unit_test(nothing_to_rank_is_not_a_number),
        cmocka_unit_test(intervals_are_those_of_clopper_and_pearson),
        cmocka_unit_test(intervals_leave_their_tails),
        cmocka_unit_test(thresholds_hold_their_budget),
        cmocka_unit_test(ties_stay_within_the_budget),
        cmocka_unit_test(says_what_cannot_be_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
