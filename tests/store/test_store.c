/* The store: what is folded in, what is read back, what is forgotten. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "fixture.h"

static struct store *open_store(void **state, enum store_access access)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, *state, access, &error));
    return store;
}

static void begin(struct store *store)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_begin(store, &error));
}

static void commit(struct store *store)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_commit(store, &error));
}

static void fold(struct store *store, const struct login_record *record)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_fold(store, record, &error));
}

/* A login that was completed and learned. */
static void fold_login(struct store *store, const char *user, const char *address, unsigned n)
{
    struct login_record attempt = fixture_record(user, address, n), later;

    fold(store, &attempt);
    later = fixture_stage(&attempt, STAGE_ACCEPTED, 1);
    fold(store, &later);
    later = fixture_stage(&attempt, STAGE_OPENED, 2);
    later.event.new_values = NEW_USER | 0x1f;
    fold(store, &later);
    later = fixture_stage(&attempt, STAGE_CLOSED, 600);
    fold(store, &later);
}

static struct history load(struct store *store, const struct login_record *record)
{
    struct journal_positions positions;
    struct error error = ERROR_NONE;
    struct history history;

    ASSERT_DONE(store_history_load(store, &record->event, &history, &positions, &error));
    return history;
}

static bool keep_login(void *context, const struct stored_login *login)
{
    *(struct stored_login *)context = *login;
    return true;
}

static void test_stages_of_one_login(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("alice", "84.150.1.2", 100);
    struct login_filter filter = {.user = "alice"};
    struct error error = ERROR_NONE;
    struct stored_login login;
    struct history history;

    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    history = load(store, &about);
    assert_int_equal(history.profile.logins, 1);
    assert_int_equal(history.profile.attempts, 1);
    assert_int_equal(history.address.attempts, 1);
    assert_int_equal(history.address.accepted, 1);
    assert_int_equal(history.prefix.attempts, 1);
    assert_int_equal(history.population.logins, 1);
    assert_int_equal(history.population.users, 1);
    assert_int_equal(history.population.value[POPULATION_ASN].logins, 1);
    assert_int_equal(history.population.value[POPULATION_ASN].users, 1);
    ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
    assert_int_equal(login.reached, STAGE_CLOSED);
    assert_true(login.record.event.time_us == FIXTURE_START_US + US_PER_S);
    assert_true(login.accepted_us == FIXTURE_START_US + 2 * US_PER_S);
    assert_true(login.opened_us == FIXTURE_START_US + 3 * US_PER_S);
    assert_true(login.closed_us == FIXTURE_START_US + 601 * US_PER_S);
    assert_int_equal(login.record.event.bytes_out, 20000);
    assert_int_equal(login.label, -1);
    store_close(store);
}

static void test_twice_is_once(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("alice", "84.150.1.2", 100);
    struct history once, twice;

    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    once = load(store, &about);
    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    twice = load(store, &about);
    assert_memory_equal(&once, &twice, sizeof(once));
    assert_int_equal(fixture_logins(store), 1);
    store_close(store);
}

static void test_fold_is_what_a_login_computes(void **state)
{
    static const char *const ADDRESSES[] = {"84.150.1.2", "84.150.1.9", "90.0.1.1", "2003:e0::7"};
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("alice", "84.150.1.2", 500);
    struct history expected, stored;

    history_init(&expected);
    begin(store);
    for (unsigned n = 0; n < 60; n++) {
        struct login_record record =
            fixture_record(n % 3 == 0 ? "bob" : "alice", ADDRESSES[n % 4], n);

        for (unsigned stage = STAGE_ATTEMPT; stage <= STAGE_CLOSED; stage++) {
            struct login_record part = fixture_stage(&record, stage, stage);

            if (n % 5 == 0 && stage > STAGE_ATTEMPT)
                break; /* failed */
            part.event.new_values = n < 3 ? 0x1f : 0;
            fold(store, &part);
            history_learn(&expected, &about.event, &part.event);
        }
    }
    commit(store);
    stored = load(store, &about);
    assert_memory_equal(&stored.profile, &expected.profile, sizeof(expected.profile));
    assert_memory_equal(&stored.address, &expected.address, sizeof(expected.address));
    assert_memory_equal(&stored.prefix, &expected.prefix, sizeof(expected.prefix));
    assert_memory_equal(&stored.population, &expected.population, sizeof(expected.population));
    store_close(store);
    store = open_store(state, STORE_READ); /* and through another connection */
    stored = load(store, &about);
    assert_memory_equal(&stored, &expected, sizeof(expected));
    store_close(store);
}

