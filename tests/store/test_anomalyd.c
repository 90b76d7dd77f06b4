/* anomalyd as it is built (its path is the argument): readiness, draining, its end, a long reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon_fixture.h"
#include "store/word.h"

static const char *program;

static int64_t logins_in(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;
    int64_t count;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    count = fixture_logins(store);
    store_close(store);
    return count;
}

static void expect_logins(const char *directory, int64_t expected)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    while (logins_in(directory) != expected) {
        if (clock_monotonic_us() > until_us)
            fail_msg("%lld logins in the store instead of %lld", (long long)logins_in(directory),
                     (long long)expected);
        usleep(20000);
    }
}

/* The fixture's logins, the first of which was at that time. */
static void append_since(const char *directory, int64_t begin_us, unsigned first, unsigned count)
{
    int fd = fixture_directory_fd(directory);

    for (unsigned n = first; n < first + count; n++) {
        char user[16], address[32];
        struct login_record record;
        struct error error = ERROR_NONE;

        snprintf(user, sizeof(user), "user%u", n % 5000);
        snprintf(address, sizeof(address), "84.150.%u.%u", n / 256 % 256, n % 256);
        record = fixture_record(user, address, n);
        record.event.time_us += begin_us - FIXTURE_START_US;
        record.event.id = login_id_make(record.event.time_us, (uint64_t)n << 24 | n);
        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    close(fd);
}

static void append_many(const char *directory, unsigned first, unsigned count)
{
    append_since(directory, FIXTURE_START_US, first, count);
}

static int64_t wal_bytes(const char *directory)
{
    char path[FIXTURE_PATH_BYTES];
    struct stat status;

    snprintf(path, sizeof(path), "%s/" STORE_FILE "-wal", directory);
    return stat(path, &status) == 0 ? status.st_size : 0;
}

static void test_drains_and_ends(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP "journal_rotate = 64KiB\n");

    daemon_expect_state(&daemon, "READY=1");
    append_many(*state, 0, 1000);
    expect_logins(*state, 1000);
    append_many(*state, 1000, 500);
    daemon_stop(&daemon); /* what is in the journal then is drained first */
    assert_int_equal(logins_in(*state), 1500);
    assert_int_equal(wal_bytes(*state), 0);
}

static void test_killed_and_started_again(void **state)
{
    struct daemon daemon;
    int status;

    for (unsigned round = 0; round < 5; round++) {
        daemon =
            daemon_start(program, *state, KEEP "journal_rotate = 64KiB\ndrain_interval = 10ms\n");
        daemon_expect_state(&daemon, "READY=1");
        append_many(*state, round * 400, 400);
        kill(daemon.pid, SIGKILL);
        waitpid(daemon.pid, &status, 0);
        close(daemon.manager);
    }
    daemon = daemon_start(program, *state, KEEP "");
    expect_logins(*state, 2000);
    daemon_expect_state(&daemon, "READY=1");
    daemon_stop(&daemon);
}

static void test_waits_for_the_lock(void **state)
{
    struct error error = ERROR_NONE;
    struct daemon daemon;
    struct store *store;

    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    daemon = daemon_start(program, *state, KEEP "");
    daemon_expect_words(&daemon, "waiting until it is done");
    store_close(store);
    daemon_expect_state(&daemon, "READY=1");
    daemon_stop(&daemon);
    /* Ended while it waits, too. */
    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    daemon = daemon_start(program, *state, KEEP "");
    daemon_expect_words(&daemon, "waiting until it is done");
    kill(daemon.pid, SIGTERM);
    daemon_expect_exit(&daemon, 0);
    store_close(store);
}

static void test_reload(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP "");

    daemon_expect_state(&daemon, "READY=1");
    daemon_write_config(&daemon, KEEP "drain_interval = 20ms\n");
    kill(daemon.pid, SIGHUP);
    daemon_expect_words(&daemon, "was read again");
    daemon_write_config(&daemon, "no_such_option = 1\n");
    kill(daemon.pid, SIGHUP);
    daemon_expect_words(&daemon, "stays as it was");
    append_many(*state, 0, 10);
    expect_logins(*state, 10);
    daemon_stop(&daemon);
}

