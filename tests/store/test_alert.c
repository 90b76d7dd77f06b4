/* Rules of alerts: their file, what they match, and how a flood becomes one message. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "fixture.h"
#include "store/login_label.h"

#define NOW_US (FIXTURE_START_US + INT64_C(86400) * US_PER_S)
#define CHANNEL                                                                                    \
    "[channel log]\n"                                                                              \
    "kind = syslog\n"

/* ---- the file ------------------------------------------------------------------------------- */

static struct alert_config parse(const char *text)
{
    struct error error = ERROR_NONE;
    struct alert_config config;

    ASSERT_DONE(alert_config_parse(&config, text, "alerts", &error));
    return config;
}

static void test_a_sound_file(void **state)
{
    struct alert_config config = parse("# comment\n"
                                       "[rule denied]\n"
                                       "verdict = deny\n"
                                       "reasons = place, device\n"
                                       "group_by = user\n"
                                       "quiet = 30min\n"
                                       "channels = log soc\n"
                                       "[rule big]\n"
                                       "volume = 1GiB\n"
                                       "channels = log\n" CHANNEL "[channel soc]\n"
                                       "kind = webhook\n"
                                       "url = https://hooks.example.org/T0P/s3cret?x=1\n"
                                       "secret_file = /etc/secret\n");
    char target[128];

    (void)state;
    assert_int_equal(config.rule_count, 2);
    assert_int_equal(config.channel_count, 2);
    assert_int_equal(config.rules[0].verdict, VERDICT_DENY);
    assert_int_equal(config.rules[0].on, ALERT_AT_ATTEMPT);
    assert_int_equal(config.rules[0].quiet_ms, 1800000);
    assert_string_equal(config.rules[0].reasons, "place device");
    assert_int_equal(config.rules[1].on, ALERT_AT_CLOSED);
    assert_string_equal(alert_channel_target(&config.channels[1], target, sizeof(target)),
                        "https://hooks.example.org");
    alert_config_finish(&config);
}

static void expect_refusal(const char *text, const char *words)
{
    struct error error = ERROR_NONE;
    struct alert_config config;

    if (alert_config_parse(&config, text, "alerts", &error))
        fail_msg("not refused: %s", text);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    assert_null(config.rules);
    assert_null(config.channels);
}

