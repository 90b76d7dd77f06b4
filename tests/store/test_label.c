/* Labels: what they unlearn and what they teach, field by field; each folded in once. */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "fixture.h"
#include "store/login_label.h"

#define LOGINS        60
#define ROTATE_BYTES  65536
#define DRAINS_KILLED 30
#define FAR_US        (FIXTURE_START_US + 400 * S_PER_DAY * US_PER_S)

/* How far login number n comes, and whether it is learned. */
struct course {
    enum login_stage reached;
    bool learn;
};

static const struct course LEARNED = {STAGE_CLOSED, true};
static const struct course NOT_LEARNED = {STAGE_CLOSED, false};

static struct store *open_store(const char *directory, enum store_access access)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, access, &error));
    return store;
}

/* No two neighbours alike: users, networks, places, clients, keys, methods, hours. */
static struct login_record varied(unsigned n)
{
    static const char *const USERS[] = {"alice", "alice", "bob"};
    char address[32];
    struct login_record record;
    struct login_event *event = &record.event;

    snprintf(address, sizeof(address), "84.%u.%u.2", 100 + n % 7, n % 23);
    record = fixture_record(USERS[n % 3], address, n);
    event->time_us = FIXTURE_START_US + ((int64_t)n * 17000 + n * n * 7 % 3600) * US_PER_S;
    event->id = login_id_make(event->time_us, (uint64_t)n << 24 | n);
    event->place.asn = 3320 + n % 11;
    memcpy(event->place.country, n % 5 == 0 ? "AT" : "DE", 3);
    event->place.latitude = 45 + (float)(n % 13);
    snprintf(event->device, sizeof(event->device), "client %u", n % 12);
    snprintf(event->key, sizeof(event->key), "SHA256:%u", n % 9);
    event->method = n % 4 == 0 ? METHOD_PASSWORD : METHOD_PUBLICKEY;
    event->rtt_us = 10000 + (int32_t)(n * 131 % 9000);
    return record;
}

/* As a login marks it that sees all before it. */
static void fold(struct store *store, struct login_record record)
{
    struct error error = ERROR_NONE;
    struct profile profile;
    bool found;

    if (record.event.stage == STAGE_OPENED) {
        ASSERT_DONE(store_profile_load(store, record.event.user, &profile, &found, &error));
        history_mark_new(&profile, &record.event);
    }
    ASSERT_DONE(store_fold(store, &record, &error));
}

static void fold_stages(struct store *store, unsigned n, enum login_stage from,
                        struct course course)
{
    static const int64_t AFTER_S[] = {0, 1, 2, 900};
    struct login_record attempt = varied(n);

    for (unsigned stage = from; stage <= course.reached; stage++) {
        struct login_record record = fixture_stage(&attempt, stage, AFTER_S[stage]);

        record.event.learn = course.learn && stage >= STAGE_OPENED;
        fold(store, record);
    }
}

static void fold_course(struct store *store, unsigned n, struct course course)
{
    fold_stages(store, n, STAGE_ATTEMPT, course);
}

static struct login_label label_of(unsigned n, enum login_label_value value)
{
    struct login_label label = {
        .id = varied(n).event.id, .value = value, .time_us = FAR_US, .uid = 1000, .by = "ada"};

    if (value == LABEL_ATTACK)
        memcpy(label.family, "stolen-key", 11);
    memcpy(label.why, "a test", 7);
    return label;
}

