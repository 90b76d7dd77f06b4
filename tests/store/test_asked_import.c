/* Imports that were asked for by a word: which are taken, their order, and what is written down. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "store/asked_import.h"

#define ROTATE_NOT (INT64_C(1) << 30)

static struct store *open_store(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    return store;
}

static struct word word_of(uint64_t job)
{
    return (struct word){
        .kind = WORD_IMPORT,
        .time_us = FIXTURE_START_US + (int64_t)job,
        .by = "ada",
        .history = {.job = job, .state = HISTORY_ASKED, .format = "sshd", .file = "auth.log"}};
}

static void say(const char *directory, struct word word)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(word_append(directory, &word, &error));
}

/* The job that comes next; 0: none does. */
static uint64_t next(struct store *store)
{
    struct error error = ERROR_NONE;
    struct decision asked;
    bool found;

    ASSERT_DONE(store_import_next(store, &asked, &found, &error));
    return found ? asked.word.history.job : 0;
}

static void tell(struct store *store, enum history_state state, const char *what)
{
    struct error error = ERROR_NONE;
    struct decision asked;
    bool found;

    ASSERT_DONE(store_import_next(store, &asked, &found, &error));
    assert_true(found);
    asked.word.history.state = state;
    asked.word.history.begun++;
    snprintf(asked.word.why, sizeof(asked.word.why), "%s", what);
    ASSERT_DONE(store_import_tell(store, &asked, &error));
}

static bool find(struct store *store, uint64_t job, int64_t since_us, struct word *word)
{
    struct error error = ERROR_NONE;
    struct decision latest;
    bool found;

    ASSERT_DONE(store_import_find(store, job, since_us, &latest, &found, &error));
    if (found)
        *word = latest.word;
    return found;
}

static void test_the_first_asked_comes_first(void **state)
{
    struct store *store = open_store(*state);
    struct word word;

    assert_int_equal(next(store), 0);
    say(*state, word_of(7));
    say(*state, word_of(5));
    assert_int_equal(fixture_drain(store, ROTATE_NOT).records, 2);
    assert_int_equal(next(store), 7);
    tell(store, HISTORY_RUNNING, "");
    assert_int_equal(next(store), 7); /* until it has ended */
    tell(store, HISTORY_DONE, "all of it");
    assert_int_equal(next(store), 5);
    tell(store, HISTORY_FAILED, "no");
    assert_int_equal(next(store), 0);

    assert_true(find(store, 7, 0, &word));
    assert_int_equal(word.history.state, HISTORY_DONE);
    assert_int_equal(word.history.begun, 2);
    assert_string_equal(word.why, "all of it");
    assert_string_equal(word.by, "ada");
    assert_true(find(store, 7, FIXTURE_START_US, &word));
    assert_false(find(store, 7, FIXTURE_START_US + 1000000, &word));
    assert_false(find(store, 8, 0, &word));
    store_close(store);
}

static void test_what_was_begun_is_found_again(void **state)
{
    struct store *store = open_store(*state);

    say(*state, word_of(3));
    (void)fixture_drain(store, ROTATE_NOT);
    tell(store, HISTORY_RUNNING, "");
    store_close(store);
    store = open_store(*state);
    assert_int_equal(next(store), 3);
    assert_int_equal(fixture_drain(store, ROTATE_NOT).records, 0); /* the word itself is not */
    tell(store, HISTORY_DONE, "");
    assert_int_equal(next(store), 0);
    store_close(store);
}

static void test_the_latest_of_a_job_counts(void **state)
{
    struct store *store = open_store(*state);
    struct word word;

    say(*state, word_of(3));
    (void)fixture_drain(store, ROTATE_NOT);
    tell(store, HISTORY_FAILED, "no");
    say(*state, word_of(3));
    assert_int_equal(fixture_drain(store, ROTATE_NOT).records, 1);
    assert_true(find(store, 3, 0, &word));
    assert_int_equal(word.history.state, HISTORY_ASKED);
    store_close(store);
}

