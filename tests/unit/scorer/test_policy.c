#include "scorer/policy.h"
#include "tests/unit/scorer/sample.h"

/* The sample has its quantiles 0.21 and 0.32 for budgets of 1e-2 and 1e-3, and a threshold of 0.5
 * for 1e-4. */
static const struct policy POLICY = {
    .deny_budget = 1e-4, .step_up_budget = 1e-3, .log_budget = 1e-2, .min_history = 5};
static const struct policy_facts KNOWN = {.learned_logins = 100};

static void *model_bytes;
static struct risk_model model;

static int open_model(void **state)
{
    (void)state;
    size_t size;
    sample_model(1, 2, 1, &model_bytes, &size);
    return risk_model_open_checked(&model, model_bytes, size, NULL) ? 0 : -1;
}

static int close_model(void **state)
{
    (void)state;
    free(model_bytes);
    return 0;
}

static void assert_decides(const struct policy *policy, double risk, struct policy_facts facts,
                           enum verdict verdict, enum policy_rule rule)
{
    enum policy_rule found;
    assert_int_equal(policy_decide(policy, &model, risk, &facts, &found), verdict);
    assert_int_equal(found, rule);
}

static void test_names_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        enum verdict verdict;
        assert_true(verdict_from_name(verdict_name(i), &verdict));
        assert_int_equal(verdict, i);
    }
    enum verdict verdict;
    assert_false(verdict_from_name("perhaps", &verdict));
    assert_string_equal(verdict_name((enum verdict)9), "unknown");
    assert_string_equal(policy_rule_name(RULE_HISTORY), "history");
    assert_string_equal(policy_rule_name((enum policy_rule)9), "unknown");
}

static void test_risk_alone_decides_for_a_known_user(void **state)
{
    (void)state;
    assert_decides(&POLICY, 0, KNOWN, VERDICT_ALLOW, RULE_NONE);
    assert_decides(&POLICY, 0.2, KNOWN, VERDICT_ALLOW, RULE_NONE);
    assert_decides(&POLICY, 0.22, KNOWN, VERDICT_LOG, RULE_NONE);
    assert_decides(&POLICY, 0.33, KNOWN, VERDICT_STEP_UP, RULE_NONE);
    assert_decides(&POLICY, 0.51, KNOWN, VERDICT_DENY, RULE_NONE);
    assert_decides(&POLICY, 1, KNOWN, VERDICT_DENY, RULE_NONE);
}

static void test_a_risk_at_its_threshold_gives_the_verdict(void **state)
{
    (void)state;
    float threshold = risk_threshold_for(&model, POLICY.deny_budget);
    assert_decides(&POLICY, (double)threshold, KNOWN, VERDICT_DENY, RULE_NONE);
    assert_decides(&POLICY, (double)nextafterf(threshold, 0), KNOWN, VERDICT_STEP_UP, RULE_NONE);
}

static void test_no_budget_is_never_spent(void **state)
{
    (void)state;
    struct policy policy = POLICY;
    policy.deny_budget = 0;
    assert_decides(&policy, 1, KNOWN, VERDICT_STEP_UP, RULE_NONE);
    policy.step_up_budget = policy.log_budget = 0;
    assert_decides(&policy, 1, KNOWN, VERDICT_ALLOW, RULE_NONE);
}

static void test_nobody_is_denied_with_little_history(void **state)
{
    (void)state;
    struct policy_facts facts = {.learned_logins = 4};
    assert_decides(&POLICY, 1, facts, VERDICT_STEP_UP, RULE_HISTORY);
    assert_decides(&POLICY, 0.33, facts, VERDICT_STEP_UP, RULE_NONE);
    facts.learned_logins = 5;
    assert_decides(&POLICY, 1, facts, VERDICT_DENY, RULE_NONE);
}

static void test_root_is_denied_only_when_configured(void **state)
{
    (void)state;
    struct policy_facts facts = {.is_root = true, .learned_logins = 100};
    struct policy policy = POLICY;
    assert_decides(&policy, 1, facts, VERDICT_STEP_UP, RULE_ROOT);
    assert_decides(&policy, 0.22, facts, VERDICT_LOG, RULE_NONE);
    policy.deny_root = true;
    assert_decides(&policy, 1, facts, VERDICT_DENY, RULE_NONE);
    facts.learned_logins = 0;
    assert_decides(&policy, 1, facts, VERDICT_STEP_UP, RULE_HISTORY);
}

static void test_the_exempt_are_at_most_logged(void **state)
{
    (void)state;
    struct policy_facts facts = {.exempt = true, .learned_logins = 100};
    assert_decides(&POLICY, 1, facts, VERDICT_LOG, RULE_EXEMPT);
    assert_decides(&POLICY, 0.33, facts, VERDICT_LOG, RULE_EXEMPT);
    assert_decides(&POLICY, 0.22, facts, VERDICT_LOG, RULE_EXEMPT);
    assert_decides(&POLICY, 0.1, facts, VERDICT_ALLOW, RULE_NONE);
}

static void test_exemption_comes_before_root_and_root_before_history(void **state)
{
    (void)state;
    struct policy_facts facts = {.exempt = true, .is_root = true};
    assert_decides(&POLICY, 1, facts, VERDICT_LOG, RULE_EXEMPT);
    facts.exempt = false;
    assert_decides(&POLICY, 1, facts, VERDICT_STEP_UP, RULE_ROOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_read_back),
        cmocka_unit_test(test_risk_alone_decides_for_a_known_user),
        cmocka_unit_test(test_a_risk_at_its_threshold_gives_the_verdict),
        cmocka_unit_test(test_no_budget_is_never_spent),
        cmocka_unit_test(test_nobody_is_denied_with_little_history),
        cmocka_unit_test(test_root_is_denied_only_when_configured),
        cmocka_unit_test(test_the_exempt_are_at_most_logged),
        cmocka_unit_test(test_exemption_comes_before_root_and_root_before_history),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