static bool give(struct store *store, unsigned n, enum login_label_value value)
{
    struct login_label label = label_of(n, value);
    struct error error = ERROR_NONE;
    bool found;

    ASSERT_DONE(store_fold_label(store, &label, &found, &error));
    return found;
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

/* A directory below the test's own. */
static struct store *open_beside(void **state, const char *name)
{
    char path[FIXTURE_PATH_BYTES], command[FIXTURE_PATH_BYTES + 32];

    snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
    snprintf(command, sizeof(command), "mkdir -m 700 '%s'", path);
    assert_int_equal(system(command), 0);
    return open_store(path, STORE_WRITE);
}

/* What is known before each of the events, whole records. */
static void assert_same_known(struct store *one, struct store *other)
{
    struct journal_positions positions;
    struct error error = ERROR_NONE;

    for (unsigned n = 0; n < LOGINS; n++) {
        struct login_record about = varied(n);
        struct history left, right;

        ASSERT_DONE(store_history_load(one, &about.event, &left, &positions, &error));
        ASSERT_DONE(store_history_load(other, &about.event, &right, &positions, &error));
        assert_memory_equal(&left.profile, &right.profile, sizeof(left.profile));
        assert_memory_equal(&left.population, &right.population, sizeof(left.population));
        assert_memory_equal(&left.address, &right.address, sizeof(left.address));
        assert_memory_equal(&left.prefix, &right.prefix, sizeof(left.prefix));
    }
}

/* Each login labelled in turn, among all the others: as if it had always been learned, or never. */
static void test_a_label_says_what_was_learned(void **state)
{
    for (unsigned labelled = 0; labelled < LOGINS; labelled += 7) {
        for (int attack = 0; attack < 2; attack++) {
            struct store *store, *expected;
            char name[32];

            snprintf(name, sizeof(name), "store.%u.%d", labelled, attack);
            store = open_beside(state, name);
            snprintf(name, sizeof(name), "expected.%u.%d", labelled, attack);
            expected = open_beside(state, name);
            begin(store);
            begin(expected);
            for (unsigned n = 0; n < LOGINS; n++) {
                struct course usual = n % 10 == 9 ? NOT_LEARNED : LEARNED;

                fold_course(store, n, n != labelled ? usual : attack ? LEARNED : NOT_LEARNED);
                fold_course(expected, n, n != labelled ? usual : attack ? NOT_LEARNED : LEARNED);
            }
            assert_true(give(store, labelled, attack ? LABEL_ATTACK : LABEL_LEGITIMATE));
            assert_same_known(store, expected);
            /* And back again. */
            assert_true(give(store, labelled, LABEL_NONE));
            assert_true(give(expected, labelled, attack ? LABEL_LEGITIMATE : LABEL_ATTACK));
            assert_same_known(store, expected);
            commit(store);
            commit(expected);
            store_close(store);
            store_close(expected);
        }
    }
}

/* But for what counts attempts, an attack leaves nothing behind. */
static void test_an_attack_is_as_if_it_had_not_been(void **state)
{
    struct store *store = open_beside(state, "with"), *without = open_beside(state, "without");
    struct profile profile, expected, merged;
    struct error error = ERROR_NONE;
    bool found;

    begin(store);
    begin(without);
    for (unsigned n = 0; n < LOGINS; n++) {
        fold_course(store, n, LEARNED);
        if (n != 31)
            fold_course(without, n, LEARNED);
    }
    assert_true(give(store, 31, LABEL_ATTACK));
    ASSERT_DONE(store_profile_load(store, "alice", &profile, &found, &error));
    ASSERT_DONE(store_profile_load(without, "alice", &expected, &found, &error));
    assert_int_equal(profile.attempts, expected.attempts + 1);
    assert_int_equal(expected.logins, LOGINS * 2 / 3 - 1);
    profile_replace_learned(&profile, &expected);
    merged = profile;
    ASSERT_DONE(store_profile_load(store, "alice", &profile, &found, &error));
    assert_memory_equal(&merged, &profile, sizeof(profile));
    commit(store);
    commit(without);
    store_close(store);
    store_close(without);
}

static bool keep_login(void *context, const struct stored_login *login)
{
    *(struct stored_login *)context = *login;
    return false;
}

static struct stored_login stored(struct store *store, unsigned n)
{
    struct login_record record = varied(n);
    struct login_filter filter = {.id = &record.event.id};
    struct error error = ERROR_NONE;
    struct stored_login login = {.label = 99};

    ASSERT_DONE(store_logins(store, &filter, keep_login, &login, &error));
    return login;
}

static uint32_t learned_of_alice(struct store *store)
{
    struct error error = ERROR_NONE;
    struct profile profile;
    bool found;

    ASSERT_DONE(store_profile_load(store, "alice", &profile, &found, &error));
    return profile.logins;
}

static void test_labels_replace_each_other(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct error error = ERROR_NONE;
    struct stored_login login;
    struct login_label label;
    bool found;

    begin(store);
    for (unsigned n = 0; n < 6; n++)
        fold_course(store, n, LEARNED);
    assert_int_equal(learned_of_alice(store), 4);
    for (int times = 0; times < 2; times++) {
        assert_true(give(store, 1, LABEL_ATTACK));
        assert_int_equal(learned_of_alice(store), 3);
    }
    login = stored(store, 1);
    assert_int_equal(login.label, LABEL_ATTACK);
    assert_string_equal(login.family, "stolen-key");
    assert_false(login.record.event.learn);
    assert_true(give(store, 1, LABEL_LEGITIMATE));
    assert_int_equal(learned_of_alice(store), 4);
    assert_true(give(store, 1, LABEL_NONE));
    assert_int_equal(learned_of_alice(store), 4);
    login = stored(store, 1);
    assert_int_equal(login.label, LABEL_NONE);
    assert_string_equal(login.family, "");
    assert_true(login.record.event.learn);
    label = label_of(1, LABEL_NONE);
    ASSERT_DONE(store_label_load(store, &label.id, &label, &found, &error));
    assert_true(found);
    assert_string_equal(label.by, "ada");
    assert_string_equal(label.why, "a test");
    assert_int_equal(label.uid, 1000);
    assert_true(label.time_us == FAR_US);
    label = label_of(2, LABEL_NONE);
    ASSERT_DONE(store_label_load(store, &label.id, &label, &found, &error));
    assert_false(found);
    assert_false(give(store, 50, LABEL_ATTACK)); /* there is no such login */
    commit(store);
    store_close(store);
}

/* A session that goes on after it was labelled, either way. */
static void test_later_stages_of_a_labelled_login(void **state)
{
    struct store *store = open_beside(state, "late"), *expected = open_beside(state, "early");
    const struct course opened = {STAGE_OPENED, true}, accepted = {STAGE_ACCEPTED, false};

    begin(store);
    begin(expected);
    for (unsigned n = 0; n < 6; n++) {
        fold_course(store, n, n == 1 ? opened : n == 4 ? accepted : LEARNED);
        fold_course(expected, n, n == 1 || n == 4 ? NOT_LEARNED : LEARNED);
    }
    assert_true(give(store, 1, LABEL_ATTACK));
    assert_true(give(store, 4, LABEL_LEGITIMATE));
    fold_stages(store, 1, STAGE_CLOSED, LEARNED);
    fold_stages(store, 4, STAGE_OPENED, NOT_LEARNED);
    assert_true(give(expected, 1, LABEL_ATTACK));
    assert_true(give(expected, 4, LABEL_LEGITIMATE));
    assert_same_known(store, expected);
    assert_int_equal(learned_of_alice(store), 3);
    commit(store);
    commit(expected);
    store_close(store);
    store_close(expected);
}

static void test_logins_that_were_not_completed(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    const struct course failed = {STAGE_ATTEMPT, false}, refused = {STAGE_ACCEPTED, false};
    struct error error = ERROR_NONE;
    struct store_counts counts;

    begin(store);
    fold_course(store, 0, LEARNED);
    fold_course(store, 1, failed);
    fold_course(store, 3, refused);
    ASSERT_DONE(store_counts(store, FAR_US, &counts, &error));
    assert_int_equal(counts.failures, 1);
    assert_true(give(store, 1, LABEL_LEGITIMATE)); /* its credential was never right */
    assert_int_equal(learned_of_alice(store), 1);
    ASSERT_DONE(store_counts(store, FAR_US, &counts, &error));
    assert_int_equal(counts.failures, 0);
    assert_true(give(store, 1, LABEL_NONE));
    ASSERT_DONE(store_counts(store, FAR_US, &counts, &error));
    assert_int_equal(counts.failures, 1);
    assert_true(give(store, 3, LABEL_LEGITIMATE)); /* it was right, and the login was refused */
    assert_int_equal(learned_of_alice(store), 2);
    assert_true(give(store, 3, LABEL_ATTACK));
    assert_int_equal(learned_of_alice(store), 1);
    commit(store);
    store_close(store);
}

/* Everything learned again from the stored logins comes to the same. */
static void test_a_rebuild_keeps_to_the_labels(void **state)
{
    struct store *store = open_beside(state, "rebuilt"), *expected = open_beside(state, "kept");
    struct error error = ERROR_NONE;

    for (int i = 0; i < 2; i++) {
        struct store *each = i == 0 ? store : expected;

        begin(each);
        for (unsigned n = 0; n < LOGINS; n++)
            fold_course(each, n, n % 10 == 9 ? NOT_LEARNED : LEARNED);
        assert_true(give(each, 9, LABEL_LEGITIMATE));
        assert_true(give(each, 19, LABEL_ATTACK));
        assert_true(give(each, 30, LABEL_ATTACK));
        commit(each);
    }
    ASSERT_DONE(store_rebuild(store, &error));
    assert_same_known(store, expected);
    store_close(store);
    store_close(expected);
}

static void test_thinned_histories(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct store_keeping keeping = {.failures_most = 1000};
    struct error error = ERROR_NONE;
    struct profile before, after;
    struct login_label label;
    int64_t removed;
    bool more, found;

    begin(store);
    for (unsigned n = 0; n < LOGINS; n++)
        fold_course(store, n, LEARNED);
    assert_true(give(store, 3, LABEL_ATTACK));
    ASSERT_DONE(store_profile_load(store, "alice", &before, &found, &error));
    keeping.logins_before_us = varied(30).event.time_us;
    ASSERT_DONE(store_retain(store, &keeping, 1000, &removed, &more, &error));
    assert_int_equal(fixture_logins(store), 30);
    label = label_of(3, LABEL_NONE);
    ASSERT_DONE(store_label_load(store, &label.id, &label, &found, &error));
    assert_false(found); /* it went with its login */
    assert_true(give(store, 31, LABEL_ATTACK));
    ASSERT_DONE(store_profile_load(store, "alice", &after, &found, &error));
    assert_int_equal(after.logins, before.logins - 1);
    assert_true(after.first_s == before.first_s);
    assert_true(after.days <= before.days && after.days > before.days / 2);
    assert_true(after.weight < before.weight);
    commit(store);
    store_close(store);
}

/* ---- through the journal -------------------------------------------------------------------- */

static void append_label(int directory_fd, const struct login_label *label)
{
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES];
    struct error error = ERROR_NONE;

    ASSERT_DONE(journal_append(directory_fd, LABEL_PRODUCER, bytes,
                               login_label_encode(label, bytes), &error));
}