static void test_rollback_changes_nothing(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("alice", "84.150.1.2", 100);
    struct history before, after;

    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    before = load(store, &about);
    begin(store);
    fold_login(store, "alice", "84.150.1.2", 2);
    store_rollback(store);
    after = load(store, &about);
    assert_memory_equal(&before, &after, sizeof(before));
    begin(store);
    fold_login(store, "alice", "84.150.1.2", 2);
    commit(store);
    assert_int_equal(load(store, &about).profile.logins, 2);
    store_close(store);
}

static void test_without_an_attempt(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record attempt = fixture_record("alice", NULL, 1), opened;
    struct login_filter filter = {.id = &attempt.event.id};
    struct error error = ERROR_NONE;
    struct stored_login login;

    begin(store);
    opened = fixture_stage(&attempt, STAGE_OPENED, 5);
    fold(store, &opened);
    ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
    assert_int_equal(login.reached, STAGE_OPENED);
    fold(store, &attempt); /* late */
    ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
    assert_int_equal(login.reached, STAGE_OPENED);
    assert_true(login.record.event.time_us == attempt.event.time_us);
    commit(store);
    assert_int_equal(fixture_logins(store), 1);
    store_close(store);
}

static void test_refused_records(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record record = fixture_record("alice", NULL, 1);
    struct error error = ERROR_NONE;

    begin(store);
    record.event.user[0] = '\0';
    assert_false(store_fold(store, &record, &error));
    assert_int_equal(error.fault, FAULT_STORE);
    record = fixture_record("alice", NULL, 1);
    memset(&record.event.id, 0, sizeof(record.event.id));
    error = ERROR_NONE;
    assert_false(store_fold(store, &record, &error));
    commit(store);
    assert_int_equal(fixture_logins(store), 0);
    store_close(store);
}

/* Ids of one millisecond that begin alike share a key's slots. */
static void test_ids_that_collide(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct error error = ERROR_NONE;

    begin(store);
    for (uint8_t i = 0; i < 16; i++) {
        struct login_record record = fixture_record("alice", NULL, 1);

        record.event.id.bytes[LOGIN_ID_BYTES - 1] = i;
        fold(store, &record);
        fold(store, &record);
    }
    assert_int_equal(fixture_logins(store), 16);
    for (uint8_t i = 0; i < 16; i++) {
        struct login_record record = fixture_record("alice", NULL, 1);
        struct login_filter filter = {.id = &record.event.id};
        struct stored_login login = {.reached = STAGE_CLOSED};

        record.event.id.bytes[LOGIN_ID_BYTES - 1] = i;
        ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
        assert_memory_equal(&login.record.event.id, &record.event.id, sizeof(struct login_id));
    }
    commit(store);
    store_close(store);
}

struct listed {
    unsigned count;
    int64_t times[64];
};

static bool list_login(void *context, const struct stored_login *login)
{
    struct listed *listed = context;

    listed->times[listed->count++] = login->record.event.time_us;
    return true;
}

static struct listed list(struct store *store, struct login_filter filter)
{
    struct error error = ERROR_NONE;
    struct listed listed = {0};

    ASSERT_DONE(store_logins(store, &filter, list_login, &listed, &error));
    return listed;
}

