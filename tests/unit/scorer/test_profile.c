#include "scorer/profile.h"

#include "tests/unit/scorer/sample.h"

static struct profile learned(unsigned logins)
{
    struct profile profile;
    struct login_event event = sample_login();
    profile_init(&profile);
    for (unsigned i = 0; i < logins; i++) {
        profile_learn(&profile, &event);
        event.time_us += DAY_US;
    }
    return profile;
}

/* Everything but the counts of attempts. */
static void assert_same_habits(struct profile a, struct profile b)
{
    a.attempts = b.attempts;
    a.last_attempt_us = b.last_attempt_us;
    a.attempts_1m = b.attempts_1m;
    a.attempts_10m = b.attempts_10m;
    a.attempts_1h = b.attempts_1h;
    a.attempts_1d = b.attempts_1d;
    a.failures_1h = b.failures_1h;
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_failed_attempts_never_change_what_is_familiar(void **state)
{
    (void)state;
    struct profile profile = learned(3), before = profile;
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US + 9 * DAY_US);
    strcpy(event.place.country, "KP");
    strcpy(event.device, "other");
    for (unsigned i = 0; i < 50; i++) {
        profile_count(&profile, &event);
        profile_learn(&profile, &event);
    }
    assert_int_equal(profile.attempts, 50);
    assert_near(profile.failures_1h.value, 50, 1e-9);
    assert_same_habits(profile, before);
}

static void test_an_accepted_login_that_never_opened_is_not_learned(void **state)
{
    (void)state;
    struct profile profile = learned(3), before = profile;
    struct login_event event = sample_stage(sample_login(), STAGE_ACCEPTED, MONDAY_US + 9 * DAY_US);
    profile_count(&profile, &event);
    profile_learn(&profile, &event);
    assert_same_habits(profile, before);
}

static void test_a_login_not_marked_for_learning_changes_nothing(void **state)
{
    (void)state;
    struct profile profile = learned(3), before = profile;
    struct login_event event = sample_login();
    event.learn = false;
    profile_learn(&profile, &event);
    event.stage = STAGE_CLOSED;
    event.bytes_in = 5;
    profile_learn(&profile, &event);
    assert_memory_equal(&profile, &before, sizeof profile);
}

static void test_an_accepted_attempt_takes_one_failure_back(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_stage(sample_login(), STAGE_ATTEMPT, MONDAY_US);
    profile_count(&profile, &event);
    profile_count(&profile, &event);
    event.stage = STAGE_ACCEPTED;
    profile_count(&profile, &event);
    assert_near(profile.failures_1h.value, 1, 0);
    profile_count(&profile, &event);
    profile_count(&profile, &event);
    assert_near(profile.failures_1h.value, 0, 0);
    assert_near(profile.attempts_1h.value, 2, 0);
}

static void test_an_opened_session_is_learned(void **state)
{
    (void)state;
    struct profile profile = learned(3);
    assert_int_equal(profile.logins, 3);
    assert_int_equal(profile.days, 3);
    assert_true(profile.first_s == (MONDAY_US + 9 * HOUR_US) / 1000000);
    assert_true(profile.last_s == profile.first_s + 2 * 86400);
    double day = exp2(-1.0 / PROFILE_HALF_LIFE_DAYS);
    assert_near(profile.weight, 1 + day + day * day, 1e-6);
    assert_near(profile.hour_weight[9], profile.weight, 1e-6);
    assert_near(profile.weekday_weight[0], day * day, 1e-6);
    assert_near(profile.weekday_weight[2], 1, 1e-6);
    assert_near(profile.method_weight[METHOD_PUBLICKEY], profile.weight, 1e-6);
    assert_int_equal(profile.gap.count, 2);
    assert_near(profile.gap.mean, log(86400), 1e-5);
    assert_int_equal(profile.rtt.count, 3);
    assert_near(profile.rtt.mean, log(20000), 1e-5);
    assert_string_equal(profile.last_place.country, "DE");
    assert_int_equal(profile.place[0].logins, 3);
    assert_int_equal(profile.place[1].logins, 0);
    for (unsigned kind = 0; kind < FAMILIAR_KIND_COUNT; kind++) {
        struct login_event event = sample_login();
        struct familiarity seen =
            profile_familiarity(&profile, kind, familiar_key(&event, kind), event.time_us);
        assert_int_equal(seen.logins, 3);
        assert_near(seen.weight, seen.total, 1e-6);
        assert_near(seen.weight, profile.weight, 1e-6);
    }
}

