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
#include "fixture.h"

#define WAIT_US (20 * US_PER_S)
/* The fixture's logins are of a day long ago. */
#define KEEP "keep_logins = 36500d\nkeep_failures = 36500d\n"

static const char *program;

struct daemon {
    pid_t pid;
    int manager; /* our end of the notification socket */
    char config[FIXTURE_PATH_BYTES];
    char log[FIXTURE_PATH_BYTES];
};

static void write_config(const struct daemon *daemon, const char *text)
{
    int fd = open(daemon->config, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int manager_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static struct daemon start(const char *directory, const char *config)
{
    struct daemon daemon;
    char socket_path[FIXTURE_PATH_BYTES];

    snprintf(daemon.config, sizeof(daemon.config), "%s/test.conf", directory);
    snprintf(daemon.log, sizeof(daemon.log), "%s/test.log", directory);
    snprintf(socket_path, sizeof(socket_path), "%s/notify", directory);
    unlink(socket_path);
    unlink(daemon.log);
    write_config(&daemon, config);
    daemon.manager = manager_socket(socket_path);
    daemon.pid = fork();
    assert_true(daemon.pid >= 0);
    if (daemon.pid == 0) {
        int log = open(daemon.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        dup2(log, STDERR_FILENO);
        setenv("NOTIFY_SOCKET", socket_path, 1);
        execl(program, "anomalyd", "--config", daemon.config, "--store", directory, (char *)NULL);
        _exit(127);
    }
    return daemon;
}

static void expect_state(const struct daemon *daemon, const char *state)
{
    struct pollfd file = {.fd = daemon->manager, .events = POLLIN};
    char text[64] = "";

    assert_int_equal(poll(&file, 1, (int)(WAIT_US / 1000)), 1);
    assert_true(recv(daemon->manager, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, state);
}

static void expect_exit(struct daemon *daemon, int expected)
{
    int status;

    assert_int_equal(waitpid(daemon->pid, &status, 0), daemon->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
    close(daemon->manager);
}

static void stop(struct daemon *daemon)
{
    assert_int_equal(kill(daemon->pid, SIGTERM), 0);
    expect_state(daemon, "STOPPING=1");
    expect_exit(daemon, 0);
}

static bool log_says(const struct daemon *daemon, const char *words)
{
    char text[16384] = "";
    int fd = open(daemon->log, O_RDONLY);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

    if (fd >= 0)
        close(fd);
    return size > 0 && strstr(text, words) != NULL;
}

static void expect_words(const struct daemon *daemon, const char *words)
{
    int64_t until_us = clock_monotonic_us() + WAIT_US;

    while (!log_says(daemon, words)) {
        if (clock_monotonic_us() > until_us)
            fail_msg("the log never said \"%s\"", words);
        usleep(20000);
    }
}

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
    int64_t until_us = clock_monotonic_us() + WAIT_US;

    while (logins_in(directory) != expected) {
        if (clock_monotonic_us() > until_us)
            fail_msg("%lld logins in the store instead of %lld", (long long)logins_in(directory),
                     (long long)expected);
        usleep(20000);
    }
}

static void append_many(const char *directory, unsigned first, unsigned count)
{
    int fd = fixture_directory_fd(directory);

    for (unsigned n = first; n < first + count; n++) {
        char user[16], address[32];
        struct login_record record;
        struct error error = ERROR_NONE;

        snprintf(user, sizeof(user), "user%u", n % 5000);
        snprintf(address, sizeof(address), "84.150.%u.%u", n / 256 % 256, n % 256);
        record = fixture_record(user, address, n);
        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    close(fd);
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
    struct daemon daemon = start(*state, KEEP "journal_rotate = 64KiB\n");

    expect_state(&daemon, "READY=1");
    append_many(*state, 0, 1000);
    expect_logins(*state, 1000);
    append_many(*state, 1000, 500);
    stop(&daemon); /* what is in the journal then is drained first */
    assert_int_equal(logins_in(*state), 1500);
    assert_int_equal(wal_bytes(*state), 0);
}

static void test_killed_and_started_again(void **state)
{
    struct daemon daemon;
    int status;

    for (unsigned round = 0; round < 5; round++) {
        daemon = start(*state, KEEP "journal_rotate = 64KiB\ndrain_interval = 10ms\n");
        expect_state(&daemon, "READY=1");
        append_many(*state, round * 400, 400);
        kill(daemon.pid, SIGKILL);
        waitpid(daemon.pid, &status, 0);
        close(daemon.manager);
    }
    daemon = start(*state, KEEP "");
    expect_logins(*state, 2000);
    expect_state(&daemon, "READY=1");
    stop(&daemon);
}

static void test_waits_for_the_lock(void **state)
{
    struct error error = ERROR_NONE;
    struct daemon daemon;
    struct store *store;

    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    daemon = start(*state, KEEP "");
    expect_words(&daemon, "waiting until it is done");
    store_close(store);
    expect_state(&daemon, "READY=1");
    stop(&daemon);
    /* Ended while it waits, too. */
    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    daemon = start(*state, KEEP "");
    expect_words(&daemon, "waiting until it is done");
    kill(daemon.pid, SIGTERM);
    expect_exit(&daemon, 0);
    store_close(store);
}

static void test_reload(void **state)
{
    struct daemon daemon = start(*state, KEEP "");

    expect_state(&daemon, "READY=1");
    write_config(&daemon, KEEP "drain_interval = 20ms\n");
    kill(daemon.pid, SIGHUP);
    expect_words(&daemon, "was read again");
    write_config(&daemon, "no_such_option = 1\n");
    kill(daemon.pid, SIGHUP);
    expect_words(&daemon, "stays as it was");
    append_many(*state, 0, 10);
    expect_logins(*state, 10);
    stop(&daemon);
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
    daemon = start(*state, KEEP "");
    expect_exit(&daemon, 1);
    assert_true(log_says(&daemon, "anomalyctl check"));
    snprintf(journal, sizeof(journal), "%s/login.journal", (const char *)*state);
    assert_int_equal(stat(journal, &status), 0);
    assert_true(status.st_size > JOURNAL_HEADER_BYTES);
    assert_int_equal(unlink(path), 0); /* moved aside: nothing is lost */
    daemon = start(*state, KEEP "");
    expect_state(&daemon, "READY=1");
    expect_logins(*state, 10);
    stop(&daemon);
}

static void test_missing_directory(void **state)
{
    struct daemon daemon = start(*state, KEEP "");

    expect_state(&daemon, "READY=1");
    stop(&daemon);
    {
        char command[3 * FIXTURE_PATH_BYTES];

        snprintf(command, sizeof(command), "'%s' --config '%s' --store '%s/none' 2>'%s'", program,
                 daemon.config, (const char *)*state, daemon.log);
        assert_int_equal(WEXITSTATUS(system(command)), 1);
    }
    assert_true(log_says(&daemon, "none"));
}

/* A transaction held open while far more is appended than the log may hold. */
static void test_long_reader(void **state)
{
    const int64_t limit = 1 << 20;
    struct daemon daemon = start(*state, KEEP "wal_limit = 1MiB\ndrain_interval = 10ms\n");
    struct error error = ERROR_NONE;
    struct store *reader;
    int64_t greatest = 0;
    unsigned total = 0;

    expect_state(&daemon, "READY=1");
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
    expect_words(&daemon, "long reader");
    usleep(500000);
    assert_int_equal(fixture_logins(reader), 100);
    assert_true(wal_bytes(*state) > limit);
    if (wal_bytes(*state) > greatest)
        greatest = wal_bytes(*state);
    print_message("the log grew to %lld bytes\n", (long long)greatest);
    assert_true(greatest <= 5 * limit);
    store_rollback(reader);
    store_close(reader);
    expect_words(&daemon, "going on");
    stop(&daemon);
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
    daemon = start(*state, KEEP);
    expect_state(&daemon, "READY=1");
    stop(&daemon);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        char path[FIXTURE_PATH_BYTES];

        snprintf(path, sizeof(path), "%s/%s", (const char *)*state, FILES[i].name);
        if ((access(path, F_OK) == 0) != FILES[i].stays)
            fail_msg("%s %s", FILES[i].name, FILES[i].stays ? "is gone" : "is still there");
    }
    assert_true(log_says(&daemon, "2 unfinished journals"));
}

/* Nobody was accepted: what is kept has a bound, and then a time. */
static void test_failures_are_bounded(void **state)
{
    struct daemon daemon = start(*state, KEEP "failures_limit = 1000\n");

    expect_state(&daemon, "READY=1");
    append_many(*state, 0, 5000);
    expect_logins(*state, 1000);
    stop(&daemon);
    daemon = start(*state, "keep_logins = 36500d\n");
    expect_logins(*state, 0);
    expect_state(&daemon, "READY=1");
    stop(&daemon);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_drains_and_ends),    TEST(test_killed_and_started_again),
        TEST(test_waits_for_the_lock), TEST(test_reload),
        TEST(test_corrupt_database),   TEST(test_missing_directory),
        TEST(test_long_reader),        TEST(test_failures_are_bounded),
        TEST(test_removes_leftovers),
    };

    if (argc != 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