static void test_bad_files(void **state)
{
    static const struct {
        const char *text, *words;
    } BAD[] = {
        {"verdict = deny\n", "alerts:1: a line before the first section"},
        {"[rule a]\nverdikt = deny\n", "alerts:2: unknown option \"verdikt\"; did you mean"},
        {"[rule a]\nverdict = worse\n", "alerts:2: verdict: \"worse\" is not one of"},
        {"[rule a]\nverdict = deny\nverdict = log\n", "alerts:3: verdict stands on line 2"},
        {"[rule a]\nverdict = deny\n", "alerts:1: the rule names no channels"},
        {"\n[rule a]\nchannels = log\n" CHANNEL, "alerts:2: the rule has no condition"},
        {"[rule a]\nverdict = deny\nchannels = mail\n" CHANNEL, "channel \"mail\""},
        {"[rule a]\nreasons = weather\nchannels = log\n" CHANNEL, "\"weather\" is not a family"},
        {"[rule a]\nfault = rain\nchannels = log\n" CHANNEL, "\"rain\" is not a kind of fault"},
        {"[rule a]\nvolume = 1MiB\non = attempt\nchannels = log\n" CHANNEL, "write on = closed"},
        {"[rule a]\nlabel = attack\non = opened\nchannels = log\n" CHANNEL, "write on = labelled"},
        {"[rule a b]\n", "alerts:1: \"[rule a b]\" is neither"},
        {"[rule a\n", "is neither"},
        {"[rule a] x\n", "is neither"},
        {"[rule 0123456789012345678901234567890123456789]\n", "is neither"},
        {"[thing a]\n", "is neither"},
        {"[rule ../x]\n", "is neither"},
        {CHANNEL CHANNEL, "alerts:3: there is a channel log already"},
        {"[channel a]\nto = x@example.org\n", "alerts:1: the channel has no kind"},
        {"[channel a]\nkind = email\n", "says to nobody"},
        {"[channel a]\nkind = email\nto = -oQ/tmp@example.org\n", "is not a mail address"},
        {"[channel a]\nkind = email\nto = a@example.org\nfrom = a b\n", "from: \"a b\""},
        {"[channel a]\nkind = syslog\nurl = https://example.org/\n",
         "url is a key of the kind web"},
        {"[channel a]\nkind = webhook\nurl = https://example.org/\n", "no secret_file"},
        {"[channel a]\nkind = webhook\nsecret_file = /s\nurl = ftp://example.org/\n", "https://"},
        {"[channel a]\nkind = webhook\nsecret_file = /s\nurl = http://example.org/\n",
         "http would"},
        {"[channel a]\nkind = webhook\nsecret_file = /s\nurl = http://127.0.0.1/\nca_file = /c\n",
         "http asks for no certificate"},
        {"[channel a]\nkind = syslog\nca_file = /c\n", "ca_file is a key of the kind webhook"},
        {"[channel a]\nkind = webhook\nsecret_file = /s\nurl = http://127.0.0.1.example.org/\n",
         "http would"},
        {"[channel a]\nkind = webhook\nsecret_file = /s\nurl = http://localhost@example.org/\n",
         "without a name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        expect_refusal(BAD[i].text, BAD[i].words);
}

/* ---- logins --------------------------------------------------------------------------------- */

static bool is_admin(void *context, const char *user, const char *groups)
{
    (void)context;
    return strcmp(user, "anna") == 0 && config_list_has(groups, "admin");
}

static struct alert_watch watch_of(const struct alert_config *config, int64_t now_us)
{
    return (struct alert_watch){.config = config, .now_us = now_us, .is_member = is_admin};
}

static struct login_record judged(const char *user, unsigned n, enum verdict verdict, double risk)
{
    struct login_record record = fixture_record(user, "203.0.113.7", n);

    record.assessed = true;
    record.assessment.verdict = verdict;
    record.assessment.risk = risk;
    record.assessment.reason_count = 1;
    record.assessment.reasons[0] = (struct reason){.feature = FEATURE_ASN_SEEN, .share = 0.5f};
    return record;
}

static void test_conditions(void **state)
{
    static const struct {
        const char *condition;
        bool matches;
    } CASES[] = {
        {"verdict = log", true},
        {"verdict = step-up", true},
        {"verdict = deny", false},
        {"risk = 0.9", true},
        {"risk = 0.95", false},
        {"user = bob, anna", true},
        {"user = ann", false},
        {"group = users admin", true},
        {"group = users", false},
        {"source = 203.0.113.0/24", true},
        {"source = 203.0.112.0/24 2001:db8::/32", false},
        {"reasons = device place", true},
        {"reasons = device", false},
        {"fault = any", false},
        {"volume = 21000B", true},
        {"volume = 21001B", false},
        {"label = attack", true},
        {"label = legitimate", false},
        {"verdict = deny\nuser = anna", false},
    };
    struct stored_login login = {.label = LABEL_ATTACK};

    (void)state;
    login.record = judged("anna", 1, VERDICT_STEP_UP, 0.9);
    login.record.event.bytes_in = 1000;
    login.record.event.bytes_out = 20000;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct alert_config config;
        struct alert_watch watch;
        char text[256];

        snprintf(text, sizeof(text), "[rule a]\n%s\nchannels = log\n" CHANNEL, CASES[i].condition);
        config = parse(text);
        watch = watch_of(&config, NOW_US);
        if (alert_rule_matches(&config.rules[0], &login, &watch) != CASES[i].matches)
            fail_msg("%s", CASES[i].condition);
        alert_config_finish(&config);
    }
}

static void test_faults(void **state)
{
    struct alert_config config = parse("[rule a]\nfault = model store\nchannels = log\n" CHANNEL);
    struct alert_watch watch = watch_of(&config, NOW_US);
    struct stored_login login = {.label = LABEL_NONE};

    (void)state;
    login.record = fixture_record("anna", "203.0.113.7", 1);
    login.record.fault = FAULT_MODEL;
    assert_true(alert_rule_matches(&config.rules[0], &login, &watch));
    login.record.fault = FAULT_GEO;
    assert_false(alert_rule_matches(&config.rules[0], &login, &watch));
    alert_config_finish(&config);
}

/* ---- alerts --------------------------------------------------------------------------------- */

static void drain(struct store *store, const struct alert_config *config, int64_t now_us)
{
    struct alert_watch watch = watch_of(config, now_us);
    struct drain_limits limits = {.rotate_bytes = 1 << 20, .batch_records = 500, .alerts = &watch};
    struct error error = ERROR_NONE;
    struct drain_result result;

    do
        ASSERT_DONE(drain_journals(store, &limits, &result, &error));
    while (result.more || result.records > 0);
}

/* The deliveries made; all are then ended. */
static int announce(struct store *store, const struct alert_config *config, int64_t now_us)
{
    struct error error = ERROR_NONE;
    struct alert_delivery delivery;
    int64_t postponed, id = 0;
    bool found;
    int made = 0;

    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_alerts_announce(store, config, now_us, &postponed, &error));
    ASSERT_DONE(store_delivery_next(store, id, &delivery, &found, &error));
    while (found) {
        made++;
        id = delivery.id;
        delivery.state = DELIVERY_DONE;
        ASSERT_DONE(store_delivery_end(store, &delivery, &error));
        ASSERT_DONE(store_delivery_next(store, id, &delivery, &found, &error));
    }
    ASSERT_DONE(store_commit(store, &error));
    assert_int_equal(postponed, 0);
    return made;
}