static void test_weights_halve_in_a_half_life(void **state)
{
    (void)state;
    struct profile profile = learned(1);
    struct login_event event = sample_login();
    int64_t later = event.time_us + PROFILE_HALF_LIFE_DAYS * DAY_US;
    struct familiarity seen =
        profile_familiarity(&profile, FAMILIAR_ASN, place_asn_key(&event.place), later);
    assert_near(seen.weight, 0.5, 1e-6);
    assert_near(seen.total, 0.5, 1e-6);
    event.time_us = later;
    event.place.asn = 1;
    profile_learn(&profile, &event);
    assert_near(profile.weight, 1.5, 1e-6);
    assert_near(profile.known_weight[FAMILIAR_ASN], 1.5, 1e-6);
}

static void test_time_going_backwards_counts_as_no_time(void **state)
{
    (void)state;
    struct profile profile = learned(2);
    struct login_event event = sample_login();
    int64_t last_s = profile.last_s;
    float weight = profile.weight;
    event.time_us -= 30 * DAY_US;
    profile_learn(&profile, &event);
    assert_true(profile.last_s == last_s);
    assert_near(profile.weight, weight + 1, 1e-6);
    assert_int_equal(profile.days, 2);
    assert_true(isfinite(profile.gap.mean));
    assert_true(profile.last_place_s == last_s);
}

static void test_what_is_not_known_enters_no_list(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_login();
    event.source = (struct ip_address){0};
    event.place = PLACE_NONE;
    event.device[0] = event.key[0] = event.service[0] = '\0';
    event.method = METHOD_UNKNOWN;
    event.rtt_us = -1;
    profile_learn(&profile, &event);
    assert_int_equal(profile.logins, 1);
    assert_int_equal(profile.rtt.count, 0);
    assert_int_equal(profile.place[0].logins, 0);
    assert_false(place_has_coordinates(&profile.last_place));
    for (unsigned kind = 0; kind < FAMILIAR_KIND_COUNT; kind++) {
        assert_true(familiar_key(&event, kind) == 0);
        assert_near(profile.known_weight[kind], 0, 0);
    }
    assert_true(profile.prefix[0].key == 0 && profile.device[0].key == 0);
    for (unsigned method = 0; method < PROFILE_METHODS; method++)
        assert_near(profile.method_weight[method], 0, 0);
}

static void test_reserved_addresses_are_no_evidence(void **state)
{
    (void)state;
    static const char *const reserved[] = {"127.0.0.1",   "10.1.2.3", "192.168.7.7", "100.64.3.2",
                                           "169.254.9.9", "::1",      "fe80::1",     "fd00::5"};
    for (size_t i = 0; i < LENGTH(reserved); i++) {
        struct profile profile = learned(0);
        struct login_event event = sample_login();
        assert_true(ip_parse(reserved[i], &event.source));
        assert_true(login_prefix_key(&event) == 0);
        profile_learn(&profile, &event);
        assert_true(profile.prefix[0].key == 0);
    }
}

static void test_a_full_list_gives_up_the_value_that_weighs_least_now(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_login();
    /* AS 1 has two logins, but long ago; the others one each, lately. */
    event.place.asn = 1;
    profile_learn(&profile, &event);
    profile_learn(&profile, &event);
    event.time_us += 300 * DAY_US;
    for (uint32_t asn = 2; asn <= PROFILE_ASNS; asn++) {
        event.place.asn = asn;
        profile_learn(&profile, &event);
    }
    assert_non_null(familiar_find(profile.asn, PROFILE_ASNS, 1));
    event.place.asn = 99;
    profile_learn(&profile, &event);
    assert_null(familiar_find(profile.asn, PROFILE_ASNS, 1));
    for (uint32_t asn = 2; asn <= PROFILE_ASNS; asn++)
        assert_non_null(familiar_find(profile.asn, PROFILE_ASNS, asn));
    const struct familiar_value *newest = familiar_find(profile.asn, PROFILE_ASNS, 99);
    assert_non_null(newest);
    assert_int_equal(newest->logins, 1);
    assert_null(familiar_find(profile.asn, PROFILE_ASNS, 0));
}