static void test_filters(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct ip_address source;
    struct listed listed;

    assert_true(ip_parse("84.150.1.2", &source));
    begin(store);
    for (unsigned n = 0; n < 30; n++) {
        struct login_record record =
            fixture_record(n % 2 ? "alice" : "bob", n % 3 ? "84.150.1.2" : "90.0.0.1", n);

        record.assessed = true;
        record.assessment.verdict = n % 10 == 0 ? VERDICT_DENY : VERDICT_ALLOW;
        fold(store, &record);
    }
    commit(store);
    assert_int_equal(list(store, (struct login_filter){.user = "alice"}).count, 15);
    assert_int_equal(list(store, (struct login_filter){.user = "nobody"}).count, 0);
    assert_int_equal(list(store, (struct login_filter){.source = &source}).count, 20);
    assert_int_equal(list(store, (struct login_filter){.user = "bob", .source = &source}).count,
                     10);
    assert_int_equal(list(store, (struct login_filter){.at_least = VERDICT_STEP_UP}).count, 3);
    listed = list(store, (struct login_filter){.since_us = FIXTURE_START_US + 10 * US_PER_S,
                                               .until_us = FIXTURE_START_US + 20 * US_PER_S});
    assert_int_equal(listed.count, 10);
    assert_true(listed.times[0] == FIXTURE_START_US + 10 * US_PER_S);
    listed = list(store, (struct login_filter){.newest_first = true, .limit = 3});
    assert_int_equal(listed.count, 3);
    assert_true(listed.times[0] == FIXTURE_START_US + 29 * US_PER_S);
    store_close(store);
}

static void test_attempt_of_a_connection(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record record = fixture_record("alice", "84.150.1.2", 1);
    struct login_event about = record.event;
    struct error error = ERROR_NONE;
    struct stored_login login;
    bool found;

    begin(store);
    fold(store, &record);
    commit(store);
    about.time_us += 10 * US_PER_S;
    ASSERT_DONE(store_attempt_find(store, &about, 60, &login, &found, &error));
    assert_true(found);
    assert_true(login_id_equal(&login.record.event.id, &record.event.id));
    ASSERT_DONE(store_attempt_find(store, &about, 5, &login, &found, &error));
    assert_false(found);
    memcpy(about.user, "bob", 4);
    ASSERT_DONE(store_attempt_find(store, &about, 60, &login, &found, &error));
    assert_false(found);
    about.connection = 99;
    ASSERT_DONE(store_attempt_find(store, &about, 60, &login, &found, &error));
    assert_false(found);
    store_close(store);
}

static void mark_new(struct store *store, struct login_record *record)
{
    struct history history = load(store, record);

    history_mark_new(&history.profile, &record->event);
}

static void test_rebuild_learns_the_same(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("user3", "84.150.1.2", 5000);
    struct error error = ERROR_NONE;
    struct history before, after;
    char user[16];

    begin(store);
    for (unsigned n = 0; n < 100; n++) {
        struct login_record part, attempt;

        snprintf(user, sizeof(user), "user%u", n % 7);
        attempt = fixture_record(user, "84.150.1.2", n * 10);
        for (unsigned stage = STAGE_ATTEMPT; stage <= STAGE_CLOSED; stage++) {
            part = fixture_stage(&attempt, stage, stage);
            if (stage == STAGE_OPENED)
                mark_new(store, &part);
            fold(store, &part);
        }
    }
    commit(store);
    before = load(store, &about);
    ASSERT_DONE(store_rebuild(store, &error));
    after = load(store, &about);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(after.population.users, 7);
    store_close(store);
}

