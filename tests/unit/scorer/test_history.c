#include "tests/unit/scorer/sample.h"

static void test_a_past_event_changes_only_what_it_concerns(void **state)
{
    (void)state;
    struct history history, empty;
    struct login_event about = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US + DAY_US);
    struct login_event past = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    history_init(&history);
    history_init(&empty);
    strcpy(past.user, "bob");
    assert_true(ip_parse("9.9.9.9", &past.source));
    history_learn(&history, &about, &past);
    assert_memory_equal(&history, &empty, sizeof history);

    assert_true(ip_parse("8.8.8.9", &past.source));
    history_learn(&history, &about, &past);
    assert_int_equal(history.address.attempts, 0);
    assert_int_equal(history.prefix.attempts, 1);
    assert_int_equal(history.profile.attempts, 0);

    past.source = about.source;
    history_learn(&history, &about, &past);
    assert_int_equal(history.address.attempts, 1);
    assert_int_equal(history.prefix.attempts, 2);

    strcpy(past.user, "ada");
    assert_true(ip_parse("9.9.9.9", &past.source));
    history_learn(&history, &about, &past);
    assert_int_equal(history.profile.attempts, 1);
    assert_int_equal(history.address.attempts, 1);
}

static void test_bursts_from_a_private_network_are_counted(void **state)
{
    (void)state;
    struct history history;
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    history_init(&history);
    assert_true(ip_parse("10.0.0.7", &event.source));
    history_learn(&history, &event, &event);
    assert_int_equal(history.address.attempts, 1);
    assert_int_equal(history.prefix.attempts, 1);
}

static void test_a_console_has_no_source(void **state)
{
    (void)state;
    struct history history;
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    history_init(&history);
    event.source = (struct ip_address){0};
    history_learn(&history, &event, &event);
    assert_int_equal(history.address.attempts, 0);
    assert_int_equal(history.prefix.attempts, 0);
    assert_int_equal(history.profile.attempts, 1);
}

static void test_the_population_counts_logins_and_users_of_a_value(void **state)
{
    (void)state;
    struct history history;
    struct profile ada, bob;
    struct login_event about = sample_login(), past = sample_login();
    history_init(&history);
    profile_init(&ada);
    profile_init(&bob);
    for (unsigned i = 0; i < 3; i++) {
        history_mark_new(&ada, &past);
        profile_learn(&ada, &past);
        history_learn(&history, &about, &past);
    }
    strcpy(past.user, "bob");
    past.place.asn = 1;
    past.key[0] = '\0';
    history_mark_new(&bob, &past);
    history_learn(&history, &about, &past);
    assert_int_equal(history.population.logins, 4);
    assert_int_equal(history.population.users, 2);
    assert_int_equal(history.population.value[POPULATION_PREFIX].logins, 4);
    assert_int_equal(history.population.value[POPULATION_PREFIX].users, 2);
    assert_int_equal(history.population.value[POPULATION_ASN].logins, 3);
    assert_int_equal(history.population.value[POPULATION_ASN].users, 1);
    assert_int_equal(history.population.value[POPULATION_KEY].logins, 3);
    assert_int_equal(history.population.value[POPULATION_KEY].users, 1);
}

static void test_what_is_not_learned_does_not_enter_the_population(void **state)
{
    (void)state;
    struct history history;
    struct login_event about = sample_login(), past = sample_login();
    history_init(&history);
    past.learn = false;
    history_learn(&history, &about, &past);
    past.learn = true;
    past.stage = STAGE_ATTEMPT;
    history_learn(&history, &about, &past);
    past.stage = STAGE_CLOSED;
    history_learn(&history, &about, &past);
    assert_int_equal(history.population.logins, 0);
}

static void test_new_values_are_marked(void **state)
{
    (void)state;
    struct profile profile;
    struct login_event event = sample_login();
    profile_init(&profile);
    history_mark_new(&profile, &event);
    assert_int_equal(event.new_values, NEW_USER | 0x1f);
    profile_learn(&profile, &event);
    history_mark_new(&profile, &event);
    assert_int_equal(event.new_values, 0);
    strcpy(event.device, "another");
    event.place.asn = 0;
    history_mark_new(&profile, &event);
    assert_int_equal(event.new_values, 1 << POPULATION_DEVICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_past_event_changes_only_what_it_concerns),
        cmocka_unit_test(test_bursts_from_a_private_network_are_counted),
        cmocka_unit_test(test_a_console_has_no_source),
        cmocka_unit_test(test_the_population_counts_logins_and_users_of_a_value),
        cmocka_unit_test(test_what_is_not_learned_does_not_enter_the_population),
        cmocka_unit_test(test_new_values_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