struct list {
    struct alert alerts[64];
    int count;
};

static bool keep(void *context, const struct alert *alert)
{
    struct list *list = context;

    assert_true(list->count < 64);
    list->alerts[list->count++] = *alert;
    return true;
}

static struct list alerts_of(struct store *store, enum alert_state which)
{
    struct error error = ERROR_NONE;
    struct list list = {.count = 0};

    ASSERT_DONE(store_alerts(store, which, 0, 64, keep, &list, &error));
    return list;
}

static struct store *open_store(void **state)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    return store;
}

static void append(void **state, const struct login_record *record)
{
    int fd = fixture_directory_fd(*state);
    struct error error = ERROR_NONE;

    ASSERT_DONE(fixture_append(fd, record, &error));
    close(fd);
}

static void flood(void **state, unsigned first, unsigned count, bool one_name)
{
    int fd = fixture_directory_fd(*state);

    for (unsigned n = first; n < first + count; n++) {
        struct error error = ERROR_NONE;
        struct login_record record;
        char user[16];

        snprintf(user, sizeof(user), "user%u", one_name ? 0 : n);
        record = judged(user, n, VERDICT_DENY, 0.9 + n % 100 / 1000.0);
        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    close(fd);
}

static void test_a_flood_is_one_message(void **state)
{
    struct alert_config config =
        parse("[rule a]\nverdict = deny\nwait = 5s\nquiet = 1h\nchannels = log\n" CHANNEL);
    struct store *store = open_store(state);
    struct list list;
    int messages;

    flood(state, 0, 10000, false);
    drain(store, &config, NOW_US);
    messages = announce(store, &config, NOW_US + 4 * US_PER_S);
    assert_int_equal(messages, 0); /* it waits for more */
    messages = announce(store, &config, NOW_US + 5 * US_PER_S);
    assert_int_equal(messages, 1);
    list = alerts_of(store, ALERT_STATE_ALL);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.alerts[0].count, 10000);
    assert_int_equal(list.alerts[0].login_count, ALERT_LOGINS);
    for (int i = 0; i < ALERT_LOGINS; i++) /* the worst of all */
        assert_float_equal(list.alerts[0].logins[i].risk, 0.999, 1e-6);

    /* More within the quiet period: one message when it ends, with the counts. */
    flood(state, 10000, 500, false);
    drain(store, &config, NOW_US + 60 * US_PER_S);
    assert_int_equal(announce(store, &config, NOW_US + 3600 * US_PER_S), 0);
    assert_int_equal(announce(store, &config, NOW_US + 3605 * US_PER_S), 1);
    list = alerts_of(store, ALERT_STATE_ALL);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.alerts[0].announced, 10500);

    /* None in the next: it is over, and what comes then is a new alert. */
    assert_int_equal(announce(store, &config, NOW_US + 7300 * US_PER_S), 0);
    flood(state, 10500, 1, false);
    drain(store, &config, NOW_US + 7400 * US_PER_S);
    assert_int_equal(announce(store, &config, NOW_US + 7405 * US_PER_S), 1);
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).count, 2);
    store_close(store);
    alert_config_finish(&config);
}

