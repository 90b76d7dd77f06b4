/* Analysts' words: records as bytes, what they come to, and what a hostile dashboard can write. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exemption_list.h"
#include "fixture.h"
#include "store/decision.h"
#include "store/login_page.h"

#define NOW_S       (FIXTURE_NOW_US / US_PER_S)
#define ROTATE_EVER 1 /* bytes: whenever something was read */
#define ROTATE_NOT  (INT64_C(1) << 30)

/* ---- records -------------------------------------------------------------------------------- */

static struct word word_of(enum word_kind kind)
{
    struct word word = {.kind = kind, .time_us = FIXTURE_START_US, .uid = 7, .by = "ada"};

    word.login = fixture_record("alice", "192.0.2.1", 1).event.id;
    switch (kind) {
    case WORD_LABEL:
        word.label = LABEL_ATTACK;
        memcpy(word.family, "stolen-key", 11);
        break;
    case WORD_LATER:
        word.later = true;
        break;
    case WORD_EXCEPTION:
        word.exemption = (struct exemption){.subject = "alice", .until_s = NOW_S + 3600};
        break;
    case WORD_ALERT_SEEN:
        word.alert = UINT64_C(0x1122334455667788);
        break;
    case WORD_ALERT_TEST:
        memcpy(word.channel, "mail", 5);
        break;
    case WORD_IMPORT:
        word.history = (struct asked_history){.job = UINT64_C(0x0123456789abcdef),
                                              .state = HISTORY_ASKED,
                                              .begun = 2,
                                              .format = "sshd",
                                              .file = "auth \xc3\xa9.log"};
        break;
    }
    memcpy(word.why, "<b>because</b> \xc3\xa9", 18);
    return word;
}

static struct word network_word(const char *network, int64_t until_s)
{
    struct word word = word_of(WORD_EXCEPTION);

    word.exemption = (struct exemption){.is_network = true, .until_s = until_s};
    snprintf(word.exemption.subject, sizeof(word.exemption.subject), "%s", network);
    return word;
}

static bool decodes(const struct word *word)
{
    uint8_t bytes[WORD_MAX_BYTES];
    struct error error = ERROR_NONE;
    struct word decoded;
    bool sound = word_decode(&decoded, bytes, word_encode(word, bytes), &error);

    assert_true(sound == (error.fault == FAULT_NONE));
    return sound && word_is_plain(&decoded);
}

static const enum word_kind KINDS[] = {
#define WORD_KIND(symbol, number, name) WORD_##symbol,
    WORD_KINDS
#undef WORD_KIND
};

#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

static void test_words_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct word word = word_of(KINDS[i]), decoded;
        uint8_t bytes[WORD_MAX_BYTES], again[WORD_MAX_BYTES];
        struct error error = ERROR_NONE;
        size_t size = word_encode(&word, bytes);

        ASSERT_DONE(word_decode(&decoded, bytes, size, &error));
        assert_int_equal(decoded.kind, word.kind);
        assert_string_equal(decoded.by, "ada");
        assert_string_equal(decoded.why, word.why);
        assert_int_equal(decoded.alert, word.alert);
        assert_string_equal(decoded.exemption.subject, word.exemption.subject);
        assert_int_equal(decoded.exemption.until_s, word.exemption.until_s);
        assert_memory_equal(&decoded.history, &word.history, sizeof(word.history));
        assert_int_equal(word_encode(&decoded, again), size);
        assert_memory_equal(again, bytes, size);
    }
}

static void test_cut_or_longer_records_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct word word = word_of(KINDS[i]), decoded;
        uint8_t bytes[WORD_MAX_BYTES + 1] = {0};
        size_t size = word_encode(&word, bytes);

        for (size_t cut = 0; cut < size; cut++)
            assert_false(word_decode(&decoded, bytes, cut, NULL));
        assert_false(word_decode(&decoded, bytes, size + 1, NULL));
    }
}

