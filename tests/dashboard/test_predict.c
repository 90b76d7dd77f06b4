/* POST /predict's middle: what it takes, what it refuses, what it leaves as it was. */
#include "dashboard/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/store/fixture.h"

static bool read_text(const char *text, struct prediction *prediction, struct error *error)
{
    json_t *login = json_loads(text, 0, NULL);

    assert_non_null(login);
    bool done = predict_read(login, prediction, error);
    json_decref(login);
    return done;
}

static void every_member_reaches_its_field(void **state)
{
    static const char *const TEXT =
        "{\"user_id\": \"anna\", \"timestamp\": \"2026-03-09T14:05:11+01:00\","
        " \"ip_address\": \"::ffff:8.8.8.8\", \"geo_location\": \"Sydney, au\", \"asn\": 13335,"
        " \"device_id\": \"laptop\", \"method\": \"publickey\", \"host\": \"gate\","
        " \"service\": \"sshd\", \"key\": \"SHA256:abc\", \"rtt_ms\": 20.5, \"bytes_in\": 10,"
        " \"bytes_out\": 20, \"duration_s\": 30, \"success\": 1, \"latitude\": -33.9,"
        " \"longitude\": 151.2, \"login_id\": \"mine\", \"is_new_device\": null}";
    struct error error = ERROR_NONE;
    struct prediction read;

    (void)state;
    ASSERT_DONE(read_text(TEXT, &read, &error));
    assert_string_equal(read.event.user, "anna");
    assert_int_equal(read.event.time_us, INT64_C(1773061511) * US_PER_S);
    assert_int_equal(read.event.utc_offset_s, 3600);
    assert_int_equal(read.event.source.family, 4);
    assert_string_equal(read.event.place.city, "Sydney");
    assert_string_equal(read.event.place.country, "AU");
    assert_int_equal(read.event.place.asn, 13335);
    assert_string_equal(read.event.device, "laptop");
    assert_int_equal(read.event.method, METHOD_PUBLICKEY);
    assert_string_equal(read.event.host, "gate");
    assert_string_equal(read.event.service, "sshd");
    assert_string_equal(read.event.key, "SHA256:abc");
    assert_int_equal(read.event.rtt_us, 20500);
    assert_int_equal(read.event.bytes_in, 10);
    assert_int_equal(read.event.bytes_out, 20);
    assert_int_equal(read.event.duration_s, 30);
    assert_true(fabs((double)read.event.place.latitude + 33.9) < 1e-4);
    assert_true(fabs((double)read.event.place.longitude - 151.2) < 1e-4);
    assert_string_equal(read.login_id, "mine");
}

static void what_was_not_told_is_no_evidence(void **state)
{
    struct error error = ERROR_NONE;
    struct prediction read;

    (void)state;
    ASSERT_DONE(
        read_text("{\"user\": 42, \"time\": 1773061511.5, \"latitude\": 3}", &read, &error));
    assert_string_equal(read.event.user, "42");
    assert_int_equal(read.event.time_us, INT64_C(1773061511500000));
    assert_int_equal(read.event.source.family, 0);
    assert_string_equal(read.event.device, "");
    assert_int_equal(read.event.bytes_in, -1);
    assert_int_equal(read.event.rtt_us, -1);
    assert_false(place_has_coordinates(&read.event.place));
    assert_true(isnan(read.event.place.latitude));
}

static void the_hour_is_the_users_clock(void **state)
{
    struct error error = ERROR_NONE;
    struct prediction read;
    char text[128];

    (void)state;
    for (int hour = 0; hour < 24; hour++) {
        snprintf(text, sizeof text, "{\"user\": \"a\", \"time\": 1773061511, \"login_hour\": %d}",
                 hour);
        ASSERT_DONE(read_text(text, &read, &error));
        int64_t local_s = 1773061511 + read.event.utc_offset_s;
        assert_int_equal(local_s % S_PER_DAY / 3600, hour);
        assert_in_range(read.event.utc_offset_s + 12 * 3600, 0, 23 * 3600);
    }
}