static void test_groups_are_bounded(void **state)
{
    struct alert_config config =
        parse("[rule a]\nverdict = deny\ngroup_by = user\nchannels = log\n" CHANNEL);
    struct store *store = open_store(state);
    int64_t sum = 0;
    struct list list;

    flood(state, 0, 10000, false); /* ten thousand names */
    flood(state, 10000, 100, true);
    drain(store, &config, NOW_US);
    list = alerts_of(store, ALERT_STATE_ALL);
    assert_int_equal(list.count, ALERT_GROUPS + 1);
    for (int i = 0; i < list.count; i++)
        sum += list.alerts[i].count;
    assert_int_equal(sum, 10100);
    assert_string_equal(list.alerts[0].subject, ALERT_THE_REST);
    assert_string_equal(list.alerts[ALERT_GROUPS].subject, "user0");
    assert_int_equal(list.alerts[ALERT_GROUPS].count, 101);
    assert_int_equal(announce(store, &config, NOW_US + 10 * US_PER_S), ALERT_GROUPS + 1);
    store_close(store);
    alert_config_finish(&config);
}

/* Stages in any order, each read twice: a rule counts a login once. */
static void test_a_login_counts_once(void **state)
{
    struct alert_config config =
        parse("[rule opened]\non = opened\nverdict = deny\nchannels = log\n"
              "[rule big]\nvolume = 20KiB\nchannels = log\n"
              "[rule labelled]\nlabel = attack\nchannels = log\n" CHANNEL);
    struct login_record attempt = judged("anna", 1, VERDICT_DENY, 0.97);
    struct login_record opened = fixture_stage(&attempt, STAGE_OPENED, 2);
    struct login_record closed = fixture_stage(&attempt, STAGE_CLOSED, 60);
    struct login_label label = {.id = attempt.event.id, .value = LABEL_ATTACK, .time_us = NOW_US};
    struct store *store = open_store(state);
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES];
    struct error error = ERROR_NONE;
    int fd = fixture_directory_fd(*state);
    struct list list;

    append(state, &opened);
    drain(store, &config, NOW_US);
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).count, 0); /* nothing judged it yet */
    append(state, &attempt);
    append(state, &closed);
    append(state, &attempt);
    append(state, &opened);
    append(state, &closed);
    for (int i = 0; i < 2; i++)
        ASSERT_DONE(
            journal_append(fd, LABEL_PRODUCER, bytes, login_label_encode(&label, bytes), &error));
    close(fd);
    drain(store, &config, NOW_US);
    list = alerts_of(store, ALERT_STATE_ALL);
    assert_int_equal(list.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(list.alerts[i].count, 1);
    store_close(store);
    alert_config_finish(&config);
}