static void test_places_within_fifty_kilometres_are_one(void **state)
{
    (void)state;
    struct profile profile = learned(1);
    struct login_event event = sample_login();
    event.place.latitude = 48.3f; /* 22 km north */
    profile_learn(&profile, &event);
    assert_int_equal(profile.place[0].logins, 2);
    assert_near(profile.place[0].latitude, 48.2, 1e-4);
    event.place.latitude = 52.5f;
    profile_learn(&profile, &event);
    assert_int_equal(profile.place[1].logins, 1);
}

static void test_places_merge_across_the_date_line(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_login();
    event.place.latitude = 0;
    event.place.longitude = 179.9f;
    profile_learn(&profile, &event);
    event.place.longitude = -179.9f;
    profile_learn(&profile, &event);
    assert_int_equal(profile.place[0].logins, 2);
    assert_near(fabsf(profile.place[0].longitude), 180, 1e-3);
}

static void test_a_place_without_coordinates_does_not_hide_the_last_one(void **state)
{
    (void)state;
    struct profile profile = learned(1);
    struct login_event event = sample_login();
    event.time_us += DAY_US;
    event.place.latitude = event.place.longitude = NAN;
    profile_learn(&profile, &event);
    assert_true(place_has_coordinates(&profile.last_place));
    assert_true(profile.last_place_s == profile.first_s);
}

static void test_habits_of_the_clock_are_local(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_login();
    event.time_us = MONDAY_US + 23 * HOUR_US + 30 * MINUTE_US;
    event.utc_offset_s = 2 * 3600;
    profile_learn(&profile, &event);
    assert_near(profile.hour_weight[1], 1, 0);
    assert_near(profile.weekday_weight[1], 1, 0);
    assert_near(profile.minute_cos, -1, 1e-6);
    assert_int_equal(local_weekday(-1), 2); /* Wednesday, 1969-12-31 */
    assert_int_equal(local_hour(-1), 23);
}

static void test_a_closed_session_teaches_its_volume_alone(void **state)
{
    (void)state;
    struct profile profile = learned(1), before = profile;
    struct login_event event = sample_stage(sample_login(), STAGE_CLOSED, MONDAY_US + DAY_US);
    event.bytes_in = 1000;
    event.duration_s = 60;
    profile_learn(&profile, &event);
    assert_int_equal(profile.sessions, 1);
    assert_int_equal(profile.bytes_in.count, 1);
    assert_near(profile.bytes_in.mean, log(1001), 1e-5);
    assert_int_equal(profile.bytes_out.count, 0);
    assert_near(profile.duration.mean, log(61), 1e-5);
    profile.sessions = 0;
    profile.bytes_in = before.bytes_in;
    profile.duration = before.duration;
    assert_memory_equal(&profile, &before, sizeof profile);
}

static void test_moments_follow_the_latest_values(void **state)
{
    (void)state;
    struct profile profile = learned(0);
    struct login_event event = sample_stage(sample_login(), STAGE_CLOSED, MONDAY_US);
    event.duration_s = 0;
    profile_learn(&profile, &event);
    event.duration_s = 99;
    profile_learn(&profile, &event);
    /* Of two values: their mean and their variance. */
    assert_near(profile.duration.mean, log(100) / 2, 1e-5);
    assert_near(profile.duration.variance, pow(log(100) / 2, 2), 1e-4);
    for (unsigned i = 0; i < 400; i++)
        profile_learn(&profile, &event);
    assert_near(profile.duration.mean, log(100), 1e-3);
    assert_near(profile.duration.variance, 0, 1e-3);
}

static void test_stored_bytes_read_back(void **state)
{
    (void)state;
    struct profile profile = learned(40), back;
    struct error error = ERROR_NONE;
    assert_true(profile_load(&back, &profile, sizeof profile, &error));
    assert_memory_equal(&back, &profile, sizeof profile);
    profile_init(&profile);
    assert_true(profile_load(&back, &profile, sizeof profile, &error));
}

