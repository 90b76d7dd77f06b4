/* What the parts of a model make together, and how it is shared out. */
#include "tests/unit/scorer/sample.h"

/* A question on the first feature: 0.2 to the left, 0.8 to the right, NAN right. */
static const struct grown_node STUMP[] = {
    {.left = 1, .right = 2, .column = 0, .missing_right = true, .threshold = 1.5f, .value = 0.4f},
    {.value = 0.2f},
    {.value = 0.8f},
};
static const struct grown_tree STUMP_TREE = {STUMP, LENGTH(STUMP)};

struct opened {
    void *bytes;
    struct risk_model model;
};

static struct risk_model_facts stump_facts(void)
{
    struct risk_model_facts facts = sample_facts();
    facts.forest = &STUMP_TREE;
    facts.forest_trees = 1;
    return facts;
}

static struct opened open_facts(const struct risk_model_facts *facts)
{
    struct opened opened;
    struct error error = ERROR_NONE;
    size_t size;
    if (!risk_model_build(facts, &opened.bytes, &size, &error) ||
        !risk_model_open_checked(&opened.model, opened.bytes, size, &error))
        fail_msg("%s", error.text);
    return opened;
}

static double log_odds(double probability)
{
    return log(probability / (1 - probability));
}

static void test_the_parts_are_stacked_by_their_weights(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    facts.stack = (struct risk_stack){
        .intercept = -1, .forest = 0.7, .isolation = 2, .likelihood = 0.1, .likelihood_mean = -3};
    struct opened opened = open_facts(&facts);
    float features[FEATURE_COUNT] = {[0] = 2, [1] = 5, [FEATURE_LIKELIHOOD] = 4};
    struct risk risk;
    assert_true(risk_assess(&opened.model, features, &risk, NULL));
    /* Both isolation trees end at a path of 3. */
    double isolation = pow(2, -3 / isolation_mean_path(256));
    assert_near(risk.forest_logit, log_odds(0.8), 1e-6);
    assert_near(risk.isolation, isolation, 1e-7);
    double all = -1 + 0.7 * log_odds(0.8) + 2 * isolation + 0.4;
    assert_near(risk.probability, 1 / (1 + exp(-all)), 1e-7);
    features[FEATURE_LIKELIHOOD] = NAN; /* counts as its mean */
    assert_true(risk_assess(&opened.model, features, &risk, NULL));
    assert_near(risk.probability, 1 / (1 + exp(-(all - 0.4 - 0.3))), 1e-7);
    free(opened.bytes);
}

static void test_boosted_steps_add_up_to_log_odds(void **state)
{
    (void)state;
    static const struct grown_node STEP[] = {
        {.left = 1, .right = 2, .column = 0, .threshold = 1.5f, .value = 0.1f},
        {.value = -0.5f},
        {.value = 1.25f},
    };
    const struct grown_tree steps[] = {{STEP, 3}, {STEP, 3}, {STEP, 3}};
    struct risk_model_facts facts = sample_facts();
    facts.forest_kind = FOREST_BOOSTED;
    facts.forest_bias = -2;
    facts.forest = steps;
    facts.forest_trees = LENGTH(steps);
    struct opened opened = open_facts(&facts);
    const float features[FEATURE_COUNT] = {[0] = 2};
    struct risk risk;
    assert_true(risk_assess(&opened.model, features, &risk, NULL));
    assert_near(risk.forest_logit, -2 + 3 * 1.25, 1e-6);
    assert_near(risk_base(&opened.model), 1 / (1 + exp(2 - 0.3)), 1e-6);
    free(opened.bytes);
}

static void test_a_share_goes_to_the_feature_that_was_asked(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    struct opened opened = open_facts(&facts);
    const float features[FEATURE_COUNT] = {[0] = 3};
    double shares[FEATURE_COUNT];
    assert_true(risk_shares(&opened.model, features, shares, NULL));
    assert_near(risk_base(&opened.model), 0.4, 1e-6);
    assert_near(shares[0], 0.4, 1e-6);
    for (unsigned i = 1; i < FEATURE_COUNT; i++)
        assert_near(shares[i], 0, 0);
    free(opened.bytes);
}

static void assert_shares_add_up(struct risk_model_facts *facts, uint64_t seed)
{
    struct grown_tree *forest = sample_trees(50, 6, FEATURE_COUNT, seed);
    struct grown_tree *isolation = sample_trees(30, 6, FEATURE_COUNT, seed + 1);
    facts->forest = forest;
    facts->forest_trees = 50;
    facts->isolation = isolation;
    facts->isolation_trees = 30;
    struct opened opened = open_facts(facts);
    for (unsigned round = 0; round < 200; round++) {
        float features[FEATURE_COUNT];
        double shares[FEATURE_COUNT], sum = risk_base(&opened.model);
        struct risk risk;
        sample_row(features, FEATURE_COUNT, &seed);
        assert_true(risk_assess(&opened.model, features, &risk, NULL));
        assert_true(risk_shares(&opened.model, features, shares, NULL));
        for (unsigned i = 0; i < FEATURE_COUNT; i++)
            sum += shares[i];
        assert_near(sum, risk.probability, 1e-9);
    }
    free(opened.bytes);
    grown_trees_free(forest, 50);
    grown_trees_free(isolation, 30);
}

