#include "tests/unit/scorer/sample.h"

struct scene {
    struct history history;
    struct login_event event; /* the attempt to look at */
    float features[FEATURE_COUNT];
};

/* ada with `logins` daily logins at 09:00; she comes again a day after the last. */
static struct scene scene_of(unsigned logins)
{
    struct scene scene;
    scene.event = sample_login();
    history_init(&scene.history);
    for (unsigned i = 0; i < logins; i++) {
        history_mark_new(&scene.history.profile, &scene.event);
        history_learn(&scene.history, &scene.event, &scene.event);
        scene.event.time_us += DAY_US;
    }
    scene.event.stage = STAGE_ATTEMPT;
    return scene;
}

static void extract(struct scene *scene)
{
    features_extract(&scene->event, &scene->history, scene->features);
}

#define assert_feature(scene, symbol, expected, within)                                            \
    assert_near((scene).features[FEATURE_##symbol], expected, within)
#define assert_missing(scene, symbol) assert_true(isnan((scene).features[FEATURE_##symbol]))

static void test_the_table_is_whole_and_its_names_are_unique(void **state)
{
    (void)state;
    assert_true(FEATURE_COUNT >= 30);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        const struct feature_info *info = &FEATURE_TABLE[i];
        assert_true(info->name[0] && info->group[0] && info->unit[0]);
        assert_true(info->meaning[0] && info->reason[0]);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(info->name, FEATURE_TABLE[j].name);
    }
    assert_true(feature_table_hash() != 0);
}

static void test_a_usual_login_looks_usual(void **state)
{
    (void)state;
    struct scene scene = scene_of(14);
    extract(&scene);
    assert_feature(scene, HOUR_DENSITY, 8, 1e-4);
    assert_feature(scene, HOUR_NEAREST, 0, 0);
    assert_feature(scene, MINUTE_REGULARITY, 1, 1e-5);
    assert_feature(scene, MINUTE_DEVIATION, 0, 1e-3);
    assert_feature(scene, GAP, log(86400), 1e-4);
    assert_feature(scene, GAP_DEVIATION, 0, 1e-3);
    assert_feature(scene, ADDRESS_PREFIX_SEEN, 1, 1e-5);
    assert_feature(scene, ADDRESS_PREFIX_IDLE, 1, 1e-6);
    assert_feature(scene, ADDRESS_PREFIX_USERS, log(2), 1e-6);
    assert_feature(scene, COUNTRY_SEEN, 1, 1e-5);
    assert_feature(scene, DISTANCE_LAST, 0, 0.01);
    assert_feature(scene, SPEED_LAST, 0, 0);
    assert_feature(scene, DISTANCE_HABITUAL, 0, 1);
    assert_feature(scene, RTT_DEVIATION, 0, 1e-3);
    assert_feature(scene, DEVICE_SEEN, 1, 1e-5);
    assert_feature(scene, KEY_SEEN, 1, 1e-5);
    assert_feature(scene, METHOD_SEEN, 1, 1e-6);
    assert_feature(scene, SERVICE_SEEN, 1, 1e-5);
    assert_feature(scene, ANONYMOUS, 0, 0);
    assert_feature(scene, LOGINS_LEARNED, log(15), 1e-6);
    assert_feature(scene, DAYS_KNOWN, 14, 1e-6);
    assert_true(scene.features[FEATURE_LIKELIHOOD] < 0);
}

static void test_a_login_from_far_away_looks_unusual(void **state)
{
    (void)state;
    struct scene scene = scene_of(14);
    scene.event.time_us -= 12 * HOUR_US; /* 21:00, twelve hours after the last */
    assert_true(ip_parse("1.1.1.1", &scene.event.source));
    scene.event.place = (struct place){.latitude = -33.9f, .longitude = 151.2f, .asn = 13335};
    scene.event.place.anonymous = ANONYMOUS_YES;
    strcpy(scene.event.place.country, "AU");
    strcpy(scene.event.device, "windows");
    scene.event.key[0] = '\0';
    scene.event.method = METHOD_PAM;
    strcpy(scene.event.service, "login");
    scene.event.rtt_us = 300000;
    scene.history.population.value[POPULATION_PREFIX] = (struct population_count){0};
    extract(&scene);
    assert_feature(scene, HOUR_DENSITY, 0, 0);
    assert_feature(scene, HOUR_NEAREST, 12, 0);
    assert_feature(scene, ADDRESS_PREFIX_SEEN, 0, 0);
    assert_missing(scene, ADDRESS_PREFIX_IDLE);
    assert_feature(scene, ADDRESS_PREFIX_USERS, 0, 0);
    assert_feature(scene, ASN_SEEN, 0, 0);
    assert_feature(scene, COUNTRY_SEEN, 0, 0);
    assert_true(scene.features[FEATURE_COUNTRY_RATIO] > 0);
    assert_feature(scene, DISTANCE_LAST, 16300, 100);
    assert_near(scene.features[FEATURE_SPEED_LAST], scene.features[FEATURE_DISTANCE_LAST] / 12,
                0.01);
    assert_feature(scene, DISTANCE_HABITUAL, 16300, 100);
    assert_true(scene.features[FEATURE_RTT_DEVIATION] > 5);
    assert_feature(scene, DEVICE_SEEN, 0, 0);
    assert_missing(scene, KEY_SEEN);
    assert_missing(scene, KEY_USERS);
    assert_feature(scene, METHOD_SEEN, 0, 0);
    assert_feature(scene, SERVICE_SEEN, 0, 0);
    assert_feature(scene, ANONYMOUS, 1, 0);
    assert_true(scene.features[FEATURE_LIKELIHOOD] > 0);
}

static void test_a_user_without_history_is_compared_with_nothing(void **state)
{
    (void)state;
    static const char *const kept[] = {"burst", "reputation"};
    struct scene scene = scene_of(0);
    scene.history.population = (struct population){.logins = 5, .users = 2};
    extract(&scene);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        const struct feature_info *info = &FEATURE_TABLE[i];
        bool own = strcmp(info->group, kept[0]) != 0 && strcmp(info->group, kept[1]) != 0 &&
                   strstr(info->name, "_users") == NULL && i != FEATURE_LOGINS_LEARNED;
        if (own != (bool)isnan(scene.features[i]))
            fail_msg("%s is %g", info->name, (double)scene.features[i]);
    }
    assert_feature(scene, LOGINS_LEARNED, 0, 0);
}

