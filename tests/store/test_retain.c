/* What is forgotten: by age, and beyond the bound of what strangers leave behind. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "fixture.h"

#define DAY_US (S_PER_DAY * US_PER_S)

static struct store *open_store(void **state)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    return store;
}

/* Nothing goes but by the bound. */
static struct store_keeping keep_all(void)
{
    return (struct store_keeping){.failures_most = 1000000, .settled_us = INT64_MAX};
}

static void fold(struct store *store, const struct login_record *record)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_fold(store, record, &error));
    ASSERT_DONE(store_commit(store, &error));
}

/* An attempt by a name and from an address that nobody else has. */
static void fold_guess(struct store *store, unsigned n)
{
    struct login_record record;
    char user[16], address[32];

    snprintf(user, sizeof(user), "guess%u", n);
    snprintf(address, sizeof(address), "90.%u.%u.1", n >> 8 & 255, n & 255);
    record = fixture_record(user, address, n);
    fold(store, &record);
}

static void fold_login(struct store *store, const char *user, unsigned n)
{
    struct login_record attempt = fixture_record(user, "84.150.1.2", n), later;

    fold(store, &attempt);
    later = fixture_stage(&attempt, STAGE_ACCEPTED, 1);
    fold(store, &later);
    later = fixture_stage(&attempt, STAGE_OPENED, 2);
    fold(store, &later);
}

static void import(struct store *store, const char *user, unsigned n, int8_t label)
{
    struct stored_login login = {.record = fixture_record(user, "84.150.7.7", n),
                                 .imported = true,
                                 .reached = STAGE_ATTEMPT,
                                 .label = label};
    struct error error = ERROR_NONE;
    enum import_outcome outcome;

    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_import(store, &login, &outcome, &error));
    ASSERT_DONE(store_commit(store, &error));
}

/* Until there is no more to forget; returns how many rows went, in steps of `most`. */
static int64_t retain(struct store *store, const struct store_keeping *keeping, int64_t most)
{
    struct error error = ERROR_NONE;
    int64_t removed, sum = 0;
    bool more = true;

    for (int steps = 0; more; steps++) {
        assert_true(steps < 1000);
        ASSERT_DONE(store_begin(store, &error));
        ASSERT_DONE(store_retain(store, keeping, most, &removed, &more, &error));
        ASSERT_DONE(store_commit(store, &error));
        assert_true(removed <= 8 * most);
        sum += removed;
    }
    return sum;
}