/* Whoever is killed, wherever: a login that is in the store is counted, and one that is not, not.
 */
static void test_killed_in_the_middle(void **state)
{
    struct alert_config config = parse("[rule a]\nverdict = deny\nchannels = log\n" CHANNEL);
    struct store *store;

    flood(state, 0, 3000, false);
    for (int round = 0; round < 20; round++) {
        pid_t pid = fixture_fork();
        int status;

        if (pid == 0) {
            struct alert_watch watch = watch_of(&config, NOW_US);
            struct drain_limits limits = {
                .rotate_bytes = 1 << 20, .batch_records = 100, .alerts = &watch};
            struct drain_result result;
            struct error error = ERROR_NONE;

            if (store_open(&store, *state, STORE_WRITE, &error))
                for (;;)
                    if (!drain_journals(store, &limits, &result, &error))
                        break;
            _exit(0);
        }
        usleep((useconds_t)(1000 + round * 1500));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        store = open_store(state);
        struct list list = alerts_of(store, ALERT_STATE_ALL);
        assert_int_equal(list.count > 0 ? list.alerts[0].count : 0, fixture_logins(store));
        store_close(store);
    }
    store = open_store(state);
    drain(store, &config, NOW_US);
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).alerts[0].count, 3000);
    store_close(store);
    alert_config_finish(&config);
}

static void test_rebuild_and_import_alert_nobody(void **state)
{
    struct alert_config config = parse("[rule a]\nverdict = deny\nchannels = log\n" CHANNEL);
    struct stored_login login = {.label = LABEL_NONE, .imported = true};
    struct store *store = open_store(state);
    struct error error = ERROR_NONE;
    enum import_outcome outcome;

    flood(state, 0, 10, false);
    drain(store, &config, NOW_US);
    ASSERT_DONE(store_rebuild(store, &error));
    login.record = judged("bob", 100, VERDICT_DENY, 0.99);
    login.reached = STAGE_ATTEMPT;
    ASSERT_DONE(store_import_begin(store, &error));
    ASSERT_DONE(store_import(store, &login, &outcome, &error));
    ASSERT_DONE(store_import_commit(store, &error));
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).alerts[0].count, 10);
    store_close(store);
    alert_config_finish(&config);
}

static void test_acknowledged_tested_forgotten(void **state)
{
    struct alert_config config = parse("[rule a]\nverdict = deny\nchannels = log\n" CHANNEL);
    struct store *store = open_store(state);
    struct error error = ERROR_NONE;
    struct alert_delivery delivery;
    bool found, taken;
    int64_t id;

    flood(state, 0, 3, false);
    drain(store, &config, NOW_US);
    id = alerts_of(store, ALERT_STATE_OPEN).alerts[0].id;
    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_alert_acknowledge(store, id, "anna", NOW_US, &found, &error));
    assert_true(found);
    ASSERT_DONE(store_alert_acknowledge(store, id, "bob", NOW_US, &found, &error));
    ASSERT_DONE(store_alert_acknowledge(store, id + 1, "bob", NOW_US, &found, &error));
    assert_false(found);
    ASSERT_DONE(store_alert_test(store, "log", "anna", NOW_US, &taken, &error));
    assert_true(taken);
    ASSERT_DONE(store_alert_test(store, "log", "anna", NOW_US + US_PER_S, &taken, &error));
    assert_false(taken);
    ASSERT_DONE(store_commit(store, &error));
    assert_int_equal(alerts_of(store, ALERT_STATE_OPEN).count, 0);
    assert_string_equal(alerts_of(store, ALERT_STATE_ACKNOWLEDGED).alerts[0].acknowledged_by,
                        "anna");

    ASSERT_DONE(store_delivery_next(store, 0, &delivery, &found, &error));
    assert_true(found);
    assert_int_equal(delivery.alert, 0);
    assert_string_equal(delivery.message, "anna");
    delivery.state = DELIVERY_FAILED;
    ASSERT_DONE(store_delivery_end(store, &delivery, &error));
    ASSERT_DONE(store_delivery_latest(store, "log", DELIVERY_FAILED, &delivery, &found, &error));
    assert_true(found);

    /* Not while it is under way. */
    ASSERT_DONE(store_alerts_retain(store, NOW_US + 1, &error));
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).count, 1);
    assert_int_equal(announce(store, &config, NOW_US + 10 * US_PER_S), 1);
    assert_int_equal(announce(store, &config, NOW_US + 7200 * US_PER_S), 0);
    ASSERT_DONE(store_alerts_retain(store, NOW_US + 1, &error));
    assert_int_equal(alerts_of(store, ALERT_STATE_ALL).count, 0);
    store_close(store);
    alert_config_finish(&config);
}