static void test_reserved_addresses_are_no_evidence(void **state)
{
    (void)state;
    struct scene scene = scene_of(14);
    assert_true(ip_parse("192.168.1.5", &scene.event.source));
    scene.event.place = PLACE_NONE;
    extract(&scene);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (strcmp(FEATURE_TABLE[i].group, "place") == 0 && i != FEATURE_RTT_DEVIATION)
            assert_true(isnan(scene.features[i]));
    }
    assert_missing(scene, ANONYMOUS);
    assert_feature(scene, SOURCE_ATTEMPTS_1H, 0, 0);
}

static void test_a_kind_of_value_never_known_before_is_no_novelty(void **state)
{
    (void)state;
    struct scene scene = scene_of(0);
    struct login_event past = scene.event;
    past.stage = STAGE_OPENED;
    past.place = PLACE_NONE;
    past.rtt_us = -1;
    past.device[0] = '\0';
    history_learn(&scene.history, &scene.event, &past);
    scene.event.time_us += DAY_US;
    extract(&scene);
    assert_missing(scene, ASN_SEEN);
    assert_missing(scene, COUNTRY_RATIO);
    assert_missing(scene, DEVICE_SEEN);
    assert_missing(scene, DISTANCE_LAST);
    assert_missing(scene, DISTANCE_HABITUAL);
    assert_missing(scene, RTT_DEVIATION);
    assert_feature(scene, ADDRESS_PREFIX_SEEN, 1, 1e-6);
}

static void test_a_console_has_no_source_features(void **state)
{
    (void)state;
    struct scene scene = scene_of(3);
    scene.event.source = (struct ip_address){0};
    extract(&scene);
    assert_missing(scene, SOURCE_ATTEMPTS_1M);
    assert_missing(scene, SOURCE_NAMES_1H);
    assert_missing(scene, PREFIX_ATTEMPTS_1H);
    assert_feature(scene, USER_ATTEMPTS_1D, 0, 0);
}

static void test_a_burst_is_seen_before_anything_was_learned(void **state)
{
    (void)state;
    static const char *const names[] = {"root", "admin", "oracle", "ada"};
    struct scene scene = scene_of(0);
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct login_event past = scene.event;
        strcpy(past.user, names[i]);
        history_learn(&scene.history, &scene.event, &past);
    }
    extract(&scene);
    assert_feature(scene, SOURCE_ATTEMPTS_1M, 4, 1e-6);
    assert_feature(scene, SOURCE_FAILURES_1H, 4, 1e-6);
    assert_feature(scene, SOURCE_NAMES_1H, 3, 0);
    assert_feature(scene, PREFIX_ATTEMPTS_1H, 4, 1e-6);
    assert_feature(scene, PREFIX_NAMES_1H, 3, 0);
    assert_feature(scene, USER_ATTEMPTS_10M, 1, 1e-6);
    assert_feature(scene, USER_FAILURES_1H, 1, 1e-6);
}