static void test_bad_words_are_refused(void **state)
{
    static const char *const TEXTS[] = {"a\nb", "\x1b[2J",      "\xc2\x9b",
                                        "\xff", "\xed\xa0\x80", "\x7f"};
    struct word word;
    uint8_t bytes[WORD_MAX_BYTES];
    size_t size;

    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        word = word_of(KINDS[i]);
        word.time_us = -1;
        assert_false(decodes(&word));
        word.time_us = LOGIN_TIME_MAX_US + 1;
        assert_false(decodes(&word));
        word = word_of(KINDS[i]);
        word.by[0] = '\0';
        assert_false(decodes(&word));
        for (size_t j = 0; j < sizeof(TEXTS) / sizeof(TEXTS[0]); j++) {
            word = word_of(KINDS[i]);
            snprintf(word.by, sizeof(word.by), "%s", TEXTS[j]);
            assert_false(decodes(&word));
            word = word_of(KINDS[i]);
            snprintf(word.why, sizeof(word.why), "%s", TEXTS[j]);
            assert_false(decodes(&word));
        }
    }
    word = word_of(WORD_ALERT_TEST);
    word.channel[0] = '\0';
    assert_false(decodes(&word));
    word = word_of(WORD_LATER);
    size = word_encode(&word, bytes);
    bytes[size - 1] = 2; /* neither yes nor no */
    assert_false(word_decode(&word, bytes, size, NULL));
    bytes[size - 1] = 1;
    bytes[1] = 99; /* no kind */
    assert_false(word_decode(&word, bytes, size, NULL));
    bytes[1] = WORD_LABEL; /* which has a version of its own */
    assert_false(word_decode(&word, bytes, size, NULL));
    bytes[1] = WORD_LATER;
    bytes[0] = 3; /* no version */
    assert_false(word_decode(&word, bytes, size, NULL));
}

static void test_bad_exceptions_are_refused(void **state)
{
    static const char *const NETWORKS[] = {"",
                                           "192.0.2.1",
                                           "192.0.2.1/24",
                                           "192.0.2.0/33",
                                           "0192.0.2.0/24",
                                           "::ffff:1.2.3.4/128",
                                           "2001:DB8::/32"};
    static const char *const USERS[] = {"", "a b", "a\tb", "a\nuser root until 9999999999"};
    struct word word;

    (void)state;
    for (size_t i = 0; i < sizeof(NETWORKS) / sizeof(NETWORKS[0]); i++) {
        word = network_word(NETWORKS[i], NOW_S + 60);
        assert_false(decodes(&word));
    }
    for (size_t i = 0; i < sizeof(USERS) / sizeof(USERS[0]); i++) {
        word = word_of(WORD_EXCEPTION);
        snprintf(word.exemption.subject, sizeof(word.exemption.subject), "%s", USERS[i]);
        assert_false(decodes(&word));
    }
    word = network_word("192.0.2.0/24", -1);
    assert_false(decodes(&word));
    word = network_word("192.0.2.0/24", INT64_MAX);
    assert_false(decodes(&word));
    word = network_word("192.0.2.0/24", 0);
    assert_true(decodes(&word));
}

/* ---- what they come to ---------------------------------------------------------------------- */

static struct store *open_store(const char *directory, enum store_access access)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, access, &error));
    return store;
}

static void say(const char *directory, struct word word)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(word_append(directory, &word, &error));
}

static void log_in(const char *directory, const char *user, unsigned n)
{
    struct login_record record = fixture_record(user, "192.0.2.1", n);
    int fd = fixture_directory_fd(directory);
    struct error error = ERROR_NONE;

    record.assessed = true;
    record.assessment.verdict = VERDICT_STEP_UP;
    record.assessment.risk = 0.5;
    ASSERT_DONE(fixture_append(fd, &record, &error));
    close(fd);
}

static struct word about(struct word word, unsigned n)
{
    word.login = fixture_record("alice", "192.0.2.1", n).event.id;
    return word;
}

static bool keep_login(void *context, const struct stored_login *login)
{
    *(struct stored_login *)context = *login;
    return false;
}

static struct stored_login stored(struct store *store, unsigned n)
{
    struct login_record record = fixture_record("alice", "192.0.2.1", n);
    struct login_filter filter = {.id = &record.event.id};
    struct error error = ERROR_NONE;
    struct stored_login login = {.label = 99};

    ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
    return login;
}

struct search {
    struct login_id id;
    bool waits, later;
};

static bool look_for(void *context, const struct stored_login *login, bool later)
{
    struct search *search = context;

    if (!login_id_equal(&login->record.event.id, &search->id))
        return true;
    search->waits = true;
    search->later = later;
    return false;
}