static void a_new_device_without_a_name_is_nobodys(void **state)
{
    struct error error = ERROR_NONE;
    struct prediction fresh, known;

    (void)state;
    ASSERT_DONE(
        read_text("{\"user\": \"a\", \"time\": 1, \"is_new_device\": true}", &fresh, &error));
    assert_true(login_device_key(&fresh.event) != 0);
    ASSERT_DONE(read_text("{\"user\": \"a\", \"time\": 1, \"is_new_device\": 0}", &known, &error));
    assert_true(login_device_key(&known.event) == 0);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"[]", "JSON object"},
        {"{}", "user_id"},
        {"{\"user\": \"a\"}", "timestamp"},
        {"{\"time\": 1}", "user_id"},
        {"{\"user\": \"a\", \"user_id\": \"a\", \"time\": 1}", "are one"},
        {"{\"user\": \"a\", \"time\": 1, \"timestamp\": 1}", "are one"},
        {"{\"user\": \"\", \"time\": 1}", "not empty"},
        {"{\"user\": \"a\\u0007\", \"time\": 1}", "control"},
        {"{\"user\": [1], \"time\": 1}", "\"user\""},
        {"{\"user\": \"a\", \"time\": \"1h\"}", "moment"},
        {"{\"user\": \"a\", \"time\": -1}", "moment"},
        {"{\"user\": \"a\", \"time\": 1e300}", "moment"},
        {"{\"user\": \"a\", \"time\": \"2026-03-09T14:05:11Zx\"}", "moment"},
        {"{\"user\": \"a\", \"time\": 1, \"ip\": \"localhost\"}", "numeric"},
        {"{\"user\": \"a\", \"time\": 1, \"country\": \"Oz1\"}", "two letters"},
        {"{\"user\": \"a\", \"time\": 1, \"login_hour\": 24}", "0 to 23"},
        {"{\"user\": \"a\", \"time\": 1, \"bytes_in\": -1}", "bytes_in"},
        {"{\"user\": \"a\", \"time\": 1, \"bytes_in\": \"9\"}", "a number"},
        {"{\"user\": \"a\", \"time\": 1, \"success\": 2}", "true or false"},
        {"{\"user\": \"a\", \"time\": 1, \"latitude\": 91}", "90"},
        {"{\"user\": \"a\", \"time\": 1, \"method\": \"magic\"}", "publickey"},
        {"{\"user\": \"a\", \"time\": 1, \"colour\": 1}", "\"colour\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct error error = ERROR_NONE;
        struct prediction read;
        if (read_text(CASES[i].text, &read, &error) || strstr(error.text, CASES[i].says) == NULL)
            fail_msg("%s: \"%s\"", CASES[i].text, error.text);
    }
}

static void a_user_that_does_not_fit_is_refused_not_cut(void **state)
{
    char text[LOGIN_USER_BYTES + 64], name[LOGIN_USER_BYTES + 1];
    struct prediction read;

    (void)state;
    memset(name, 'a', sizeof name - 1);
    for (size_t cut = 0; cut < 2; cut++) {
        struct error error = ERROR_NONE;
        name[LOGIN_USER_BYTES - cut] = '\0';
        snprintf(text, sizeof text, "{\"user\": \"%s\", \"time\": 1}", name);
        assert_int_equal(read_text(text, &read, &error), cut == 1);
    }
}

/* ---- judging ---- */

static void fill(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;
    int fd = fixture_directory_fd(directory);

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    for (unsigned n = 0; n < 40; n++) {
        struct login_record attempt = fixture_record("anna", "8.8.8.8", n * 80000);
        struct login_record opened = fixture_stage(&attempt, STAGE_OPENED, 1);
        ASSERT_DONE(fixture_append(fd, &attempt, &error));
        ASSERT_DONE(fixture_append(fd, &opened, &error));
    }
    fixture_drain(store, 1 << 20);
    store_close(store);
}

static void a_habit_is_judged_milder_than_its_contrary_and_nothing_is_stored(void **state)
{
    const char *directory = *state;
    struct prediction usual, strange;
    struct error error = ERROR_NONE;
    struct check_kept kept = {.has_model = false};
    struct config config;
    struct store *store;
    char usual_text[256];

    fill(directory);
    config_init(&config);
    snprintf(config.store, sizeof config.store, "%s", directory);
    strcpy(config.geo, "none");
    strcpy(config.model, "builtin");
    snprintf(usual_text, sizeof usual_text,
             "{\"user\": \"anna\", \"ip\": \"8.8.8.8\", \"service\": \"sshd\", \"time\": %lld}",
             (long long)(FIXTURE_START_US / US_PER_S + 41 * 86400));
    ASSERT_DONE(read_text(usual_text, &usual, &error));
    ASSERT_DONE(predict_judge(&usual, &config, &kept, &error));
    strange = usual;
    assert_true(ip_parse("5.6.7.8", &strange.event.source));
    strcpy(strange.event.place.country, "BR");
    strcpy(strange.event.device, "another");
    ASSERT_DONE(predict_judge(&strange, &config, &kept, &error));
    assert_true(usual.assessment.learned_logins > 0);
    assert_true(strange.assessment.risk > usual.assessment.risk);
    check_kept_drop(&kept);

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    assert_int_equal(fixture_logins(store), 40);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_reaches_its_field),
        cmocka_unit_test(what_was_not_told_is_no_evidence),
        cmocka_unit_test(the_hour_is_the_users_clock),
        cmocka_unit_test(a_new_device_without_a_name_is_nobodys),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_user_that_does_not_fit_is_refused_not_cut),
        cmocka_unit_test_setup_teardown(
            a_habit_is_judged_milder_than_its_contrary_and_nothing_is_stored, fixture_setup,
            fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
