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

static struct config config_of(const char *directory)
{
    struct config config;

    config_init(&config);
    snprintf(config.store, sizeof config.store, "%s", directory);
    snprintf(config.exemptions, sizeof config.exemptions, "%s/allowed", directory);
    strcpy(config.geo, "none");
    strcpy(config.model, "builtin");
    return config;
}

/* A login of anna's 41 days after the first. */
static struct prediction annas(const char *address)
{
    struct prediction prediction;
    struct error error = ERROR_NONE;
    char text[256];

    snprintf(text, sizeof text,
             "{\"user\": \"anna\", \"ip\": \"%s\", \"service\": \"sshd\", \"time\": %lld}", address,
             (long long)(FIXTURE_START_US / US_PER_S + 41 * S_PER_DAY));
    ASSERT_DONE(read_text(text, &prediction, &error));
    return prediction;
}

static struct prediction strange_one_of_annas(void)
{
    struct prediction strange = annas("5.6.7.8");

    strcpy(strange.event.place.country, "BR");
    strcpy(strange.event.device, "another");
    return strange;
}

static const struct asked_account NOT_KNOWN = {.is_known = false};

static void a_habit_is_judged_milder_than_its_contrary_and_nothing_is_stored(void **state)
{
    const char *directory = *state;
    struct prediction usual = annas("8.8.8.8"), strange = strange_one_of_annas();
    struct error error = ERROR_NONE;
    struct check_kept kept = {.has_model = false};
    struct config config = config_of(directory);
    struct store *store;

    fill(directory);
    ASSERT_DONE(predict_judge(&usual, &config, &kept, &NOT_KNOWN, &error));
    ASSERT_DONE(predict_judge(&strange, &config, &kept, &NOT_KNOWN, &error));
    assert_true(usual.assessment.learned_logins > 0);
    assert_true(strange.assessment.risk > usual.assessment.risk);
    check_kept_drop(&kept);

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    assert_int_equal(fixture_logins(store), 40);
    store_close(store);
}

/* ---- who is exempt ---- */

struct scene {
    struct config config;
    struct check_kept kept;
};

static void set_scene(struct scene *scene, const char *directory)
{
    *scene = (struct scene){.config = config_of(directory)};
    scene->config.deny_budget = scene->config.step_up_budget = scene->config.log_budget = 1;
    scene->config.min_history = 1;
    fill(directory);
}

static struct prediction judge_as(struct scene *scene, const struct asked_account *account)
{
    struct prediction prediction = strange_one_of_annas();
    struct error error = ERROR_NONE;

    ASSERT_DONE(predict_judge(&prediction, &scene->config, &scene->kept, account, &error));
    return prediction;
}

static void assert_exempt(struct scene *scene, enum exempt_kind kind, enum exempt_from from,
                          const char *subject)
{
    struct prediction judged = judge_as(scene, &NOT_KNOWN);

    assert_false(judged.needs_account);
    assert_int_equal(judged.exempt.kind, kind);
    assert_int_equal(judged.exempt.from, from);
    assert_string_equal(judged.exempt.subject, subject);
    assert_int_equal(judged.assessment.verdict, VERDICT_LOG);
    assert_int_equal(judged.assessment.rule, RULE_EXEMPT);
}

static void exempt_is_who_the_configuration_names(void **state)
{
    struct scene scene;

    set_scene(&scene, *state);
    strcpy(scene.config.exempt_users, "bob anna");
    assert_exempt(&scene, EXEMPT_USER, EXEMPT_BY_CONFIGURATION, "anna");
    strcpy(scene.config.exempt_users, "bob ann annas");
    strcpy(scene.config.exempt_networks, "192.0.2.0/24 5.6.0.0/16");
    assert_exempt(&scene, EXEMPT_NETWORK, EXEMPT_BY_CONFIGURATION, "5.6.0.0/16");
    check_kept_drop(&scene.kept);
}

static void put(const char *path, const struct exemption *exemption)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(exemptions_write(path, exemption, exemption != NULL, &error));
}