static void append_course(int directory_fd, unsigned n)
{
    static const int64_t AFTER_S[] = {0, 1, 2, 900};
    struct login_record attempt = varied(n);
    struct error error = ERROR_NONE;

    for (unsigned stage = STAGE_ATTEMPT; stage < STAGE_COUNT; stage++) {
        struct login_record record = fixture_stage(&attempt, stage, AFTER_S[stage]);

        ASSERT_DONE(fixture_append(directory_fd, &record, &error));
    }
}

static void append_all(const char *directory)
{
    int fd = fixture_directory_fd(directory);

    for (unsigned n = 0; n < LOGINS * 10; n++)
        append_course(fd, n);
    for (unsigned n = 0; n < LOGINS * 10; n += 3) {
        struct login_label label = label_of(n, n % 2 == 0 ? LABEL_ATTACK : LABEL_LEGITIMATE);

        append_label(fd, &label);
        if (n % 4 == 0) {
            label = label_of(n, LABEL_NONE);
            append_label(fd, &label);
        }
    }
    struct login_label unknown = label_of(LOGINS * 10, LABEL_ATTACK);
    append_label(fd, &unknown);
    close(fd);
}

/* A drain that is ended when it has computed for so long; true: there was nothing left for it. */
static bool drain_and_die(const char *directory, int64_t computed_us)
{
    struct drain_limits limits = {
        .rotate_bytes = ROTATE_BYTES, .batch_records = 40, .now_us = FIXTURE_NOW_US};
    struct error error = ERROR_NONE;
    struct drain_result result;
    struct store *store;
    int status;
    pid_t child = fixture_fork();

    if (child == 0) {
        fixture_kill_after_us(computed_us);
        if (!store_open(&store, directory, STORE_WRITE, &error))
            _exit(1);
        do {
            if (!drain_journals(store, &limits, &result, &error))
                _exit(1);
        } while (result.more || result.records > 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGPROF : WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

static void test_drains_of_labels_are_killed(void **state)
{
    struct store *killed = open_beside(state, "killed"), *quiet = open_beside(state, "quiet");
    char path[FIXTURE_PATH_BYTES];
    struct drain_result result;
    unsigned kills = 0;
    int64_t whole_us;

    store_close(killed);
    snprintf(path, sizeof(path), "%s/quiet", (const char *)*state);
    append_all(path);
    whole_us = -fixture_computed_us();
    result = fixture_drain(quiet, ROTATE_BYTES);
    whole_us += fixture_computed_us();
    assert_int_equal(result.refused, 1);
    assert_int_equal(result.records, LOGINS * 10 * 4 + LOGINS * 10 / 3 + LOGINS * 10 / 12);
    snprintf(path, sizeof(path), "%s/killed", (const char *)*state);
    append_all(path);
    while (kills < DRAINS_KILLED && !drain_and_die(path, whole_us * (1 + kills % 8) / 24))
        kills++;
    print_message("%u drains were killed\n", kills);
    assert_true(kills > 3);
    killed = open_store(path, STORE_WRITE);
    (void)fixture_drain(killed, ROTATE_BYTES);
    assert_same_known(killed, quiet);
    for (unsigned n = 0; n < LOGINS * 10; n++) {
        struct stored_login one = stored(killed, n), other = stored(quiet, n);

        assert_int_equal(one.label, other.label);
        assert_int_equal(one.said, other.said);
    }
    assert_int_equal(stored(quiet, 6).label, LABEL_ATTACK);
    assert_int_equal(stored(quiet, 9).label, LABEL_LEGITIMATE);
    assert_int_equal(stored(quiet, 12).label, LABEL_NONE);
    store_close(killed);
    store_close(quiet);
}

/* A login that is still in the journal can be labelled: its record is drained before the label. */
static void test_a_login_that_is_not_folded_in_yet(void **state)
{
    char command[4 * FIXTURE_PATH_BYTES], id[LOGIN_ID_TEXT_BYTES];
    struct store *store = open_store(*state, STORE_WRITE);
    int64_t before_us = clock_utc_us();
    struct login_record record = varied(0);
    struct error error = ERROR_NONE;
    struct login_label label;
    bool found;
    int fd;

    store_close(store);
    fd = fixture_directory_fd(*state);
    append_course(fd, 0);
    close(fd);
    snprintf(command, sizeof(command), "umask 077 && : >'%s/conf'", (const char *)*state);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command),
             ANOMALYCTL
             " label %s attack --family phished --config '%s/conf' --store '%s' >/dev/null "
             "2>&1",
             login_id_format(&record.event.id, id), (const char *)*state, (const char *)*state);
    assert_int_equal(system(command), 0);
    store = open_store(*state, STORE_WRITE);
    assert_int_equal(fixture_drain(store, ROTATE_BYTES).records, 5);
    assert_int_equal(stored(store, 0).label, LABEL_ATTACK);
    assert_string_equal(stored(store, 0).family, "phished");
    assert_int_equal(learned_of_alice(store), 0);
    ASSERT_DONE(store_label_load(store, &record.event.id, &label, &found, &error));
    assert_true(found && label.by[0] != '\0' && label.time_us >= before_us);
    store_close(store);
}

static void spoil_row(const char *directory, const struct login_id *id)
{
    char path[FIXTURE_PATH_BYTES];
    sqlite3_stmt *statement;
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE login SET record = x'0102' WHERE id = ?1", -1,
                                        &statement, NULL),
                     SQLITE_OK);
    sqlite3_bind_blob(statement, 1, id->bytes, LOGIN_ID_BYTES, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* What belongs to it is refused, one by one; the others' is folded in. */
static void test_a_login_that_cannot_be_read(void **state)
{
    struct login_label spoiled = label_of(0, LABEL_ATTACK), other = label_of(1, LABEL_ATTACK);
    struct login_record attempt = varied(0), closed;
    struct store *store = open_store(*state, STORE_WRITE);
    struct error error = ERROR_NONE;
    struct drain_result result;
    int fd = fixture_directory_fd(*state);

    begin(store);
    fold_stages(store, 0, STAGE_ATTEMPT, (struct course){STAGE_OPENED, true});
    fold_course(store, 1, LEARNED);
    commit(store);
    store_close(store);
    spoil_row(*state, &spoiled.id);
    closed = fixture_stage(&attempt, STAGE_CLOSED, 900);
    ASSERT_DONE(fixture_append(fd, &closed, &error));
    append_course(fd, 3);
    append_label(fd, &spoiled);
    append_label(fd, &other);
    close(fd);
    store = open_store(*state, STORE_WRITE);
    result = fixture_drain(store, ROTATE_BYTES);
    assert_int_equal(result.refused, 2);
    assert_int_equal(result.records, 5);
    assert_int_equal(stored(store, 1).label, LABEL_ATTACK);
    assert_int_equal(stored(store, 3).reached, STAGE_CLOSED);
    assert_int_equal(fixture_drain(store, ROTATE_BYTES).refused, 0);
    store_close(store);
}

/* ---- the record, and stores from before there were any ----------------------------------------
 */

static void test_bytes(void **state)
{
    struct login_label label = label_of(7, LABEL_ATTACK), decoded;
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES + 1];
    struct error error = ERROR_NONE;
    size_t size;
    (void)state;

    memset(label.by, 'b', sizeof(label.by) - 1);
    memset(label.why, 'w', sizeof(label.why) - 1);
    memset(label.family, 'f', sizeof(label.family) - 1);
    size = login_label_encode(&label, bytes);
    assert_true(size > 0 && size <= LOGIN_LABEL_MAX_BYTES);
    ASSERT_DONE(login_label_decode(&decoded, bytes, size, &error));
    assert_memory_equal(&decoded.id, &label.id, sizeof(label.id));
    assert_int_equal(decoded.value, LABEL_ATTACK);
    assert_string_equal(decoded.by, label.by);
    assert_string_equal(decoded.why, label.why);
    assert_string_equal(decoded.family, label.family);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(login_label_decode(&decoded, bytes, cut, NULL));
    bytes[size] = 0;
    assert_false(login_label_decode(&decoded, bytes, size + 1, NULL));
    bytes[1 + LOGIN_ID_BYTES] = 3; /* no such value */
    assert_false(login_label_decode(&decoded, bytes, size, NULL));
    bytes[1 + LOGIN_ID_BYTES] = 1; /* legitimate, with a family of attacks */
    assert_false(login_label_decode(&decoded, bytes, size, NULL));
    bytes[0] = 2;
    assert_false(login_label_decode(&decoded, bytes, size, &error));
    assert_non_null(strstr(error.text, "version 2"));
}