/* Whichever stage comes last. A large one is learned but for what it moved. */
static void test_a_large_session(void **state)
{
    static const enum login_stage ORDERS[][3] = {{STAGE_ATTEMPT, STAGE_OPENED, STAGE_CLOSED},
                                                 {STAGE_CLOSED, STAGE_OPENED, STAGE_ATTEMPT},
                                                 {STAGE_OPENED, STAGE_CLOSED, STAGE_ATTEMPT}};
    struct store *store = open_store(state, STORE_WRITE);
    struct error error = ERROR_NONE;

    for (unsigned n = 0; n < 3; n++) {
        struct login_record attempt = fixture_record("alice", "84.150.1.2", n * 100);
        struct login_filter filter = {.id = &attempt.event.id};
        struct stored_login login;

        begin(store);
        for (unsigned i = 0; i < 3; i++) {
            struct login_record part = fixture_stage(&attempt, ORDERS[n][i], ORDERS[n][i]);

            if (part.event.stage == STAGE_CLOSED) {
                part.volume = (struct session_volume){.judged = true, .large = true};
                part.volume.deviation[SESSION_BYTES_OUT] = 9;
                part.event.learn = false;
            }
            fold(store, &part);
        }
        commit(store);
        ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
        assert_true(login.record.volume.judged && login.record.volume.large);
        assert_int_equal((int)login.record.volume.deviation[SESSION_BYTES_OUT], 9);
        assert_int_equal(login.reached, STAGE_CLOSED);
        assert_int_equal(load(store, &attempt).profile.logins, n + 1);
        assert_int_equal(load(store, &attempt).profile.sessions, 0);
    }
    store_close(store);
}

/* All of them are open at once, more than a rebuild keeps at hand, and end in another order. */
static void test_rebuild_with_open_sessions(void **state)
{
    enum { SESSIONS = 1500, STEP = 7 /* no divisor of theirs */ };
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("user3", "84.150.1.2", 5000);
    struct error error = ERROR_NONE;
    struct history before, after;
    char user[16];

    begin(store);
    for (unsigned n = 0; n < 2 * SESSIONS; n++) {
        unsigned which = n < SESSIONS ? n : n * STEP % SESSIONS;
        struct login_record attempt, part;

        snprintf(user, sizeof(user), "user%u", which % 7);
        attempt = fixture_record(user, "84.150.1.2", which * 10);
        for (unsigned stage = STAGE_ATTEMPT; n < SESSIONS && stage < STAGE_CLOSED; stage++) {
            part = fixture_stage(&attempt, stage, stage);
            if (stage == STAGE_OPENED)
                mark_new(store, &part);
            fold(store, &part);
        }
        part = fixture_stage(&attempt, STAGE_CLOSED, SESSIONS * 10 + n - which * 10);
        part.event.bytes_in = which * 1000;
        if (n >= SESSIONS)
            fold(store, &part);
    }
    commit(store);
    before = load(store, &about);
    assert_int_equal(before.profile.sessions, before.profile.logins);
    ASSERT_DONE(store_rebuild(store, &error));
    after = load(store, &about);
    assert_memory_equal(&before, &after, sizeof(before));
    store_close(store);
}

static void test_import(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct stored_login login = {.label = -1, .imported = true, .reached = STAGE_CLOSED};
    struct error error = ERROR_NONE;
    enum import_outcome outcome;

    for (int round = 0; round < 2; round++) {
        ASSERT_DONE(store_import_begin(store, &error));
        for (unsigned n = 0; n < 20; n++) {
            login.record = fixture_record("alice", "84.150.1.2", n * 100);
            login.record.event.learn = true;
            login.accepted_us = login.record.event.time_us + US_PER_S;
            login.opened_us = login.record.event.time_us + 2 * US_PER_S;
            login.closed_us = login.record.event.time_us + 50 * US_PER_S;
            login.label = n == 19 ? 1 : -1;
            snprintf(login.family, sizeof(login.family), n == 19 ? "stolen-key" : "%s", "");
            ASSERT_DONE(store_import(store, &login, &outcome, &error));
            assert_int_equal(outcome, round == 1 ? IMPORT_KNOWN : IMPORT_STORED);
        }
        ASSERT_DONE(store_import_commit(store, &error));
    }
    login.record = fixture_record("alice", "84.150.1.2", 9999);
    assert_int_equal(load(store, &login.record).profile.logins, 19); /* the attack taught nothing */
    assert_int_equal(load(store, &login.record).profile.attempts, 20);
    assert_int_equal(list(store, (struct login_filter){.user = "alice"}).count, 20);
    store_close(store);
}