static void expect(struct store *store, uint64_t job, enum history_state state, const char *why)
{
    struct word word;

    assert_true(find(store, job, 0, &word));
    assert_int_equal(word.history.state, state);
    if (strstr(word.why, why) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", why, word.why);
}

static void test_some_wait_and_no_more(void **state)
{
    struct store *store = open_store(*state);
    uint64_t most = IMPORTS_WAITING_MOST;

    for (uint64_t job = 1; job <= most + 3; job++)
        say(*state, word_of(job));
    assert_int_equal(fixture_drain(store, ROTATE_NOT).records, most + 3);
    for (uint64_t job = 1; job <= most; job++)
        expect(store, job, HISTORY_ASKED, "");
    for (uint64_t job = most + 1; job <= most + 3; job++)
        expect(store, job, HISTORY_FAILED, "too many wait");
    tell(store, HISTORY_DONE, "");
    say(*state, word_of(100));
    say(*state, word_of(101));
    (void)fixture_drain(store, ROTATE_NOT);
    expect(store, 100, HISTORY_ASKED, "");
    expect(store, 101, HISTORY_FAILED, "too many wait");
    for (uint64_t job = 2; job <= most; job++) {
        assert_int_equal(next(store), job);
        tell(store, HISTORY_DONE, "");
    }
    assert_int_equal(next(store), 100);
    store_close(store);
}

/* Old decisions are forgotten, whatever they are. */
static void test_one_that_is_forgotten_waits_no_more(void **state)
{
    const struct store_keeping keeping = {.logins_before_us = FIXTURE_START_US + 1000000,
                                          .failures_most = 1000};
    struct store *store = open_store(*state);
    struct error error = ERROR_NONE;
    int64_t removed;
    bool more;

    for (uint64_t job = 1; job <= IMPORTS_WAITING_MOST; job++)
        say(*state, word_of(job));
    (void)fixture_drain(store, ROTATE_NOT);
    ASSERT_DONE(store_begin(store, &error));
    ASSERT_DONE(store_retain(store, &keeping, 1000, &removed, &more, &error));
    ASSERT_DONE(store_commit(store, &error));
    assert_int_equal(next(store), 0);
    for (uint64_t job = 11; job <= 10 + IMPORTS_WAITING_MOST; job++)
        say(*state, word_of(job));
    (void)fixture_drain(store, ROTATE_NOT);
    expect(store, 10 + IMPORTS_WAITING_MOST, HISTORY_ASKED, "");
    assert_int_equal(next(store), 11);
    store_close(store);
}

/* What became of it is not the dashboard's to say; what cannot be decoded is dropped. */
static void test_only_asking_is_heard(void **state)
{
    static const enum history_state STATES[] = {HISTORY_RUNNING, HISTORY_DONE, HISTORY_FAILED};
    struct store *store = open_store(*state);
    struct word word = word_of(1);
    struct drain_result result;

    for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
        word.history.state = STATES[i];
        say(*state, word);
    }
    word = word_of(2);
    word.history.begun = 1;
    say(*state, word);
    word = word_of(1);
    memcpy(word.history.format, "table", 6);
    say(*state, word);
    memcpy(word.history.format, "sshd|journal", 13);
    say(*state, word);
    word = word_of(1);
    memcpy(word.history.file, "a\nb", 4);
    say(*state, word);
    result = fixture_drain(store, ROTATE_NOT);
    assert_int_equal(result.records, 4);
    assert_int_equal(result.refused, 3);
    assert_int_equal(next(store), 0);
    expect(store, 1, HISTORY_FAILED, "anomalyd's to say");
    expect(store, 2, HISTORY_FAILED, "anomalyd's to say");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_asked_comes_first, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_was_begun_is_found_again, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_latest_of_a_job_counts, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_some_wait_and_no_more, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_only_asking_is_heard, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_is_forgotten_waits_no_more, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