static void test_a_store_of_version_1(void **state)
{
    struct store *store = open_store(*state, STORE_WRITE);
    struct error error = ERROR_NONE;
    struct login_label label;
    bool found;

    begin(store);
    fold_course(store, 0, LEARNED);
    commit(store);
    store_close(store);
    fixture_make_version(*state, 1);
    store = open_store(*state, STORE_READ);
    label = label_of(0, LABEL_NONE);
    ASSERT_DONE(store_label_load(store, &label.id, &label, &found, &error));
    assert_false(found);
    store_close(store);
    for (int times = 0; times < 2; times++) {
        store = open_store(*state, STORE_WRITE);
        begin(store);
        assert_true(give(store, 0, LABEL_ATTACK));
        commit(store);
        store_close(store);
    }
    store = open_store(*state, STORE_READ);
    ASSERT_DONE(store_label_load(store, &label.id, &label, &found, &error));
    assert_true(found);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_label_says_what_was_learned),
        TEST(test_an_attack_is_as_if_it_had_not_been),
        TEST(test_labels_replace_each_other),
        TEST(test_later_stages_of_a_labelled_login),
        TEST(test_logins_that_were_not_completed),
        TEST(test_a_rebuild_keeps_to_the_labels),
        TEST(test_thinned_histories),
        TEST(test_drains_of_labels_are_killed),
        TEST(test_a_login_that_is_not_folded_in_yet),
        TEST(test_a_login_that_cannot_be_read),
        TEST(test_bytes),
        TEST(test_a_store_of_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