/* A row that could not be read again would make every later rebuild fail. */
static void test_import_refuses_times(void **state)
{
    static const int64_t TIMES[] = {-1, INT64_MIN, LOGIN_TIME_MAX_US + 1};
    struct store *store = open_store(state, STORE_WRITE);
    enum import_outcome outcome;

    for (size_t i = 0; i < 2 * sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        struct stored_login login = {.label = -1, .imported = true, .reached = STAGE_CLOSED};
        struct error error = ERROR_NONE;

        login.record = fixture_record("alice", "84.150.1.2", 1);
        if (i % 2 == 0)
            login.record.event.time_us = TIMES[i / 2];
        else
            login.closed_us = TIMES[i / 2];
        ASSERT_DONE(store_import_begin(store, &error));
        assert_false(store_import(store, &login, &outcome, &error));
        assert_non_null(strstr(error.text, "before 1970"));
        store_rollback(store);
    }
    store_close(store);
}

/* A key has sixteen slots. Ids that share it are easily made. */
static void test_import_leaves_out_what_crowds(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct stored_login login = {.label = -1, .imported = true, .reached = STAGE_ATTEMPT};
    struct error error = ERROR_NONE;
    enum import_outcome outcome;

    for (int round = 0; round < 2; round++) {
        ASSERT_DONE(store_import_begin(store, &error));
        for (unsigned n = 0; n < 18; n++) {
            login.record = fixture_record("alice", "84.150.1.2", 1);
            login.record.event.id = login_id_make(login.record.event.time_us, n);
            ASSERT_DONE(store_import(store, &login, &outcome, &error));
            assert_int_equal(outcome, n >= 16     ? IMPORT_CROWDED
                                      : round > 0 ? IMPORT_KNOWN
                                                  : IMPORT_STORED);
        }
        ASSERT_DONE(store_import_commit(store, &error));
    }
    assert_int_equal(list(store, (struct login_filter){.user = "alice"}).count, 16);
    store_close(store);
}

/* More subjects than the writer's cache holds. */
static void test_many_subjects(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct error error = ERROR_NONE;
    struct store_counts counts;
    char user[16], address[32];

    begin(store);
    for (unsigned n = 0; n < 12000; n++) {
        struct login_record record;

        snprintf(user, sizeof(user), "u%u", n);
        snprintf(address, sizeof(address), "84.%u.%u.%u", 150 + n % 3, n >> 8, n & 255);
        record = fixture_record(user, address, n);
        fold(store, &record);
    }
    commit(store);
    ASSERT_DONE(store_counts(store, FIXTURE_START_US, &counts, &error));
    assert_int_equal(counts.logins, 12000);
    assert_int_equal(counts.sources, 12000);
    for (unsigned n = 0; n < 12000; n += 371) {
        struct profile profile;
        bool found;

        snprintf(user, sizeof(user), "u%u", n);
        ASSERT_DONE(store_profile_load(store, user, &profile, &found, &error));
        assert_true(found);
        assert_int_equal(profile.attempts, 1);
    }
    store_close(store);
}

static void test_names_of_any_bytes(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record record = fixture_record("x", "84.150.1.2", 1);

    memset(record.event.user, 0xff, LOGIN_USER_BYTES - 1); /* not UTF-8, as long as can be */
    memcpy(record.event.user, "a\n\t'\"; DROP", 11);
    begin(store);
    fold(store, &record);
    commit(store);
    assert_int_equal(load(store, &record).profile.attempts, 1);
    assert_int_equal(list(store, (struct login_filter){.user = record.event.user}).count, 1);
    store_close(store);
}

