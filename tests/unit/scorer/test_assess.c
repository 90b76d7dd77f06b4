#include "scorer/assess.h"
#include "tests/unit/scorer/sample.h"

/* Many attempts from the address, then from the network, then many names: each raises the risk. */
static const struct grown_node ATTEMPTS[] = {
    {.left = 1, .right = 2, .column = FEATURE_SOURCE_ATTEMPTS_1M, .threshold = 2, .value = 0.2f},
    {.value = 0.1f},
    {.left = 3, .right = 4, .column = FEATURE_SOURCE_NAMES_1H, .threshold = 2, .value = 0.5f},
    {.value = 0.4f},
    {.value = 0.9f},
};
static const struct grown_node HISTORY[] = {
    {.left = 1, .right = 2, .column = FEATURE_LOGINS_LEARNED, .threshold = 1, .value = 0.3f},
    {.value = 0.1f},
    {.value = 0.6f},
};
static const struct grown_tree TREES[] = {{ATTEMPTS, LENGTH(ATTEMPTS)}, {HISTORY, 3}};

static const struct policy POLICY = {
    .deny_budget = 1e-4, .step_up_budget = 1e-3, .log_budget = 1e-2, .min_history = 5};

static void *model_bytes;
static struct risk_model model;

static int open_model(void **state)
{
    (void)state;
    size_t size;
    struct risk_model_facts facts = sample_facts();
    facts.forest = TREES;
    facts.forest_trees = LENGTH(TREES);
    return risk_model_build(&facts, &model_bytes, &size, NULL) &&
                   risk_model_open_checked(&model, model_bytes, size, NULL)
               ? 0
               : -1;
}

static int close_model(void **state)
{
    (void)state;
    free(model_bytes);
    return 0;
}

static struct assessment assess_after(unsigned names)
{
    struct history history;
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    struct policy_facts facts = {.learned_logins = 0};
    struct assessment assessment;
    history_init(&history);
    for (unsigned i = 0; i < names; i++) {
        struct login_event past = event;
        snprintf(past.user, sizeof past.user, "guess%u", i);
        history_learn(&history, &event, &past);
    }
    assert_true(assess_login(&event, &history, &model, &POLICY, &facts, &assessment, NULL));
    return assessment;
}

static void test_a_quiet_login_is_allowed_without_reasons(void **state)
{
    (void)state;
    char text[200];
    struct assessment assessment = assess_after(0);
    assert_near(assessment.risk, 0.1, 1e-6);
    assert_int_equal(assessment.verdict, VERDICT_ALLOW);
    assert_int_equal(assessment.reason_count, 0);
    assert_string_equal(assessment_reasons_text(&assessment, text, sizeof text), "");
}

static void test_a_spray_is_stopped_with_its_reasons_in_order(void **state)
{
    (void)state;
    char text[200];
    struct assessment assessment = assess_after(10);
    assert_near(assessment.risk, 0.5, 1e-6);
    assert_int_equal(assessment.verdict, VERDICT_STEP_UP);
    assert_int_equal(assessment.rule, RULE_HISTORY);
    /* logins_learned lowered the risk: no reason. */
    assert_int_equal(assessment.reason_count, 2);
    assert_int_equal(assessment.reasons[0].feature, FEATURE_SOURCE_NAMES_1H);
    assert_near(assessment.reasons[0].share, 0.2, 1e-6);
    assert_near(assessment.reasons[0].value, 10, 0);
    assert_int_equal(assessment.reasons[1].feature, FEATURE_SOURCE_ATTEMPTS_1M);
    assert_near(assessment.reasons[1].share, 0.15, 1e-6);
    assert_string_equal(assessment_reasons_text(&assessment, text, sizeof text),
                        "many names tried from this address (0.20), "
                        "many attempts from this address (0.15)");
}

static void test_features_that_say_the_same_are_one_reason(void **state)
{
    (void)state;
    char text[200];
    struct assessment assessment = {
        .reason_count = 4,
        .reasons = {{.feature = FEATURE_COUNTRY_SEEN, .share = 0.30f},
                    {.feature = FEATURE_SOURCE_ATTEMPTS_1M, .share = 0.20f},
                    {.feature = FEATURE_SOURCE_ATTEMPTS_1H, .share = 0.15f},
                    {.feature = FEATURE_ASN_SEEN, .share = 0.05f}},
    };
    assert_string_equal(assessment_reasons_text(&assessment, text, sizeof text),
                        "many attempts from this address (0.35), "
                        "new country for this user (0.30), new provider for this user (0.05)");
}

static void test_reasons_are_cut_at_the_capacity(void **state)
{
    (void)state;
    char text[200];
    struct assessment assessment = assess_after(10);
    for (size_t capacity = 1; capacity < sizeof text; capacity++) {
        memset(text, 'x', sizeof text);
        assessment_reasons_text(&assessment, text, capacity);
        assert_true(strlen(text) < capacity);
        if (capacity < sizeof text - 1)
            assert_int_equal(text[capacity], 'x');
    }
}

static void test_only_the_strongest_reasons_are_kept(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    struct risk_model many;
    sample_model(60, 6, 9, &bytes, &size);
    assert_true(risk_model_open_checked(&many, bytes, size, NULL));
    struct policy policy = {.log_budget = 1};
    struct policy_facts facts = {.learned_logins = 10};
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    struct history history;
    struct assessment assessment;
    double shares[FEATURE_COUNT];
    history_init(&history);
    assert_true(assess_login(&event, &history, &many, &policy, &facts, &assessment, NULL));
    assert_int_equal(assessment.verdict, VERDICT_LOG);
    assert_int_equal(assessment.reason_count, ASSESSMENT_REASONS);
    assert_true(risk_shares(&many, assessment.features, shares, NULL));
    unsigned stronger = 0;
    float weakest = assessment.reasons[ASSESSMENT_REASONS - 1].share;
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        stronger += (float)shares[i] > weakest;
    assert_true(stronger < ASSESSMENT_REASONS);
    for (unsigned i = 1; i < ASSESSMENT_REASONS; i++)
        assert_true(assessment.reasons[i].share <= assessment.reasons[i - 1].share);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quiet_login_is_allowed_without_reasons),
        cmocka_unit_test(test_a_spray_is_stopped_with_its_reasons_in_order),
        cmocka_unit_test(test_features_that_say_the_same_are_one_reason),
        cmocka_unit_test(test_reasons_are_cut_at_the_capacity),
        cmocka_unit_test(test_only_the_strongest_reasons_are_kept),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