/* Whether it is in the queue at all, and whether it was put off. */
static struct search in_queue(struct store *store, unsigned n)
{
    static const enum login_triage PARTS[] = {TRIAGE_WAITING, TRIAGE_LATER};
    struct search search = {.id = fixture_record("alice", "192.0.2.1", n).event.id};
    struct login_page_filter filter;
    struct error error = ERROR_NONE;
    bool more;

    login_page_filter_init(&filter);
    filter.order = ORDER_RISK;
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        struct login_cursor cursor = {.set = false};
        filter.triage = PARTS[i];
        ASSERT_DONE(store_login_page(store, &filter, LOGIN_PAGE_MOST, &cursor, &more, look_for,
                                     &search, &error));
    }
    return search;
}

static bool is_later(struct store *store, unsigned n)
{
    return in_queue(store, n).later;
}

/* "KIND/BY/LABEL or SUBJECT " each. */
static bool note_decision(void *context, const struct decision *decision)
{
    const struct word *word = &decision->word;
    char *text = context;
    size_t used = strlen(text);

    snprintf(text + used, 2048 - used, "%s/%s%s/%s ", word_kind_name(word->kind), word->by,
             decision->login ? "@login" : "",
             word->kind == WORD_LABEL       ? login_label_name(word->label)
             : word->kind == WORD_EXCEPTION ? word->exemption.subject
             : word->later                  ? "on"
                                            : "off");
    return true;
}

static const char *decisions(struct store *store, const struct login_id *login)
{
    static char text[2048];
    struct error error = ERROR_NONE;

    text[0] = '\0';
    ASSERT_DONE(store_decisions(store, login, INT64_MAX, 100, note_decision, text, &error));
    return text;
}

static void test_labels_and_later(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct login_record first = fixture_record("alice", "192.0.2.1", 1);
    struct word word = word_of(WORD_LABEL), later = word_of(WORD_LATER);
    struct drain_result result;
    struct error error = ERROR_NONE;
    struct login_label label;
    bool found;

    log_in(*state, "alice", 1);
    log_in(*state, "alice", 2);
    say(*state, about(later, 1));
    say(*state, about(later, 2));
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 4);
    assert_true(is_later(store, 1) && is_later(store, 2));

    later.later = false;
    say(*state, about(later, 2));
    word.time_us = FIXTURE_NOW_US + 5; /* of a clock that goes wrong, or worse */
    say(*state, about(word, 1));
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 2);
    assert_false(is_later(store, 1) || is_later(store, 2));
    assert_true(in_queue(store, 2).waits && !in_queue(store, 1).waits);
    assert_int_equal(stored(store, 1).label, LABEL_ATTACK);
    assert_string_equal(stored(store, 1).family, "stolen-key");
    ASSERT_DONE(store_label_load(store, &first.event.id, &label, &found, &error));
    assert_true(found);
    assert_int_equal(label.time_us, FIXTURE_NOW_US);
    assert_int_equal(label.uid, geteuid()); /* who owns the directory, whatever the word says */
    assert_string_equal(label.why, "<b>because</b> \xc3\xa9");

    later.later = true; /* what is judged cannot be put off */
    say(*state, about(later, 1));
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.refused, 1);

    word.label = LABEL_NONE;
    word.family[0] = '\0';
    say(*state, about(word, 1));
    (void)fixture_drain(store, ROTATE_NOT);
    assert_int_equal(stored(store, 1).label, LABEL_NONE);
    assert_true(in_queue(store, 1).waits);
    assert_string_equal(decisions(store, &first.event.id),
                        "label/ada@login/none label/ada@login/attack later/ada@login/on ");
    assert_string_equal(decisions(store, NULL),
                        "label/ada@login/none label/ada@login/attack later/ada@login/off "
                        "later/ada@login/on later/ada@login/on ");

    say(*state, about(later, 2));
    (void)fixture_drain(store, ROTATE_NOT);
    assert_true(is_later(store, 2));
    say(*state, about(word, 2)); /* "none" takes that back as well */
    (void)fixture_drain(store, ROTATE_NOT);
    assert_true(in_queue(store, 2).waits && !is_later(store, 2));
    store_close(store);
}