static void test_shares_add_up_to_the_risk(void **state)
{
    (void)state;
    struct risk_model_facts facts = sample_facts();
    assert_shares_add_up(&facts, 3);
    facts.stack = (struct risk_stack){
        .intercept = 0.3, .forest = 0.8, .isolation = 4, .likelihood = 0.2, .likelihood_mean = 1};
    assert_shares_add_up(&facts, 4);
    facts.forest_kind = FOREST_BOOSTED;
    facts.forest_bias = -25; /* beyond the bounds of log-odds */
    assert_shares_add_up(&facts, 5);
}

/* A forest that is sure of itself: its log-odds end somewhere. */
static void test_a_share_of_nothing_and_of_everything_stay_finite(void **state)
{
    (void)state;
    static const struct grown_node SURE[] = {
        {.left = 1, .right = 2, .column = 0, .threshold = 0, .value = 0.5f},
        {.value = 0},
        {.value = 1},
    };
    const struct grown_tree tree = {SURE, LENGTH(SURE)};
    struct risk_model_facts facts = sample_facts();
    facts.forest = &tree;
    facts.forest_trees = 1;
    struct opened opened = open_facts(&facts);
    for (int side = -1; side <= 1; side += 2) {
        const float features[FEATURE_COUNT] = {[0] = (float)side};
        double shares[FEATURE_COUNT];
        struct risk risk;
        assert_true(risk_assess(&opened.model, features, &risk, NULL));
        assert_near(risk.forest_logit, side * FOREST_MOST_LOGIT, 0);
        assert_true(risk_shares(&opened.model, features, shares, NULL));
        assert_near(shares[0], risk.probability - 0.5, 1e-9);
    }
    free(opened.bytes);
}

/* sample_facts() has the budgets 0.02, 0.005 and 0.0001, and quantiles of i / 100. */
static void test_a_budget_has_its_threshold_or_the_next_quantile(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    struct opened opened = open_facts(&facts);
    const struct risk_model *model = &opened.model;
    assert_near(risk_quantile_share(0), 1, 0);
    assert_near(risk_quantile_share(63), 1e-6, 1e-12);
    assert_near(risk_quantile_share(21), 1e-2, 1e-8);
    assert_near(risk_threshold_for(model, 0.02), 0.3, 1e-7);
    assert_near(risk_threshold_for(model, 0.005), 0.4, 1e-7);
    assert_near(risk_threshold_for(model, 0.0001), 0.5, 1e-7);
    assert_near(risk_threshold_for(model, risk_quantile_share(21)), 0.21, 1e-6);
    double between = sqrt(risk_quantile_share(21) * risk_quantile_share(22));
    assert_near(risk_threshold_for(model, between), 0.22, 1e-6);
    assert_near(risk_threshold_for(model, 1e-6), 0.63, 1e-6);
    assert_near(risk_threshold_for(model, 1), 0, 0);
    free(opened.bytes);
}

static void test_no_budget_and_budgets_beyond_the_quantiles_are_never_reached(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    struct opened opened = open_facts(&facts);
    assert_near(risk_threshold_for(&opened.model, 0), 2, 0);
    assert_near(risk_threshold_for(&opened.model, -1), 2, 0);
    assert_near(risk_threshold_for(&opened.model, (double)NAN), 2, 0);
    assert_near(risk_threshold_for(&opened.model, 1e-7), 2, 0);
    free(opened.bytes);
}

static void test_logins_that_tie_at_a_quantile_stay_below_its_threshold(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++)
        facts.legitimate_quantiles[i] = 0.25f;
    struct opened opened = open_facts(&facts);
    assert_true(risk_threshold_for(&opened.model, 0.01) > 0.25f);
    free(opened.bytes);
}

static void test_a_quantile_above_one_becomes_a_threshold_no_risk_reaches(void **state)
{
    (void)state;
    struct risk_model_facts facts = stump_facts();
    facts.legitimate_quantiles[63] = nextafterf(1, 2);
    struct opened opened = open_facts(&facts);
    assert_true(risk_threshold_for(&opened.model, 1e-6) > 1);
    free(opened.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_parts_are_stacked_by_their_weights),
        cmocka_unit_test(test_boosted_steps_add_up_to_log_odds),
        cmocka_unit_test(test_a_share_goes_to_the_feature_that_was_asked),
        cmocka_unit_test(test_shares_add_up_to_the_risk),
        cmocka_unit_test(test_a_share_of_nothing_and_of_everything_stay_finite),
        cmocka_unit_test(test_a_budget_has_its_threshold_or_the_next_quantile),
        cmocka_unit_test(test_no_budget_and_budgets_beyond_the_quantiles_are_never_reached),
        cmocka_unit_test(test_logins_that_tie_at_a_quantile_stay_below_its_threshold),
        cmocka_unit_test(test_a_quantile_above_one_becomes_a_threshold_no_risk_reaches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