static void test_tests_are_bounded(void **state)
{
    struct store *store = open_store(state);
    struct error error = ERROR_NONE;
    bool taken;

    for (int i = 0; i < 2 * ALERT_TESTS_MOST; i++) {
        char channel[64];

        snprintf(channel, sizeof(channel), "c%d", i);
        ASSERT_DONE(store_alert_test(store, channel, "eve", NOW_US, &taken, &error));
        assert_int_equal(taken, i < ALERT_TESTS_MOST);
    }
    ASSERT_DONE(store_alert_test(store, "a-name-that-is-longer-than-that-of-any-channel", "eve",
                                 NOW_US + ALERT_TEST_PAUSE_US, &taken, &error));
    assert_false(taken);
    store_close(store);
}

/* Channels that are down for long keep their messages back, not the counts. */
static void test_too_many_wait(void **state)
{
    struct alert_config config = parse("[rule a]\nverdict = deny\nchannels = log\n" CHANNEL);
    struct store *store = open_store(state);
    struct error error = ERROR_NONE;
    int64_t postponed;
    struct list list;

    ASSERT_DONE(store_begin(store, &error));
    for (int i = 0; i < ALERT_PENDING_MOST; i++) {
        int64_t then_us = NOW_US + i * ALERT_TEST_PAUSE_US;
        char channel[16];
        bool taken;

        snprintf(channel, sizeof(channel), "c%d", i);
        ASSERT_DONE(store_alert_test(store, channel, "anna", then_us, &taken, &error));
        assert_true(taken);
    }
    ASSERT_DONE(store_commit(store, &error));
    flood(state, 0, 7, false);
    drain(store, &config, NOW_US);
    ASSERT_DONE(store_alerts_announce(store, &config, NOW_US + 10 * US_PER_S, &postponed, &error));
    assert_int_equal(postponed, 1);
    list = alerts_of(store, ALERT_STATE_ALL);
    assert_int_equal(list.alerts[0].announced, 0);
    assert_int_equal(list.alerts[0].count, 7);
    assert_true(list.alerts[0].due_us > NOW_US + 3600 * US_PER_S);
    store_close(store);
    alert_config_finish(&config);
}

static void test_summary_is_one_line(void **state)
{
    struct alert alert = {.count = 2, .login_count = 1, .subject = "a\r\nBcc: b"};
    char text[ALERT_SUMMARY_BYTES];

    (void)state;
    alert.logins[0] = (struct alert_login){.verdict = VERDICT_DENY, .risk = 0.5f};
    assert_string_equal(alert_summary(&alert, text),
                        "2 logins of a\?\?Bcc: b, judged up to deny, risk up to 0.500");
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_file),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_faults),
        STORE_TEST(test_a_flood_is_one_message),
        STORE_TEST(test_groups_are_bounded),
        STORE_TEST(test_a_login_counts_once),
        STORE_TEST(test_killed_in_the_middle),
        STORE_TEST(test_rebuild_and_import_alert_nobody),
        STORE_TEST(test_acknowledged_tested_forgotten),
        STORE_TEST(test_tests_are_bounded),
        STORE_TEST(test_too_many_wait),
        cmocka_unit_test(test_summary_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