/* Each file is read again once it is another, in the middle of it all. */
static void exempt_for_a_time_is_as_the_files_say_now(void **state)
{
    const int64_t now_s = FIXTURE_START_US / US_PER_S + 41 * S_PER_DAY;
    struct exemption user = {.subject = "anna", .until_s = now_s + 1};
    struct exemption network = {true, "5.6.7.0/24", now_s + 1};
    struct asked_account nobody = {.is_known = true};
    char exceptions[FIXTURE_PATH_BYTES];
    struct scene scene;

    set_scene(&scene, *state);
    snprintf(exceptions, sizeof exceptions, "%s/" EXEMPTIONS_STORE_FILE, (const char *)*state);
    assert_int_equal(judge_as(&scene, &nobody).exempt.kind, EXEMPT_NOT);
    put(scene.config.exemptions, &user);
    assert_exempt(&scene, EXEMPT_USER, EXEMPT_BY_COMMAND, "anna");
    assert_int_equal(judge_as(&scene, &nobody).exempt.until_s, now_s + 1);
    put(scene.config.exemptions, NULL);
    assert_int_equal(judge_as(&scene, &nobody).exempt.kind, EXEMPT_NOT);
    put(exceptions, &network);
    assert_exempt(&scene, EXEMPT_NETWORK, EXEMPT_BY_DASHBOARD, "5.6.7.0/24");
    network.until_s = now_s;
    put(exceptions, &network);
    assert_int_equal(judge_as(&scene, &nobody).exempt.kind, EXEMPT_NOT);
    check_kept_drop(&scene.kept);
}

static void a_group_is_asked_for_before_it_is_said_who_is_not_exempt(void **state)
{
    struct asked_account account = {.is_known = true, .group = "wheel"};
    struct scene scene;

    set_scene(&scene, *state);
    strcpy(scene.config.exempt_groups, "adm wheel");
    assert_true(judge_as(&scene, &NOT_KNOWN).needs_account);
    assert_int_equal(judge_as(&scene, &account).exempt.kind, EXEMPT_GROUP);
    assert_string_equal(judge_as(&scene, &account).exempt.subject, "wheel");
    assert_int_equal(judge_as(&scene, &account).assessment.verdict, VERDICT_LOG);
    strcpy(account.group, "");
    assert_int_equal(judge_as(&scene, &account).exempt.kind, EXEMPT_NOT);
    assert_int_equal(judge_as(&scene, &account).assessment.verdict, VERDICT_DENY);
    strcpy(scene.config.exempt_users, "anna");
    assert_exempt(&scene, EXEMPT_USER, EXEMPT_BY_CONFIGURATION, "anna");
    check_kept_drop(&scene.kept);
}

static void who_is_root_is_asked_for_before_a_denial_is_said(void **state)
{
    struct asked_account account = {.is_known = true};
    struct scene scene;

    set_scene(&scene, *state);
    assert_true(judge_as(&scene, &NOT_KNOWN).needs_account);
    assert_int_equal(judge_as(&scene, &account).assessment.verdict, VERDICT_DENY);
    account.is_root = true;
    assert_int_equal(judge_as(&scene, &account).assessment.verdict, VERDICT_STEP_UP);
    assert_int_equal(judge_as(&scene, &account).assessment.rule, RULE_ROOT);
    scene.config.deny_root = true;
    assert_false(judge_as(&scene, &NOT_KNOWN).needs_account);
    check_kept_drop(&scene.kept);
}

#define JUDGEMENT_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_reaches_its_field),
        cmocka_unit_test(what_was_not_told_is_no_evidence),
        cmocka_unit_test(the_hour_is_the_users_clock),
        cmocka_unit_test(a_new_device_without_a_name_is_nobodys),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_user_that_does_not_fit_is_refused_not_cut),
        JUDGEMENT_TEST(a_habit_is_judged_milder_than_its_contrary_and_nothing_is_stored),
        JUDGEMENT_TEST(exempt_is_who_the_configuration_names),
        JUDGEMENT_TEST(exempt_for_a_time_is_as_the_files_say_now),
        JUDGEMENT_TEST(a_group_is_asked_for_before_it_is_said_who_is_not_exempt),
        JUDGEMENT_TEST(who_is_root_is_asked_for_before_a_denial_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
