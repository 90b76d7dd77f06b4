/* Coefficients that scikit-learn finds, and calibrations worked out by hand. */
#include "tests/unit/scorer/sample.h"
#include "trainer/calibration.h"
#include "trainer/draw.h"
#include "trainer/fit_logistic.h"

static const struct logistic_options USUAL = {.penalty = 1, .most_steps = 100, .tolerance = 1e-10};

#define ROWS 8
static const float TABLE[ROWS * 2] = {1, 20, 2, 35, 3, NAN, 4, 10, 5, 60, 6, 45, 7, 15, 8, 80};
static const uint8_t LABELS[ROWS] = {0, 0, 1, 0, 1, 0, 1, 1};

static struct logistic_model fit(const float *table, size_t rows, unsigned columns,
                                 const uint8_t *labels, struct logistic_options options)
{
    struct logistic_model model;
    struct error error = ERROR_NONE;
    if (!fit_logistic(table, rows, columns, labels, &options, &model, &error))
        fail_msg("%s", error.text);
    return model;
}

/*
 * Computed by scikit-learn 1.2.1: StandardScaler, missing values then 0, LogisticRegression of that
 * C = 1 / penalty, solver="newton-cg" and tol=1e-12.
 */
static void test_coefficients_are_those_of_scikit_learn(void **state)
{
    const struct {
        double penalty, first, second, intercept, third_row;
    } found[] = {{1, 0.65913289, 0.50819546, 0.03003714, 0.40096002},
                 {10, 0.17214732, 0.13586453, 0.00071631, 0.47203408}};
    (void)state;
    for (size_t i = 0; i < LENGTH(found); i++) {
        struct logistic_options options = USUAL;
        options.penalty = found[i].penalty;
        struct logistic_model model = fit(TABLE, ROWS, 2, LABELS, options);
        assert_true(model.converged);
        assert_near(model.coefficients[0], found[i].first, 1e-6);
        assert_near(model.coefficients[1], found[i].second, 1e-6);
        assert_near(model.intercept, found[i].intercept, 1e-6);
        assert_near(logistic_probability(&model, &TABLE[4]), found[i].third_row, 1e-6);
        logistic_model_free(&model);
    }
}

/* Rows of weight 2 and 0 are rows that stand there twice and not at all. */
static void test_weights_are_repeated_rows(void **state)
{
    const float weights[ROWS] = {1, 2, 1, 2, 0, 1, 2, 1};
    float table[2 * ROWS * 2];
    uint8_t labels[2 * ROWS];
    size_t rows = 0;
    struct logistic_options options = USUAL;
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (int times = (int)weights[i]; times > 0; times--) {
            memcpy(table + 2 * rows, TABLE + 2 * i, 2 * sizeof *table);
            labels[rows++] = LABELS[i];
        }
    }
    struct logistic_model repeated = fit(table, rows, 2, labels, options);
    options.weights = weights;
    struct logistic_model weighted = fit(TABLE, ROWS, 2, LABELS, options);
    assert_true(weighted.converged);
    assert_near(weighted.intercept, repeated.intercept, 1e-9);
    for (int i = 0; i < 2; i++) {
        assert_near(weighted.means[i], repeated.means[i], 1e-9);
        assert_near(weighted.deviations[i], repeated.deviations[i], 1e-9);
        assert_near(weighted.coefficients[i], repeated.coefficients[i], 1e-9);
    }
    logistic_model_free(&repeated);
    logistic_model_free(&weighted);
}

static void test_unsound_weights_are_refused(void **state)
{
    const float table[] = {1, 2}, negative[] = {1, -1}, one_label[] = {1, 0};
    const uint8_t labels[] = {0, 1};
    struct logistic_options options = USUAL;
    struct logistic_model model;
    struct error error = ERROR_NONE;
    (void)state;
    options.weights = negative;
    assert_false(fit_logistic(table, 2, 1, labels, &options, &model, &error));
    assert_contains(error.text, "row 2 has the weight -1");
    options.weights = one_label;
    error = (struct error)ERROR_NONE;
    assert_false(fit_logistic(table, 2, 1, labels, &options, &model, &error));
    assert_contains(error.text, "both labels: 0 of 1");
}

static void test_a_missing_value_is_the_mean(void **state)
{
    struct logistic_model model = fit(TABLE, ROWS, 2, LABELS, USUAL);
    const float missing[] = {4, NAN}, mean[] = {4, 265.0f / 7};
    (void)state;
    assert_near(model.means[0], 4.5, 1e-12);
    assert_near(model.means[1], 265.0 / 7, 1e-12); /* of the seven known */
    assert_near(logistic_probability(&model, missing), logistic_probability(&model, mean), 1e-6);
    logistic_model_free(&model);
}

/* Nothing but an intercept: it is the log odds of the labels, ln(3 / 1). */
static void test_a_constant_column_tells_nothing(void **state)
{
    const float table[] = {0.1f, 0.1f, 0.1f, 0.1f};
    const uint8_t labels[] = {1, 1, 0, 1};
    struct logistic_options options = USUAL;
    (void)state;
    for (options.penalty = 0; options.penalty < 2; options.penalty++) {
        struct logistic_model model = fit(table, 4, 1, labels, options);
        assert_true(model.converged);
        assert_true(model.coefficients[0] == 0);
        assert_near(model.intercept, log(3), 1e-9);
        logistic_model_free(&model);
    }
}

static void test_not_converging_is_told(void **state)
{
    struct logistic_options options = USUAL;
    (void)state;
    options.most_steps = 1;
    struct logistic_model model = fit(TABLE, ROWS, 2, LABELS, options);
    assert_false(model.converged);
    assert_int_equal(model.steps, 1);
    logistic_model_free(&model);
}

