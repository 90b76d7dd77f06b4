/* The store as another user of its group reads it: root is needed to become two of them. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "fixture.h"

#define OWNER  54321
#define READER 54322
#define OTHER  54323

static void become(uid_t user, gid_t group)
{
    umask(077);
    if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0)
        _exit(90);
}

static pid_t start(uid_t user, gid_t group, int (*task)(const char *directory),
                   const char *directory)
{
    pid_t parent = getpid(), child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        become(user, group);
        fixture_end_with_parent(parent);
        _exit(task(directory));
    }
    return child;
}

static int result_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int run(uid_t user, gid_t group, int (*task)(const char *directory), const char *directory)
{
    return result_of(start(user, group, task, directory));
}

static bool fold_one(struct store *store, unsigned n, struct error *error)
{
    struct login_record record = fixture_record("alice", "192.0.2.1", n);

    return store_begin(store, error) && store_fold(store, &record, error) &&
           store_commit(store, error);
}

/* How many logins are seen; 100: it could not be opened; 101: it could not be read. */
static int read_store(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store_counts counts;
    struct store *store;

    if (!store_open(&store, directory, STORE_READ, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 100;
    }
    if (!store_counts(store, FIXTURE_NOW_US, &counts, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 101;
    }
    store_close(store);
    return (int)counts.logins;
}

static int write_and_close(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    if (!store_open(&store, directory, STORE_WRITE, &error) || !fold_one(store, 1, &error))
        return 1;
    store_close(store);
    return 0;
}

static int write_and_die(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    _exit(!store_open(&store, directory, STORE_WRITE, &error) || !fold_one(store, 2, &error));
}

static int cannot_write(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    return store_open(&store, directory, STORE_WRITE, &error) ? 1 : 0;
}

/* Writes while the other reads: each commit is seen. */
static int write_and_have_it_read(const char *directory)
{
    struct error error = ERROR_NONE;
    struct store *store;

    if (!store_open(&store, directory, STORE_WRITE, &error))
        return 1;
    for (unsigned n = 3; n < 9; n++) {
        char path[FIXTURE_PATH_BYTES];

        if (!fold_one(store, n, &error))
            return 2;
        snprintf(path, sizeof(path), "%s/go", directory);
        if (mkdir(path, 0700) != 0)
            return 3;
        while (access(path, F_OK) == 0)
            usleep(2000);
    }
    store_close(store);
    return 0;
}

static int as_root(void **state)
{
    if (geteuid() != 0)
        return 0;
    if (fixture_setup(state) != 0)
        return -1;
    return chown(*state, OWNER, OWNER) == 0 && chmod(*state, 0750) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    return geteuid() == 0 ? fixture_teardown(state) : 0;
}

static void need_root(void)
{
    if (geteuid() != 0) {
        print_message("not root: nothing is tested\n");
        skip();
    }
}

static void test_another_user_reads(void **state)
{
    char path[FIXTURE_PATH_BYTES];
    struct stat status;

    need_root();
    assert_int_equal(run(OWNER, OWNER, write_and_close, *state), 0);
    snprintf(path, sizeof(path), "%s/" STORE_FILE, (const char *)*state);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    snprintf(path, sizeof(path), "%s/" STORE_FILE "-wal", (const char *)*state);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(status.st_size, 0);
    /* Nobody has it open; then its writer was killed; then the owner read it alone. */
    assert_int_equal(run(READER, OWNER, read_store, *state), 1);
    assert_int_equal(run(OWNER, OWNER, write_and_die, *state), 0);
    assert_int_equal(run(READER, OWNER, read_store, *state), 2);
    assert_int_equal(run(OWNER, OWNER, read_store, *state), 2);
    assert_int_equal(run(READER, OWNER, read_store, *state), 2);
    assert_int_equal(run(READER, OWNER, cannot_write, *state), 0);
    assert_int_equal(run(OTHER, OTHER, read_store, *state), 100);
}

static void test_commits_are_seen_at_once(void **state)
{
    char path[FIXTURE_PATH_BYTES];
    pid_t writer;

    need_root();
    assert_int_equal(run(OWNER, OWNER, write_and_close, *state), 0);
    writer = start(OWNER, OWNER, write_and_have_it_read, *state);
    snprintf(path, sizeof(path), "%s/go", (const char *)*state);
    for (int logins = 2; logins < 8; logins++) {
        while (access(path, F_OK) != 0)
            usleep(2000);
        assert_int_equal(run(READER, OWNER, read_store, *state), logins);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(result_of(writer), 0);
    assert_int_equal(run(READER, OWNER, read_store, *state), 7);
}

/* As a copy that was put there, or a version that removed it, leaves it. */
static void test_without_its_log(void **state)
{
    char path[FIXTURE_PATH_BYTES];

    need_root();
    assert_int_equal(run(OWNER, OWNER, write_and_close, *state), 0);
    snprintf(path, sizeof(path), "%s/" STORE_FILE "-wal", (const char *)*state);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/" STORE_FILE "-shm", (const char *)*state);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(run(READER, OWNER, read_store, *state), 100);
    assert_int_equal(run(OWNER, OWNER, read_store, *state), 1); /* which makes it */
    assert_int_equal(run(READER, OWNER, read_store, *state), 1);
}

static void test_directories_that_others_write(void **state)
{
    need_root();
    assert_int_equal(run(OWNER, OWNER, write_and_close, *state), 0);
    assert_int_equal(chmod(*state, 0770), 0);
    assert_int_equal(run(READER, OWNER, read_store, *state), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_another_user_reads, as_root, teardown),
        cmocka_unit_test_setup_teardown(test_commits_are_seen_at_once, as_root, teardown),
        cmocka_unit_test_setup_teardown(test_without_its_log, as_root, teardown),
        cmocka_unit_test_setup_teardown(test_directories_that_others_write, as_root, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
