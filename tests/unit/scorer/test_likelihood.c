#include "scorer/likelihood.h"
#include "tests/unit/scorer/sample.h"

static void test_ratios_computed_by_hand(void **state)
{
    (void)state;
    /* p = (1 + 1) / (8 + 2) = 0.2; (3 + 5 p) / (5 + 5) = 0.4. */
    assert_near(likelihood_ratio(3, 5, 1, 8), log(0.2 / 0.4), 1e-12);
    /* Unseen: p = 1 / 10, (0 + 0.5) / (15 + 5) = 0.025. */
    assert_near(likelihood_ratio(0, 15, 0, 8), log(0.1 / 0.025), 1e-12);
    /* Without any history user and population are the same. */
    assert_near(likelihood_ratio(0, 0, 0, 0), 0, 1e-12);
}

static void test_an_unseen_value_counts_more_the_longer_the_history(void **state)
{
    (void)state;
    double few = likelihood_ratio(0, 2, 10, 1000), many = likelihood_ratio(0, 200, 10, 1000);
    assert_true(0 < few && few < many);
    assert_true(likelihood_ratio(100, 200, 10, 1000) < 0);
}

static void test_a_whole_login_computed_by_hand(void **state)
{
    (void)state;
    struct history history;
    struct login_event event = sample_login();
    history_init(&history);
    profile_learn(&history.profile, &event);
    history.population.logins = 8;
    history.population.value[POPULATION_PREFIX].logins = 1;  /* p = 0.2 */
    history.population.value[POPULATION_ASN].logins = 3;     /* p = 0.4 */
    history.population.value[POPULATION_COUNTRY].logins = 7; /* p = 0.8 */
    history.population.value[POPULATION_DEVICE].logins = 4;  /* p = 0.5 */
    /* One login, this one: each value's share for the user is (1 + 5 p) / 6. */
    double all = 0.6 * 0.2 + 0.3 * 0.4 + 0.1 * 0.8;
    double user = (0.6 * 2 + 0.3 * 3 + 0.1 * 5) / 6;
    double device = log(0.5 / (3.5 / 6));
    double hour = log(0.125 / ((1 + 5 * 0.125) / 6));
    double weekday = log(1.0 / 7 / ((1 + 5.0 / 7) / 6));
    assert_near(likelihood_login(&event, &history), log(all / user) + device + hour + weekday,
                1e-6);
}

static void test_values_without_evidence_move_nothing(void **state)
{
    (void)state;
    struct history history;
    struct login_event event = sample_login(), vague = event;
    history_init(&history);
    profile_learn(&history.profile, &event);
    vague.source = (struct ip_address){0};
    vague.place = PLACE_NONE;
    vague.device[0] = '\0';
    double hour = log(0.125 / ((1 + 5 * 0.125) / 6));
    double weekday = log(1.0 / 7 / ((1 + 5.0 / 7) / 6));
    assert_near(likelihood_login(&vague, &history), hour + weekday, 1e-6);
}

static void test_a_user_without_history_has_no_likelihood(void **state)
{
    (void)state;
    struct history history;
    struct login_event event = sample_login();
    history_init(&history);
    assert_true(isnan(likelihood_login(&event, &history)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratios_computed_by_hand),
        cmocka_unit_test(test_an_unseen_value_counts_more_the_longer_the_history),
        cmocka_unit_test(test_a_whole_login_computed_by_hand),
        cmocka_unit_test(test_values_without_evidence_move_nothing),
        cmocka_unit_test(test_a_user_without_history_has_no_likelihood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
