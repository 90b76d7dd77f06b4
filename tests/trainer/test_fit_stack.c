/* A stack finds the weights that made the labels, gives none below 0, and says when nothing is
 * left. */
#include "tests/unit/scorer/sample.h"
#include "trainer/calibration.h"
#include "trainer/draw.h"
#include "trainer/fit_stack.h"

#define MANY 40000

struct sample {
    struct risk risks[MANY];
    struct training_row rows[MANY];
    struct fit_part part;
};

static const struct risk_stack TRUTH = {
    .intercept = -1, .forest = 0.7, .isolation = 3, .likelihood = 0.4, .likelihood_mean = 0.5};

static double predictor(const struct risk_stack *stack, const struct risk *risk)
{
    double sum = stack->intercept;
    sum += stack->forest * fit_evidence_of(risk, EVIDENCE_FOREST, stack);
    sum += stack->isolation * fit_evidence_of(risk, EVIDENCE_ISOLATION, stack);
    return sum + stack->likelihood * fit_evidence_of(risk, EVIDENCE_LIKELIHOOD, stack);
}

/* Evidence drawn alone, labels by what the stack makes of it; one likelihood in ten is missing. */
static struct sample *make(const struct risk_stack *stack)
{
    struct sample *sample = calloc(1, sizeof *sample);
    struct draw draw;

    assert_non_null(sample);
    draw_seed(&draw, 4, 0);
    for (size_t i = 0; i < MANY; i++) {
        sample->risks[i] = (struct risk){.forest_logit = draw_normal(&draw, -1, 2),
                                         .isolation = 0.3 + 0.4 * draw_unit(&draw),
                                         .likelihood = draw_normal(&draw, 0.5, 2)};
        if (draw_chance(&draw, 0.1))
            sample->risks[i].likelihood = (double)NAN;
        sample->rows[i].weight = 1;
        if (draw_chance(&draw, forest_logistic(predictor(stack, &sample->risks[i]))))
            sample->rows[i].family = ROW_ATTACK_FIRST;
    }
    sample->part = (struct fit_part){.rows = sample->rows, .count = MANY};
    return sample;
}

static struct risk_stack fit(const struct sample *sample)
{
    struct risk_stack stack;
    struct error error = ERROR_NONE;
    if (!fit_stack(sample->risks, &sample->part, &stack, &error))
        fail_msg("%s", error.text);
    return stack;
}

static void finds_the_weights_behind_the_labels(void **state)
{
    struct sample *sample = make(&TRUTH);
    struct risk_stack stack = fit(sample);
    (void)state;
    assert_near(stack.intercept, TRUTH.intercept, 0.15);
    assert_near(stack.forest, TRUTH.forest, 0.03);
    assert_near(stack.isolation, TRUTH.isolation, 0.3);
    assert_near(stack.likelihood, TRUTH.likelihood, 0.03);
    assert_near(stack.likelihood_mean, 0.5, 0.05);
    free(sample);
}

static void is_calibrated_by_the_weights(void **state)
{
    struct sample *sample = make(&TRUTH);
    double *probabilities = calloc(MANY, sizeof *probabilities);
    uint8_t *labels = calloc(MANY, sizeof *labels);
    float *weights = calloc(MANY, sizeof *weights);
    struct calibration calibration;
    (void)state;

    assert_true(probabilities != NULL && labels != NULL && weights != NULL);
    for (size_t i = 0; i < MANY; i++) {
        labels[i] = sample->rows[i].family != ROW_LEGITIMATE;
        weights[i] = sample->rows[i].weight = labels[i] ? 0.25f : 1;
    }
    struct risk_stack stack = fit(sample);
    for (size_t i = 0; i < MANY; i++)
        probabilities[i] = forest_logistic(predictor(&stack, &sample->risks[i]));
    calibration_measure(probabilities, labels, weights, MANY, &calibration);
    assert_true(calibration.error < 0.01);
    assert_near(stack.intercept, TRUTH.intercept + log(0.25), 0.2);
    free(weights);
    free(labels);
    free(probabilities);
    free(sample);
}

/* Isolation speaks for logins that it finds anomalous: without it the others keep their weights. */
static void leaves_out_what_would_lower_the_risk(void **state)
{
    struct risk_stack truth = TRUTH;
    (void)state;
    truth.isolation = -1;
    truth.intercept = 0;
    struct sample *sample = make(&truth);
    struct risk_stack stack = fit(sample);
    assert_true(stack.isolation == 0);
    assert_near(stack.forest, truth.forest, 0.03);
    assert_near(stack.likelihood, truth.likelihood, 0.03);
    assert_near(stack.intercept, -0.5, 0.1); /* of the mean isolation score */
    free(sample);
}

static void likelihood_that_is_left_out_keeps_its_mean(void **state)
{
    struct risk_stack truth = TRUTH;
    (void)state;
    truth.likelihood = -0.3;
    struct sample *sample = make(&truth);
    struct risk_stack stack = fit(sample);
    assert_true(stack.likelihood == 0);
    assert_near(stack.likelihood_mean, 0.5, 0.05);
    assert_near(stack.forest, truth.forest, 0.05);
    free(sample);
}

static void says_when_nothing_is_left(void **state)
{
    const struct risk_stack truth = {.forest = -1, .isolation = -2, .likelihood = -1};
    struct sample *sample = make(&truth);
    struct risk_stack stack;
    struct error error = ERROR_NONE;
    (void)state;
    assert_false(fit_stack(sample->risks, &sample->part, &stack, &error));
    assert_int_equal(error.fault, FAULT_MODEL);
    assert_contains(error.text, "neither forest nor likelihood ratio");
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_weights_behind_the_labels),
        cmocka_unit_test(is_calibrated_by_the_weights),
        cmocka_unit_test(leaves_out_what_would_lower_the_risk),
        cmocka_unit_test(likelihood_that_is_left_out_keeps_its_mean),
        cmocka_unit_test(says_when_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