static void test_corrupt_database(void **state)
{
    char path[FIXTURE_PATH_BYTES], journal[FIXTURE_PATH_BYTES];
    struct daemon daemon;
    struct stat status;
    int fd;

    append_many(*state, 0, 10);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, (const char *)*state);
    fd = open(path, O_WRONLY | O_CREAT, 0640);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write(fd, "not a database at all", 21), 21);
    close(fd);
    daemon = daemon_start(program, *state, KEEP "");
    daemon_expect_exit(&daemon, 1);
    assert_true(daemon_log_says(&daemon, "anomalyctl check"));
    snprintf(journal, sizeof(journal), "%s/login.journal", (const char *)*state);
    assert_int_equal(stat(journal, &status), 0);
    assert_true(status.st_size > JOURNAL_HEADER_BYTES);
    assert_int_equal(unlink(path), 0); /* moved aside: nothing is lost */
    daemon = daemon_start(program, *state, KEEP "");
    daemon_expect_state(&daemon, "READY=1");
    expect_logins(*state, 10);
    daemon_stop(&daemon);
}

static void test_missing_directory(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP "");

    daemon_expect_state(&daemon, "READY=1");
    daemon_stop(&daemon);
    {
        char command[3 * FIXTURE_PATH_BYTES];

        snprintf(command, sizeof(command), "'%s' --config '%s' --store '%s/none' 2>'%s'", program,
                 daemon.config, (const char *)*state, daemon.log);
        assert_int_equal(WEXITSTATUS(system(command)), 1);
    }
    assert_true(daemon_log_says(&daemon, "none"));
}

/* A transaction held open while far more is appended than the log may hold. */
static void test_long_reader(void **state)
{
    const int64_t limit = 1 << 20;
    struct daemon daemon =
        daemon_start(program, *state, KEEP "wal_limit = 1MiB\ndrain_interval = 10ms\n");
    struct error error = ERROR_NONE;
    struct store *reader;
    int64_t greatest = 0;
    unsigned total = 0;

    daemon_expect_state(&daemon, "READY=1");
    append_many(*state, total, 100);
    total += 100;
    expect_logins(*state, total);
    ASSERT_DONE(store_open(&reader, *state, STORE_READ, &error));
    ASSERT_DONE(store_begin(reader, &error));
    assert_int_equal(fixture_logins(reader), 100);
    while (total < 100000) {
        append_many(*state, total, 1000);
        total += 1000;
        if (wal_bytes(*state) > greatest)
            greatest = wal_bytes(*state);
    }
    daemon_expect_words(&daemon, "long reader");
    usleep(500000);
    assert_int_equal(fixture_logins(reader), 100);
    assert_true(wal_bytes(*state) > limit);
    if (wal_bytes(*state) > greatest)
        greatest = wal_bytes(*state);
    print_message("the log grew to %lld bytes\n", (long long)greatest);
    assert_true(greatest <= 5 * limit);
    store_rollback(reader);
    store_close(reader);
    daemon_expect_words(&daemon, "going on");
    daemon_stop(&daemon);
    assert_int_equal(logins_in(*state), total);
}

static void make_file(const char *directory, const char *name, int64_t age_s)
{
    char path[FIXTURE_PATH_BYTES];
    struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT, 0640);
    assert_true(fd >= 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* Of logins that were killed while they created a journal; nothing else goes, and nothing young. */
static void test_removes_leftovers(void **state)
{
    static const struct {
        const char *name;
        int64_t age_s;
        bool stays;
    } FILES[] = {{".login.journal.0123456789abcdef", 4000, false},
                 {".ctl.journal.00000000000000aa", 4000, false},
                 {".login.journal.0123456789abcdee", 3000, true},
                 {".login.journal.0123456789abcde", 4000, true},
                 {".login.journal.0123456789abcdeg", 4000, true},
                 {"login.journal.0123456789abcdef", 4000, true},
                 {".model.forest.0123456789abcdef", 4000, true},
                 {".journal.0123456789abcdef", 4000, true}};
    struct daemon daemon;

    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
        make_file(*state, FILES[i].name, FILES[i].age_s);
    daemon = daemon_start(program, *state, KEEP);
    daemon_expect_state(&daemon, "READY=1");
    daemon_stop(&daemon);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        char path[FIXTURE_PATH_BYTES];

        snprintf(path, sizeof(path), "%s/%s", (const char *)*state, FILES[i].name);
        if ((access(path, F_OK) == 0) != FILES[i].stays)
            fail_msg("%s %s", FILES[i].name, FILES[i].stays ? "is gone" : "is still there");
    }
    assert_true(daemon_log_says(&daemon, "2 unfinished journals"));
}