static const char *published(const char *directory)
{
    static char text[4096];
    char path[FIXTURE_PATH_BYTES];
    size_t size = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/" EXEMPTIONS_STORE_FILE, directory);
    file = fopen(path, "r");
    if (file) {
        size = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[size] = '\0';
    return text;
}

static bool is_exempt(const char *directory, const char *user, const char *address, int64_t now_s)
{
    struct exemption_list list = {.count = 0};
    struct ip_address source;
    struct error error = ERROR_NONE;

    assert_true(ip_parse(address, &source));
    ASSERT_DONE(exemption_list_refresh_store(&list, directory, &error));
    bool match = exemption_list_find(&list, user, &source, now_s) != NULL;
    exemption_list_finish(&list);
    return match;
}

static struct word user_word(const char *user, int64_t until_s)
{
    struct word word = word_of(WORD_EXCEPTION);

    snprintf(word.exemption.subject, sizeof(word.exemption.subject), "%s", user);
    word.exemption.until_s = until_s;
    return word;
}

static void test_exceptions(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct drain_result result;
    char path[FIXTURE_PATH_BYTES];

    (void)fixture_drain(store, ROTATE_NOT);
    assert_string_equal(published(*state), "");
    say(*state, user_word("alice", NOW_S + 60));
    say(*state, network_word("198.51.0.0/16", NOW_S + 90 * S_PER_DAY));
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 2);
    assert_true(is_exempt(*state, "alice", "192.0.2.1", NOW_S));
    assert_false(is_exempt(*state, "alice", "192.0.2.1", NOW_S + 60));
    assert_true(is_exempt(*state, "bob", "198.51.7.7", NOW_S));
    assert_false(is_exempt(*state, "bob", "198.52.7.7", NOW_S));

    /* What is removed, or was not written before a kill, is there after the next start. */
    snprintf(path, sizeof(path), "%s/" EXEMPTIONS_STORE_FILE, (const char *)*state);
    assert_int_equal(unlink(path), 0);
    store_close(store);
    store = open_store(*state, STORE_WRITE);
    (void)fixture_drain(store, ROTATE_NOT);
    assert_true(is_exempt(*state, "alice", "192.0.2.1", NOW_S));

    say(*state, user_word("alice", 0));
    say(*state, user_word("bob", 0)); /* nothing to revoke */
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 1);
    assert_int_equal(result.refused, 1);
    assert_false(is_exempt(*state, "alice", "192.0.2.1", NOW_S));
    assert_true(is_exempt(*state, "bob", "198.51.7.7", NOW_S));
    assert_string_equal(decisions(store, NULL),
                        "exception/ada/alice exception/ada/198.51.0.0/16 exception/ada/alice ");
    store_close(store);
}

static void test_exceptions_have_limits(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct drain_result result;
    char user[32];

    say(*state, user_word("alice", NOW_S));
    say(*state, user_word("alice", NOW_S + 91 * S_PER_DAY));
    say(*state, network_word("0.0.0.0/0", NOW_S + 60));
    say(*state, network_word("198.50.0.0/15", NOW_S + 60));
    say(*state, network_word("2001:c00::/23", NOW_S + 60));
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 0);
    assert_int_equal(result.refused, 5);
    assert_string_equal(published(*state), "");

    for (unsigned i = 0; i < EXCEPTIONS_MOST + 7; i++) {
        snprintf(user, sizeof(user), "user%u", i);
        say(*state, user_word(user, NOW_S + 60));
    }
    say(*state, user_word("user0", NOW_S + 120)); /* one that is there may be made longer */
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, EXCEPTIONS_MOST + 1);
    assert_int_equal(result.refused, 7);
    assert_true(is_exempt(*state, "user0", "192.0.2.1", NOW_S + 90));
    assert_true(is_exempt(*state, "user199", "192.0.2.1", NOW_S));
    assert_false(is_exempt(*state, "user200", "192.0.2.1", NOW_S));
    store_close(store);
}

static void test_decisions_are_forgotten_with_their_logins(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct store_keeping keeping = {.logins_before_us = FIXTURE_START_US + 2 * US_PER_S,
                                    .failures_most = 1000};
    struct error error = ERROR_NONE;
    int64_t removed;
    bool more;

    for (unsigned n = 1; n < 4; n++) {
        log_in(*state, "alice", n);
        say(*state, about(word_of(WORD_LATER), n));
    }
    (void)fixture_drain(store, ROTATE_NOT);
    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_retain(store, &keeping, 100, &removed, &more, &error));
    ASSERT_DONE(store_commit(store, &error));
    assert_string_equal(decisions(store, NULL), "later/ada@login/on later/ada@login/on ");
    assert_false(is_later(store, 1));
    assert_true(is_later(store, 2));
    store_close(store);
}