static int64_t number(void **state, const char *sql)
{
    sqlite3_stmt *statement;
    char path[FIXTURE_PATH_BYTES];
    sqlite3 *db;
    int64_t value;

    snprintf(path, sizeof(path), "%s/" STORE_FILE, (const char *)*state);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* The counters are what a scan finds. Returns how many logins were never accepted. */
static int64_t expect_counts(void **state, struct store *store)
{
    struct error error = ERROR_NONE;
    struct store_counts counts;

    ASSERT_DONE(store_counts(store, FIXTURE_START_US, &counts, &error));
    assert_int_equal(counts.logins, number(state, "SELECT count(*) FROM login"));
    assert_int_equal(
        counts.failures,
        number(state, "SELECT count(*) FROM login WHERE stages & 14 = 0 AND label < 0"));
    assert_int_equal(counts.sources,
                     number(state, "SELECT count(*) FROM known WHERE key >> 58 = 3"));
    assert_int_equal(counts.users, number(state, "SELECT count(*) FROM known WHERE key >> 58 = 2 "
                                                 "AND day >= 1 << 20"));
    return counts.failures;
}

static int64_t strangers(void **state)
{
    return number(state, "SELECT count(*) FROM known WHERE day < 1 << 20");
}

static bool is_known(struct store *store, const char *user)
{
    struct error error = ERROR_NONE;
    struct profile profile;
    bool found;

    ASSERT_DONE(store_profile_load(store, user, &profile, &found, &error));
    return found;
}

static void test_each_has_its_time(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();
    const int64_t now_us = FIXTURE_START_US + 40 * DAY_US;

    fold_login(store, "alice", 1);
    for (unsigned n = 10; n < 60; n++)
        fold_guess(store, n);
    import(store, "eve", 70, 1);
    assert_int_equal(expect_counts(state, store), 50);
    assert_int_equal(retain(store, &keeping, 20), 0);

    keeping.failures_before_us = now_us - 41 * DAY_US;
    assert_int_equal(retain(store, &keeping, 20), 0);
    keeping.failures_before_us = now_us - 30 * DAY_US;
    assert_int_equal(retain(store, &keeping, 20), 100); /* with the names that were guessed */
    assert_int_equal(expect_counts(state, store), 0);
    assert_int_equal(fixture_logins(store), 2); /* alice's, and the attack with its label */
    assert_false(is_known(store, "guess10"));
    assert_true(is_known(store, "alice"));
    assert_int_equal(strangers(state), 51 + 51); /* addresses and prefixes */

    keeping.sources_before_us = now_us - 30 * DAY_US;
    assert_int_equal(retain(store, &keeping, 20), 102);
    assert_int_equal(expect_counts(state, store), 0);
    keeping.logins_before_us = now_us - 30 * DAY_US;
    retain(store, &keeping, 20);
    assert_int_equal(expect_counts(state, store), 0);
    assert_int_equal(fixture_logins(store), 0);
    assert_false(is_known(store, "alice"));
    store_close(store);
}

static void test_old_logins_count_when_they_go(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();

    fold_login(store, "alice", 1);
    fold_guess(store, 2);
    fold_guess(store, 3);
    keeping.logins_before_us = FIXTURE_START_US + 3 * US_PER_S;
    retain(store, &keeping, 10);
    assert_int_equal(expect_counts(state, store), 1);
    store_close(store);
}

static void test_failures_have_a_bound(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();
    struct error error = ERROR_NONE;
    bool excess;

    for (unsigned n = 0; n < 500; n++)
        if (n % 10 == 0)
            fold_login(store, "alice", n);
        else
            fold_guess(store, n);
    keeping.failures_most = 100;
    keeping.settled_us = FIXTURE_START_US; /* all of them may still be accepted */
    ASSERT_DONE(store_has_excess(store, 100, &excess, &error));
    assert_true(excess);
    retain(store, &keeping, 30);
    assert_int_equal(expect_counts(state, store), 450);
    keeping.settled_us = FIXTURE_START_US + 1000 * US_PER_S;
    retain(store, &keeping, 30);
    assert_int_equal(expect_counts(state, store), 100);
    assert_int_equal(fixture_logins(store), 150);
    assert_int_equal(number(state, "SELECT count(*) FROM login WHERE user = 'alice'"), 50);
    assert_int_equal(number(state, "SELECT count(*) FROM login WHERE user = 'guess388'"), 0);
    assert_int_equal(number(state, "SELECT count(*) FROM login WHERE user = 'guess389'"), 1);
    assert_int_equal(strangers(state), 300);
    assert_true(is_known(store, "alice"));
    ASSERT_DONE(store_has_excess(store, 100, &excess, &error));
    assert_false(excess);
    store_close(store);
}

/* The oldest day goes first, whether of names or of addresses; a store opened again goes on. */
static void test_the_oldest_strangers_go_first(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();

    for (unsigned day = 0; day < 10; day++)
        for (unsigned n = 0; n < 10; n++)
            fold_guess(store, day * (unsigned)S_PER_DAY + n);
    keeping.failures_most = 30;
    retain(store, &keeping, 7);
    store_close(store);
    store = open_store(state);
    assert_int_equal(expect_counts(state, store), 30);
    assert_int_equal(strangers(state), 90);
    assert_int_equal(number(state, "SELECT count(*) FROM known WHERE key >> 58 = 2"), 30);
    assert_int_equal(number(state, "SELECT min(time_us) FROM login"),
                     FIXTURE_START_US + 7 * DAY_US);
    keeping.failures_most = 10;
    retain(store, &keeping, 7);
    assert_int_equal(expect_counts(state, store), 10);
    assert_int_equal(strangers(state), 30);
    store_close(store);
}

/* A guesser's address outlives the names that he made up. */
static void test_names_go_before_sources(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();
    struct error error = ERROR_NONE;
    struct login_record record;
    struct source source;
    char user[16];
    bool found;

    for (unsigned n = 0; n < 100; n++) {
        snprintf(user, sizeof(user), "guess%u", n);
        record = fixture_record(user, "90.1.1.1", n);
        fold(store, &record);
    }
    keeping.failures_most = 10;
    retain(store, &keeping, 7);
    assert_int_equal(expect_counts(state, store), 10);
    assert_int_equal(strangers(state), 30);
    ASSERT_DONE(store_source_load(store, &record.event.source, 32, &source, &found, &error));
    assert_true(found);
    assert_int_equal(source.attempts, 100);
    store_close(store);
}

static void test_what_comes_late_is_swept_too(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();
    struct login_record late;

    for (unsigned n = 1000; n < 1100; n++)
        fold_guess(store, n);
    keeping.failures_before_us = FIXTURE_START_US + 2000 * US_PER_S;
    retain(store, &keeping, 20);
    assert_int_equal(expect_counts(state, store), 0);
    import(store, "bob", 5, -1); /* older than all that was swept */
    fold_login(store, "alice", 6);
    fold_guess(store, 1050);
    assert_int_equal(expect_counts(state, store), 2);
    retain(store, &keeping, 20);
    assert_int_equal(expect_counts(state, store), 0);
    assert_int_equal(fixture_logins(store), 1);
    /* The attempt is gone when its login is accepted after all. */
    late = fixture_record("guess1051", "90.4.27.1", 1051);
    late = fixture_stage(&late, STAGE_ACCEPTED, 5000);
    fold(store, &late);
    assert_int_equal(expect_counts(state, store), 0);
    assert_int_equal(fixture_logins(store), 2);
    store_close(store);
}

/* What was forgotten is not in the writer's memory either: who comes back begins anew. */
static void test_forgotten_names_begin_anew(void **state)
{
    struct store *store = open_store(state);
    struct store_keeping keeping = keep_all();
    struct error error = ERROR_NONE;
    struct login_record record = fixture_record("mallory", "90.1.1.1", 1);
    struct profile profile;
    struct source source;
    bool found;

    fold(store, &record);
    keeping.failures_before_us = keeping.sources_before_us = FIXTURE_START_US + 2 * DAY_US;
    retain(store, &keeping, 20);
    assert_int_equal(strangers(state), 0);
    record = fixture_record("mallory", "90.1.1.1", 3 * (unsigned)S_PER_DAY);
    fold(store, &record);
    ASSERT_DONE(store_profile_load(store, "mallory", &profile, &found, &error));
    assert_true(found);
    assert_int_equal(profile.attempts, 1);
    ASSERT_DONE(store_source_load(store, &record.event.source, 32, &source, &found, &error));
    assert_true(found);
    assert_int_equal(source.attempts, 1);
    assert_int_equal(expect_counts(state, store), 1);
    assert_int_equal(strangers(state), 3);
    store_close(store);
}

static void test_learning_again_counts_again(void **state)
{
    struct store *store = open_store(state);
    struct error error = ERROR_NONE;
    bool excess;

    for (unsigned n = 0; n < 40; n++)
        fold_guess(store, n);
    ASSERT_DONE(store_rebuild(store, &error));
    assert_int_equal(expect_counts(state, store), 40);
    assert_int_equal(strangers(state), 120);
    ASSERT_DONE(store_has_excess(store, 40, &excess, &error));
    assert_false(excess);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_has_its_time),          TEST(test_old_logins_count_when_they_go),
        TEST(test_failures_have_a_bound),      TEST(test_the_oldest_strangers_go_first),
        TEST(test_names_go_before_sources),    TEST(test_what_comes_late_is_swept_too),
        TEST(test_forgotten_names_begin_anew), TEST(test_learning_again_counts_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