/* Nobody was accepted: what is kept has a bound, and then a time. */
static void test_failures_are_bounded(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP "failures_limit = 1000\n");

    daemon_expect_state(&daemon, "READY=1");
    append_since(*state, clock_utc_us() - 200 * S_PER_DAY * US_PER_S, 0, 5000);
    expect_logins(*state, 1000);
    daemon_stop(&daemon);
    daemon = daemon_start(program, *state, "keep_logins = 36500d\n");
    expect_logins(*state, 0);
    daemon_expect_state(&daemon, "READY=1");
    daemon_stop(&daemon);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static void label_one(const char *directory, unsigned n)
{
    struct word word = {.kind = WORD_LABEL, .label = LABEL_ATTACK, .by = "ada"};
    struct error error = ERROR_NONE;

    word.login = fixture_record("user1", "84.150.0.1", n).event.id;
    ASSERT_DONE(word_append(directory, &word, &error));
}

static bool is_labelled(const char *directory, unsigned n)
{
    struct login_id id = fixture_record("user1", "84.150.0.1", n).event.id;
    struct error error = ERROR_NONE;
    struct login_label label;
    struct store *store;
    bool found;

    ASSERT_DONE(store_open(&store, directory, STORE_READ, &error));
    ASSERT_DONE(store_label_load(store, &id, &label, &found, &error));
    store_close(store);
    return found;
}

/* Its directory is made when anomalyd runs already; each word wakes it, which it would do by itself
 * each second. */
static void test_words_of_the_dashboard(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP);
    int64_t fastest_us = DAEMON_WAIT_US;

    daemon_expect_state(&daemon, "READY=1");
    append_many(*state, 0, 20);
    expect_logins(*state, 20);
    for (unsigned n = 0; n < 20; n++) {
        int64_t said_us = clock_monotonic_us(), took_us;

        label_one(*state, n);
        while (!is_labelled(*state, n) && clock_monotonic_us() - said_us < DAEMON_WAIT_US)
            usleep(2000);
        took_us = clock_monotonic_us() - said_us;
        fastest_us = took_us < fastest_us && n > 0 ? took_us : fastest_us;
        assert_true(is_labelled(*state, n));
    }
    print_message("the fastest of 20 was taken within %lld ms\n", (long long)(fastest_us / 1000));
    assert_true(fastest_us < 700000);
    daemon_stop(&daemon);
}

/* A dashboard that says nonsense all the time: logins are folded in, the log stays short, the end
 * comes. */
static void test_a_dashboard_that_never_stops(void **state)
{
    struct daemon daemon = daemon_start(program, *state, KEEP "journal_rotate = 64KiB\n");
    char path[2 * FIXTURE_PATH_BYTES];
    struct stat status;
    int ended;
    pid_t child;

    daemon_expect_state(&daemon, "READY=1");
    child = fixture_fork();
    if (child == 0) {
        struct word word = {.kind = WORD_LABEL, .label = LABEL_ATTACK, .by = "mallory"};

        for (;;)
            (void)!word_append(*state, &word, NULL);
    }
    daemon_expect_words(&daemon, "journal records were skipped");
    for (unsigned round = 0; round < 10; round++) {
        append_many(*state, round * 100, 100);
        expect_logins(*state, (round + 1) * 100);
    }
    daemon_stop(&daemon);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(stat(daemon.log, &status), 0);
    assert_true(status.st_size < 1000);
    snprintf(path, sizeof(path), "%s/" WORD_DIRECTORY "/dashboard.journal", (const char *)*state);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size < WORDS_MAX_FILE_BYTES);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_drains_and_ends),
        TEST(test_killed_and_started_again),
        TEST(test_waits_for_the_lock),
        TEST(test_reload),
        TEST(test_corrupt_database),
        TEST(test_missing_directory),
        TEST(test_long_reader),
        TEST(test_failures_are_bounded),
        TEST(test_removes_leftovers),
        TEST(test_words_of_the_dashboard),
        TEST(test_a_dashboard_that_never_stops),
    };

    if (argc != 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