/* A store as version 2 left it: labels, no decisions. */
static void test_upgrade_keeps_labels_as_decisions(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);

    log_in(*state, "alice", 1);
    say(*state, word_of(WORD_LABEL));
    (void)fixture_drain(store, ROTATE_NOT);
    store_close(store);
    fixture_make_version(*state, 2);
    store = open_store(*state, STORE_READ);
    assert_string_equal(decisions(store, NULL), "");
    store_close(store);
    store = open_store(*state, STORE_WRITE);
    assert_string_equal(decisions(store, NULL), "label/ada@login/attack ");
    store_close(store);
}

/* While a login is folded in, a second one comes, and a word on it. */
static bool come_meanwhile(void *context, const char *user, const char *groups)
{
    const char *directory = context;
    static bool came;

    (void)user;
    (void)groups;
    if (!came) {
        log_in(directory, "alice", 2);
        say(directory, about(word_of(WORD_LABEL), 2));
    }
    came = true;
    return false;
}

static void test_a_word_on_a_login_that_came_meanwhile(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct error error = ERROR_NONE;
    struct alert_config rules;
    struct alert_watch watch = {
        .config = &rules, .now_us = FIXTURE_NOW_US, .is_member = come_meanwhile, .context = *state};
    struct drain_limits limits = {.rotate_bytes = ROTATE_NOT,
                                  .batch_records = 100,
                                  .now_us = FIXTURE_NOW_US,
                                  .alerts = &watch};
    struct drain_result result;

    ASSERT_DONE(alert_config_parse(&rules,
                                   "[rule a]\ngroup = ops\nchannels = log\n"
                                   "[channel log]\nkind = syslog\n",
                                   "alerts", &error));
    log_in(*state, "alice", 1);
    say(*state, about(word_of(WORD_LABEL), 1));
    ASSERT_DONE(drain_journals(store, &limits, &result, &error));
    assert_int_equal(result.records, 2);
    assert_int_equal(result.refused, 0);
    assert_true(result.more_words); /* it waits for its login */
    ASSERT_DONE(drain_journals(store, &limits, &result, &error));
    assert_int_equal(result.records, 2);
    assert_int_equal(result.refused, 0);
    assert_false(result.more_words);
    assert_int_equal(stored(store, 2).label, LABEL_ATTACK);
    alert_config_finish(&rules);
    store_close(store);
}

/* ---- a hostile dashboard -------------------------------------------------------------------- */

static void test_logins_are_refused(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct login_record record = fixture_record("mallory", "192.0.2.1", 5);
    struct error error = ERROR_NONE;
    char path[FIXTURE_PATH_BYTES];
    struct drain_result result;
    int fd;

    say(*state, word_of(WORD_LABEL)); /* there is no such login */
    snprintf(path, sizeof(path), "%s/" WORD_DIRECTORY, (const char *)*state);
    fd = fixture_directory_fd(path);
    for (enum login_stage stage = STAGE_ATTEMPT; stage <= STAGE_CLOSED; stage++) {
        uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
        struct login_record later = fixture_stage(&record, stage, 1);
        size_t size = login_record_encode(&later, bytes, sizeof(bytes));

        ASSERT_DONE(journal_append(fd, WORD_PRODUCER, bytes, size, &error));
    }
    ASSERT_DONE(journal_append(fd, WORD_PRODUCER, "x", 1, &error));
    close(fd);
    log_in(*state, "alice", 6);
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 1);
    assert_int_equal(result.refused, 6);
    assert_int_equal(fixture_logins(store), 1);
    store_close(store);
}