static void assert_refused(const float *table, unsigned columns, const uint8_t *labels,
                           double penalty, const char *text)
{
    struct logistic_options options = USUAL;
    struct logistic_model model;
    struct error error = ERROR_NONE;
    options.penalty = penalty;
    assert_false(fit_logistic(table, 4, columns, labels, &options, &model, &error));
    assert_contains(error.text, text);
}

static void test_what_cannot_be_fitted_is_refused(void **state)
{
    const float sound[] = {1, 2, 3, 4}, infinite[] = {1, 2, INFINITY, 4};
    const float twice[] = {1, 1, 2, 2, 3, 3, 4, 4};
    const uint8_t labels[] = {0, 1, 0, 1}, ones[] = {1, 1, 1, 1}, wrong[] = {0, 1, 2, 1};
    (void)state;
    assert_refused(sound, 0, labels, 1, "columns, not 0");
    assert_refused(sound, 1, ones, 1, "rows of both labels: 4 of 4");
    assert_refused(sound, 1, wrong, 1, "row 3 has the label 2");
    assert_refused(sound, 1, labels, -1, "penalty");
    assert_refused(sound, 1, labels, (double)NAN, "penalty");
    assert_refused(infinite, 1, labels, 1, "row 3 has an infinite value in column 1");
    assert_refused(twice, 2, labels, 0, "depend on each other");
}

static void test_far_values_stay_finite(void **state)
{
    const float table[] = {-1e30f, 1e30f, 1e-30f, 1};
    const uint8_t labels[] = {0, 1, 0, 1};
    struct logistic_model model = fit(table, 4, 1, labels, USUAL);
    const float far[] = {3e38f, -3e38f};
    (void)state;
    assert_true(model.converged);
    assert_true(logistic_probability(&model, &far[0]) == 1);
    assert_near(logistic_probability(&model, &far[1]), 0, 1e-12);
    logistic_model_free(&model);
}

/* (0.1² + 0.6² + 0² + 0.25²) / 4 = (0.01 + 0.36 + 0 + 0.0625) / 4 */
static void test_calibration_by_hand(void **state)
{
    const double probabilities[] = {0.1, 0.4, 1, 0.25};
    const uint8_t labels[] = {0, 1, 1, 0};
    struct calibration calibration;
    (void)state;
    calibration_measure(probabilities, labels, NULL, 4, &calibration);
    assert_near(calibration.brier, 0.108125, 1e-12);
    assert_int_equal(calibration.bins[0].rows, 0);
    assert_int_equal(calibration.bins[1].rows, 1); /* from 0.1 on */
    assert_int_equal(calibration.bins[2].rows, 1);
    assert_int_equal(calibration.bins[4].rows, 1);
    assert_int_equal(calibration.bins[9].rows, 1); /* 1 belongs to the last */
    assert_near(calibration.bins[2].predicted, 0.25, 1e-12);
    assert_near(calibration.bins[2].observed, 0, 0);
    assert_near(calibration.bins[4].observed, 1, 0);
    assert_near(calibration.error, (0.1 + 0.6 + 0 + 0.25) / 4, 1e-12);
    calibration_measure(probabilities, labels, NULL, 0, &calibration);
    assert_true(calibration.brier == 0);
}

static void test_calibration_counts_weights(void **state)
{
    const double probabilities[] = {0.2, 0.25, 0.25};
    const uint8_t labels[] = {1, 0, 0};
    const float weights[] = {1, 3, 0};
    struct calibration calibration;
    (void)state;
    calibration_measure(probabilities, labels, weights, 3, &calibration);
    assert_near(calibration.brier, (0.64 + 3 * 0.0625) / 4, 1e-12);
    assert_near(calibration.bins[2].predicted, 0.95 / 4, 1e-12);
    assert_near(calibration.bins[2].observed, 0.25, 1e-12);
    assert_near(calibration.error, 0.25 - 0.95 / 4, 1e-12);
    assert_int_equal(calibration.bins[2].rows, 3);
}

/* Labels drawn by the probabilities themselves: each bin holds what it says. */
static void test_calibrated_probabilities_look_so(void **state)
{
    enum { MANY = 100000 };
    double *probabilities = calloc(MANY, sizeof *probabilities);
    uint8_t *labels = calloc(MANY, sizeof *labels);
    struct calibration calibration;
    struct draw draw;
    (void)state;
    assert_true(probabilities != NULL && labels != NULL);
    draw_seed(&draw, 6, 0);
    for (size_t i = 0; i < MANY; i++) {
        probabilities[i] = draw_unit(&draw);
        labels[i] = draw_chance(&draw, probabilities[i]);
    }
    calibration_measure(probabilities, labels, NULL, MANY, &calibration);
    assert_near(calibration.brier, 1.0 / 6, 0.003); /* the integral of p (1 - p) */
    for (size_t i = 0; i < CALIBRATION_BINS; i++)
        assert_near(calibration.bins[i].observed, calibration.bins[i].predicted, 0.02);
    free(labels);
    free(probabilities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coefficients_are_those_of_scikit_learn),
        cmocka_unit_test(test_weights_are_repeated_rows),
        cmocka_unit_test(test_unsound_weights_are_refused),
        cmocka_unit_test(test_a_missing_value_is_the_mean),
        cmocka_unit_test(test_a_constant_column_tells_nothing),
        cmocka_unit_test(test_not_converging_is_told),
        cmocka_unit_test(test_what_cannot_be_fitted_is_refused),
        cmocka_unit_test(test_far_values_stay_finite),
        cmocka_unit_test(test_calibration_by_hand),
        cmocka_unit_test(test_calibration_counts_weights),
        cmocka_unit_test(test_calibrated_probabilities_look_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