/* Each damages a sound profile in one way. */
#define DAMAGES                                                                                    \
    DAMAGE(bad.version = 99)                                                                       \
    DAMAGE(bad.logins = UINT32_MAX)                                                                \
    DAMAGE(bad.days = bad.logins + 1)                                                              \
    DAMAGE(bad.first_s = -1)                                                                       \
    DAMAGE(bad.last_s = INT64_MAX)                                                                 \
    DAMAGE(bad.last_place_s = INT64_MIN)                                                           \
    DAMAGE(bad.last_attempt_us = INT64_MAX)                                                        \
    DAMAGE(bad.weight = NAN)                                                                       \
    DAMAGE(bad.weight = -1)                                                                        \
    DAMAGE(bad.hour_weight[23] = INFINITY)                                                         \
    DAMAGE(bad.weekday_weight[6] = -0.5f)                                                          \
    DAMAGE(bad.minute_cos = NAN)                                                                   \
    DAMAGE(bad.minute_sin = INFINITY)                                                              \
    DAMAGE(bad.method_weight[PROFILE_METHODS - 1] = NAN)                                           \
    DAMAGE(bad.known_weight[0] = -1)                                                               \
    DAMAGE(bad.gap.mean = NAN)                                                                     \
    DAMAGE(bad.rtt.variance = -1)                                                                  \
    DAMAGE(bad.duration.mean = 1e30f)                                                              \
    DAMAGE(bad.attempts_1m.value = -1)                                                             \
    DAMAGE(bad.attempts_1d.value = (double)NAN)                                                    \
    DAMAGE(bad.failures_1h.value = (double)INFINITY)                                               \
    DAMAGE(bad.prefix[PROFILE_PREFIXES - 1].weight = NAN)                                          \
    DAMAGE(bad.service[0].last_s = -5)                                                             \
    DAMAGE(bad.key[0].logins = UINT32_MAX)                                                         \
    DAMAGE(bad.place[0].latitude = 91)                                                             \
    DAMAGE(bad.place[5].longitude = NAN)                                                           \
    DAMAGE(bad.place[1].weight = -1)                                                               \
    DAMAGE(bad.last_place.latitude = 91)                                                           \
    DAMAGE(bad.last_place.longitude = NAN)                                                         \
    DAMAGE(memset(bad.last_place.city, 'x', PLACE_CITY_BYTES))                                     \
    DAMAGE(memset(bad.last_place.country, 'x', 3))                                                 \
    DAMAGE(bad.last_place.anonymous = 3)

static void test_numbers_no_learning_leaves_are_refused(void **state)
{
    (void)state;
    struct profile sound = learned(5), bad, back;
#define DAMAGE(statement)                                                                          \
    {                                                                                              \
        struct error error = ERROR_NONE;                                                           \
        bad = sound;                                                                               \
        statement;                                                                                 \
        if (profile_load(&back, &bad, sizeof bad, &error))                                         \
            fail_msg("accepted: %s", #statement);                                                  \
        assert_int_equal(error.fault, FAULT_STORE);                                                \
    }
    DAMAGES
#undef DAMAGE
    assert_false(profile_load(&back, &sound, sizeof sound - 1, NULL));
    assert_false(profile_load(&back, &sound, 0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_attempts_never_change_what_is_familiar),
        cmocka_unit_test(test_an_accepted_login_that_never_opened_is_not_learned),
        cmocka_unit_test(test_a_login_not_marked_for_learning_changes_nothing),
        cmocka_unit_test(test_an_accepted_attempt_takes_one_failure_back),
        cmocka_unit_test(test_an_opened_session_is_learned),
        cmocka_unit_test(test_weights_halve_in_a_half_life),
        cmocka_unit_test(test_time_going_backwards_counts_as_no_time),
        cmocka_unit_test(test_what_is_not_known_enters_no_list),
        cmocka_unit_test(test_reserved_addresses_are_no_evidence),
        cmocka_unit_test(test_a_full_list_gives_up_the_value_that_weighs_least_now),
        cmocka_unit_test(test_places_within_fifty_kilometres_are_one),
        cmocka_unit_test(test_places_merge_across_the_date_line),
        cmocka_unit_test(test_a_place_without_coordinates_does_not_hide_the_last_one),
        cmocka_unit_test(test_habits_of_the_clock_are_local),
        cmocka_unit_test(test_a_closed_session_teaches_its_volume_alone),
        cmocka_unit_test(test_moments_follow_the_latest_values),
        cmocka_unit_test(test_stored_bytes_read_back),
        cmocka_unit_test(test_numbers_no_learning_leaves_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