/* Each thing that may stand there instead; logins are folded in all the same. */
static void test_odd_files_stop_nothing(void **state)
{
    static const struct {
        const char *make; /* in the store's directory */
        bool distrusted;
    } CASES[] = {
        {"ln -s . dashboard", true},
        {"ln -s /nowhere dashboard", true},
        {": >dashboard", true},
        {"mkfifo dashboard", true},
        {"mkdir -m 777 dashboard", true},
        {"mkdir dashboard && ln -s ../login.journal dashboard/dashboard.journal", true},
        {"mkdir dashboard && ln -s /dev/zero dashboard/dashboard.journal", true},
        {"mkdir dashboard && mkfifo dashboard/dashboard.journal", true},
        {"mkdir -p dashboard/dashboard.journal", true},
        {"mkdir -p dashboard/dashboard.journal.old/x", true},
        {"mkdir dashboard && truncate -s 20G dashboard/dashboard.journal", true},
        {"mkdir dashboard && truncate -s 20G dashboard/dashboard.journal.old", true},
        {"mkdir dashboard && head -c 3000000 /dev/urandom >dashboard/dashboard.journal", false},
        {"mkdir dashboard && head -c 3000000 /dev/zero | tr '\\0' P >dashboard/dashboard.journal",
         false},
        {"mkdir dashboard && cp login.journal dashboard/dashboard.journal", false},
        {"mkdir dashboard && ln login.journal dashboard/dashboard.journal", false},
    };

    for (unsigned i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct drain_limits limits = {
            .rotate_bytes = ROTATE_EVER, .batch_records = 500, .now_us = FIXTURE_NOW_US};
        char directory[FIXTURE_PATH_BYTES], command[4 * FIXTURE_PATH_BYTES];
        struct error error = ERROR_NONE;
        struct drain_result result;
        struct store *store;
        bool distrusted = false;

        snprintf(directory, sizeof(directory), "%s/%u", (const char *)*state, i);
        assert_int_equal(mkdir(directory, 0700), 0);
        store = open_store(directory, STORE_WRITE);
        log_in(directory, "alice", 1);
        snprintf(command, sizeof(command), "umask 022 && cd '%s' && %s", directory, CASES[i].make);
        assert_int_equal(system(command), 0);
        for (unsigned round = 0; round < 6; round++) {
            ASSERT_DONE(drain_journals(store, &limits, &result, &error));
            distrusted = distrusted || result.distrust.fault != FAULT_NONE;
            log_in(directory, "alice", 2 + round);
        }
        (void)fixture_drain(store, ROTATE_NOT);
        assert_int_equal(fixture_logins(store), 7);
        if (distrusted != CASES[i].distrusted)
            fail_msg("%s: distrusted %d", CASES[i].make, distrusted);
        store_close(store);
    }
}

/* However much is said, logins that came meanwhile are folded in with the next call. */
static void test_a_flood_of_words_waits(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct drain_limits limits = {
        .rotate_bytes = ROTATE_NOT, .batch_records = 500, .now_us = FIXTURE_NOW_US};
    struct error error = ERROR_NONE;
    struct drain_result result;

    log_in(*state, "alice", 1);
    for (unsigned i = 0; i < 400; i++)
        say(*state, word_of(i % 2 == 0 ? WORD_LABEL : WORD_ALERT_SEEN));
    for (unsigned n = 2; n < 6; n++) {
        ASSERT_DONE(drain_journals(store, &limits, &result, &error));
        assert_true(result.more_words);
        assert_false(result.more);
        assert_int_equal(fixture_logins(store), n - 1);
        log_in(*state, "alice", n);
    }
    store_close(store);
}

/* Retired in the middle, at each size: nothing said is lost, and what is made anew is its own. */
static void test_rotation_loses_nothing(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    char path[FIXTURE_PATH_BYTES];
    struct drain_result result;
    struct stat status;

    for (unsigned n = 1; n <= 40; n++) {
        log_in(*state, "alice", n);
        say(*state, about(word_of(WORD_LATER), n));
        result = fixture_drain(store, ROTATE_EVER);
        assert_int_equal(result.records, 2);
        assert_true(is_later(store, n));
    }
    snprintf(path, sizeof(path), "%s/" WORD_DIRECTORY "/dashboard.journal.old",
             (const char *)*state);
    assert_int_not_equal(stat(path, &status), 0);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_come_back),
        cmocka_unit_test(test_cut_or_longer_records_are_refused),
        cmocka_unit_test(test_bad_words_are_refused),
        cmocka_unit_test(test_bad_exceptions_are_refused),
        cmocka_unit_test_setup_teardown(test_labels_and_later, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_word_on_a_login_that_came_meanwhile, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_exceptions, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_exceptions_have_limits, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_decisions_are_forgotten_with_their_logins,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_upgrade_keeps_labels_as_decisions, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_logins_are_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_odd_files_stop_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_flood_of_words_waits, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_rotation_loses_nothing, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