static void test_reader_without_a_writer(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record about = fixture_record("alice", "84.150.1.2", 100);
    struct error error = ERROR_NONE;

    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    store_close(store);
    for (int i = 0; i < 2; i++) {
        store = open_store(state, STORE_READ);
        assert_int_equal(load(store, &about).profile.logins, 1);
        assert_false(store_fold(store, &about, &error)); /* reading only */
        store_close(store);
    }
}

static void test_drain_lock(void **state)
{
    struct store *store = open_store(state, STORE_WRITE), *second;
    struct error error = ERROR_NONE;

    assert_false(store_open(&second, *state, STORE_WRITE, &error));
    assert_int_equal(errno, EWOULDBLOCK);
    assert_null(second);
    store_close(store);
    store_close(open_store(state, STORE_WRITE));
}

static void expect_refusal(void **state, const char *words)
{
    struct error error = ERROR_NONE;
    struct store *store;

    for (int access = STORE_READ; access <= STORE_WRITE; access++) {
        error = ERROR_NONE;
        assert_false(store_open(&store, *state, access, &error));
        assert_null(store);
        assert_int_equal(error.fault, FAULT_STORE);
        if (!strstr(error.text, words))
            fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    }
}

static void run_sql(void **state, const char *sql)
{
    char path[FIXTURE_PATH_BYTES];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/" STORE_FILE, (const char *)*state);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void write_at(void **state, int64_t offset, size_t size)
{
    char path[FIXTURE_PATH_BYTES];
    uint8_t bytes[8192];
    int fd;

    memset(bytes, 0xa5, sizeof(bytes));
    snprintf(path, sizeof(path), "%s/" STORE_FILE, (const char *)*state);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, bytes, size, offset), (ssize_t)size);
    close(fd);
}

static void test_unusable_stores(void **state)
{
    struct error error = ERROR_NONE;
    struct store *store;

    assert_false(store_open(&store, *state, STORE_READ, &error)); /* none yet */
    assert_int_equal(error.fault, FAULT_STORE);
    store_close(open_store(state, STORE_WRITE));
    run_sql(state, "PRAGMA user_version = 7");
    expect_refusal(state, "version 7");
    run_sql(state, "PRAGMA user_version = 1; PRAGMA application_id = 5");
    expect_refusal(state, "another program");
    write_at(state, 0, 100);
    expect_refusal(state, "damaged");
    assert_int_equal(chmod(*state, 0777), 0);
    expect_refusal(state, "written by others");
    assert_int_equal(chmod(*state, 0700), 0);
}

static void test_damaged_pages_are_said(void **state)
{
    struct store *store = open_store(state, STORE_WRITE);
    struct login_record record = fixture_record("alice", "84.150.1.2", 1);
    struct journal_positions positions;
    struct error error = ERROR_NONE;
    struct history history;

    begin(store);
    fold_login(store, "alice", "84.150.1.2", 1);
    commit(store);
    store_close(store);
    write_at(state, 4096, 8192); /* the table of what is known */
    store = open_store(state, STORE_READ);
    assert_false(store_history_load(store, &record.event, &history, &positions, &error));
    assert_non_null(strstr(error.text, "anomalyctl check"));
    assert_true(store_is_damaged(store));
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stages_of_one_login),
        TEST(test_twice_is_once),
        TEST(test_fold_is_what_a_login_computes),
        TEST(test_rollback_changes_nothing),
        TEST(test_without_an_attempt),
        TEST(test_refused_records),
        TEST(test_ids_that_collide),
        TEST(test_filters),
        TEST(test_attempt_of_a_connection),
        TEST(test_rebuild_learns_the_same),
        TEST(test_a_large_session),
        TEST(test_rebuild_with_open_sessions),
        TEST(test_import),
        TEST(test_import_refuses_times),
        TEST(test_import_leaves_out_what_crowds),
        TEST(test_many_subjects),
        TEST(test_names_of_any_bytes),
        TEST(test_reader_without_a_writer),
        TEST(test_drain_lock),
        TEST(test_unusable_stores),
        TEST(test_damaged_pages_are_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
