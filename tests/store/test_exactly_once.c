/*
 * Appenders at once, rotation and draining under them, appenders and drains killed: every record
 * that was acknowledged is in the store, once.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define APPENDERS       8
#define RECORDS         1500 /* of each appender */
#define ROTATE_BYTES    65536
#define DRAINS_KILLED   25
#define APPENDER_ROUNDS 3

/* Shared with the children: what was acknowledged. */
struct acknowledged {
    uint8_t appended[APPENDERS][RECORDS * APPENDER_ROUNDS];
};

static struct acknowledged *shared_map(void)
{
    struct acknowledged *map =
        mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(map != MAP_FAILED);
    return map;
}

static void append_all(const char *directory, unsigned who, unsigned round,
                       struct acknowledged *map)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY);
    char user[16];

    snprintf(user, sizeof(user), "user%u", who);
    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned n = round * RECORDS + i;
        struct login_record record =
            fixture_record(user, "84.150.1.2", who * RECORDS * APPENDER_ROUNDS + n);
        struct error error = ERROR_NONE;

        if (!fixture_append(fd, &record, &error)) {
            fprintf(stderr, "%s\n", error.text);
            _exit(1);
        }
        map->appended[who][n] = 1;
    }
    _exit(0);
}

static pid_t start_appender(const char *directory, unsigned who, unsigned round,
                            struct acknowledged *map)
{
    pid_t child = fixture_fork();

    if (child == 0)
        append_all(directory, who, round, map);
    return child;
}

/* Drains for ever; killed by the parent. */
static pid_t start_drain(const char *directory)
{
    struct drain_limits limits = {
        .rotate_bytes = ROTATE_BYTES, .batch_records = 200, .now_us = FIXTURE_NOW_US};
    struct error error = ERROR_NONE;
    struct drain_result result;
    struct store *store;
    pid_t child = fixture_fork();

    if (child > 0)
        return child;
    if (!store_open(&store, directory, STORE_WRITE, &error))
        _exit(1);
    while (drain_journals(store, &limits, &result, &error)) {
    }
    fprintf(stderr, "drain: %s\n", error.text);
    _exit(1);
}

/* Killed after a while; it must not have ended on its own before. */
static void kill_after(pid_t child, useconds_t wait_us)
{
    int status;

    usleep(wait_us);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

struct check {
    const struct acknowledged *map;
    uint8_t seen[APPENDERS][RECORDS * APPENDER_ROUNDS];
    unsigned twice;
};

static bool check_login(void *context, const struct stored_login *login)
{
    struct check *check = context;
    unsigned n = (unsigned)((login->record.event.time_us - FIXTURE_START_US) / 1000000);
    unsigned who = n / (RECORDS * APPENDER_ROUNDS), i = n % (RECORDS * APPENDER_ROUNDS);

    check->twice += check->seen[who][i]++;
    return true;
}

static void assert_all_there(const char *directory, const struct acknowledged *map)
{
    struct check *check = calloc(1, sizeof(*check));
    struct login_filter all = {.limit = 0};
    struct error error = ERROR_NONE;
    struct store *store;
    unsigned missing = 0;

    ASSERT_DONE(store_open(&store, directory, STORE_WRITE, &error));
    (void)fixture_drain(store, ROTATE_BYTES);
    check->map = map;
    ASSERT_DONE(store_logins(store, &all, check_login, check, &error));
    for (unsigned who = 0; who < APPENDERS; who++) {
        unsigned known = 0;
        struct profile profile;
        char user[16];
        bool found;

        for (unsigned i = 0; i < RECORDS * APPENDER_ROUNDS; i++) {
            missing += map->appended[who][i] && !check->seen[who][i];
            known += check->seen[who][i];
        }
        snprintf(user, sizeof(user), "user%u", who);
        ASSERT_DONE(store_profile_load(store, user, &profile, &found, &error));
        assert_int_equal(profile.attempts, known); /* counted once as well */
    }
    assert_int_equal(missing, 0);
    assert_int_equal(check->twice, 0);
    store_close(store);
    free(check);
}

static void test_drains_are_killed(void **state)
{
    struct acknowledged *map = shared_map();
    pid_t appenders[APPENDERS];
    int status;

    for (unsigned who = 0; who < APPENDERS; who++)
        appenders[who] = start_appender(*state, who, 0, map);
    for (int i = 0; i < DRAINS_KILLED; i++)
        kill_after(start_drain(*state), (useconds_t)(10000 + i * 3000));
    for (unsigned who = 0; who < APPENDERS; who++) {
        assert_int_equal(waitpid(appenders[who], &status, 0), appenders[who]);
        assert_int_equal(status, 0);
    }
    assert_all_there(*state, map);
    for (unsigned who = 0; who < APPENDERS; who++) {
        for (unsigned i = 0; i < RECORDS; i++)
            assert_int_equal(map->appended[who][i], 1);
    }
    munmap(map, sizeof(*map));
}

static void test_appenders_are_killed(void **state)
{
    struct acknowledged *map = shared_map();
    pid_t drain = start_drain(*state);

    for (unsigned round = 0; round < APPENDER_ROUNDS; round++) {
        pid_t appenders[APPENDERS];

        for (unsigned who = 0; who < APPENDERS; who++)
            appenders[who] = start_appender(*state, who, round, map);
        for (unsigned who = 0; who < APPENDERS; who++) {
            int status;

            usleep(4000);
            kill(appenders[who], SIGKILL);
            assert_int_equal(waitpid(appenders[who], &status, 0), appenders[who]);
        }
    }
    kill_after(drain, 20000);
    assert_all_there(*state, map);
    munmap(map, sizeof(*map));
}

/* Ids of one millisecond whose random bits begin alike have sixteen places in the store. */
static void test_a_record_that_has_no_place_keeps_no_other_waiting(void **state)
{
    int fd = open(*state, O_RDONLY | O_DIRECTORY);
    struct error error = ERROR_NONE;
    struct drain_result result;
    struct store *store;

    for (unsigned i = 0; i < 20; i++) {
        struct login_record record = fixture_record("alice", "84.150.1.2", 1);

        record.event.id.bytes[LOGIN_ID_BYTES - 1] = (uint8_t)i;
        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    struct login_record last = fixture_record("bob", "84.150.1.2", 2);
    ASSERT_DONE(fixture_append(fd, &last, &error));
    close(fd);
    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    result = fixture_drain(store, ROTATE_BYTES);
    assert_int_equal(result.records, 17);
    assert_int_equal(result.refused, 4);
    assert_int_equal(fixture_logins(store), 17);
    store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_drains_are_killed),
        TEST(test_appenders_are_killed),
        TEST(test_a_record_that_has_no_place_keeps_no_other_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
