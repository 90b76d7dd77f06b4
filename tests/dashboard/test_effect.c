/* What an exception would have let through. */
#include <stdlib.h>

#include "dashboard/effect.h"
#include "tests/store/fixture.h"

static struct effect effect_of(struct store *store, bool is_network, const char *subject,
                               int64_t since_us)
{
    static struct effect effect;
    struct exemption exemption = {.is_network = is_network};
    struct error error = ERROR_NONE;

    effect = (struct effect){.logins = 0};
    snprintf(exemption.subject, sizeof(exemption.subject), "%s", subject);
    ASSERT_DONE(effect_read(store, &exemption, since_us, &effect, &error));
    assert_true(effect.complete);
    return effect;
}

static struct store *make_store(const char *directory, unsigned logins)
{
    static const char *const ADDRESSES[] = {"198.51.100.7", "198.51.101.7", "c633:6407::7",
                                            "c633:6507::7"};
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    ASSERT_DONE(store_begin(store, &error));
    for (unsigned n = 0; n < logins; n++) {
        struct login_record record =
            fixture_record(n % 2 == 0 ? "alice" : "bob", ADDRESSES[n / 2 % 4], n);

        record.assessed = true;
        record.assessment.verdict = (enum verdict)(n / 8 % VERDICT_COUNT);
        ASSERT_DONE(store_fold(store, &record, &error));
    }
    ASSERT_DONE(store_commit(store, &error));
    return store;
}

/* Those judged so that they were asked or denied, by name and by network, IPv4 and IPv6 apart. */
static void test_counts(void **state)
{
    static const struct {
        const char *network;
        int64_t logins, denials;
    } CASES[] = {{"198.51.100.0/24", 8, 4}, {"198.51.0.0/16", 16, 8},  {"c633:6400::/24", 8, 4},
                 {"c633::/16", 16, 8},      {"198.51.100.8/32", 0, 0}, {"203.0.113.0/24", 0, 0}};
    struct store *store = make_store(*state, 80);
    struct effect effect = effect_of(store, false, "alice", FIXTURE_START_US);

    assert_int_equal(effect.logins, 16);
    assert_int_equal(effect.denials, 8);
    assert_int_equal(effect.step_ups, 8);
    assert_int_equal(effect.users, 1);
    assert_int_equal(effect.examples, 16);
    assert_true(effect.example[0].record.event.time_us > effect.example[15].record.event.time_us);
    effect = effect_of(store, false, "alice", FIXTURE_START_US + INT64_C(40000000));
    assert_int_equal(effect.logins, 8);
    assert_int_equal(effect_of(store, false, "nobody", FIXTURE_START_US).logins, 0);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        effect = effect_of(store, true, CASES[i].network, FIXTURE_START_US);
        if (effect.logins != CASES[i].logins || effect.denials != CASES[i].denials)
            fail_msg("%s: %lld logins, %lld denials", CASES[i].network, (long long)effect.logins,
                     (long long)effect.denials);
        assert_int_equal(effect.users, effect.logins > 0 ? 2 : 0);
    }
    store_close(store);
}

/* Of many the latest are looked at, and it is said. */
static void test_is_bounded(void **state)
{
    struct store *store = make_store(*state, 24000);
    struct effect *effect = calloc(1, sizeof(*effect));
    struct exemption exemption = {.subject = "alice"};
    struct error error = ERROR_NONE;

    assert_non_null(effect);
    ASSERT_DONE(effect_read(store, &exemption, FIXTURE_START_US, effect, &error));
    assert_false(effect->complete);
    assert_int_equal(effect->logins, EFFECT_PAGES * LOGIN_PAGE_MOST);
    assert_int_equal(effect->examples, EFFECT_EXAMPLES);
    free(effect);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_is_bounded, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