static void test_methods_are_compared_by_kind(void **state)
{
    (void)state;
    struct scene scene = scene_of(0);
    struct login_event past = scene.event;
    past.stage = STAGE_OPENED;
    past.method = METHOD_PASSWORD;
    history_learn(&scene.history, &scene.event, &past);
    static const enum login_method same[] = {METHOD_PAM, METHOD_KEYBOARD_INTERACTIVE,
                                             METHOD_PASSWORD, METHOD_TWO_FACTOR};
    static const enum login_method other[] = {METHOD_NOT_PAM, METHOD_PUBLICKEY, METHOD_GSSAPI,
                                              METHOD_HOSTBASED};
    for (size_t i = 0; i < LENGTH(same); i++) {
        scene.event.method = same[i];
        extract(&scene);
        assert_feature(scene, METHOD_SEEN, 1, 0);
        scene.event.method = other[i];
        extract(&scene);
        assert_feature(scene, METHOD_SEEN, 0, 0);
    }
    scene.event.method = METHOD_UNKNOWN;
    extract(&scene);
    assert_missing(scene, METHOD_SEEN);
}

static void test_a_short_step_is_no_travel_and_no_time_is_a_minute(void **state)
{
    (void)state;
    struct scene scene = scene_of(1);
    scene.event.time_us -= DAY_US;
    scene.event.place.latitude += 0.3f; /* 33 km */
    extract(&scene);
    assert_feature(scene, DISTANCE_LAST, 33.4, 0.5);
    assert_feature(scene, SPEED_LAST, 0, 0);
    scene.event.place.latitude += 1;
    extract(&scene);
    assert_near(scene.features[FEATURE_SPEED_LAST], scene.features[FEATURE_DISTANCE_LAST] * 60,
                0.1);
}

static void test_volume_is_compared_where_it_is_known(void **state)
{
    (void)state;
    struct scene scene = scene_of(1);
    struct login_event past = scene.event;
    past.stage = STAGE_CLOSED;
    past.bytes_out = 1000;
    for (unsigned i = 0; i < 10; i++)
        history_learn(&scene.history, &scene.event, &past);
    scene.event.bytes_out = INT64_C(5000000000);
    scene.event.bytes_in = 7;
    extract(&scene);
    assert_true(scene.features[FEATURE_BYTES_OUT_DEVIATION] > 5);
    assert_missing(scene, BYTES_IN_DEVIATION);
    assert_missing(scene, DURATION_DEVIATION);
}

static void test_no_profile_makes_a_number_infinite(void **state)
{
    (void)state;
    struct scene scene = scene_of(14);
    static const int64_t times[] = {0, MONDAY_US - 365 * DAY_US, LOGIN_TIME_MAX_US};
    for (size_t i = 0; i < LENGTH(times); i++) {
        scene.event.time_us = times[i];
        scene.event.bytes_in = INT64_MAX;
        extract(&scene);
        for (unsigned j = 0; j < FEATURE_COUNT; j++)
            assert_true(isinf(scene.features[j]) == 0);
    }
}

static void test_the_same_past_gives_the_same_bits(void **state)
{
    (void)state;
    struct scene a = scene_of(30), b = scene_of(30);
    extract(&a);
    /* As a login does: the stored part, loaded, and what the journal still holds on top. */
    struct scene c = scene_of(20);
    struct profile stored = c.history.profile;
    assert_true(profile_load(&c.history.profile, &stored, sizeof stored, NULL));
    c.event.stage = STAGE_OPENED;
    for (unsigned i = 0; i < 10; i++) {
        history_mark_new(&c.history.profile, &c.event);
        history_learn(&c.history, &c.event, &c.event);
        c.event.time_us += DAY_US;
    }
    c.event.stage = STAGE_ATTEMPT;
    extract(&b);
    extract(&c);
    assert_memory_equal(a.features, b.features, sizeof a.features);
    assert_memory_equal(a.features, c.features, sizeof a.features);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_whole_and_its_names_are_unique),
        cmocka_unit_test(test_a_usual_login_looks_usual),
        cmocka_unit_test(test_a_login_from_far_away_looks_unusual),
        cmocka_unit_test(test_a_user_without_history_is_compared_with_nothing),
        cmocka_unit_test(test_reserved_addresses_are_no_evidence),
        cmocka_unit_test(test_a_kind_of_value_never_known_before_is_no_novelty),
        cmocka_unit_test(test_a_console_has_no_source_features),
        cmocka_unit_test(test_a_burst_is_seen_before_anything_was_learned),
        cmocka_unit_test(test_methods_are_compared_by_kind),
        cmocka_unit_test(test_a_short_step_is_no_travel_and_no_time_is_a_minute),
        cmocka_unit_test(test_volume_is_compared_where_it_is_known),
        cmocka_unit_test(test_no_profile_makes_a_number_infinite),
        cmocka_unit_test(test_the_same_past_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
