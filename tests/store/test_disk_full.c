/* A full disk, on a small tmpfs of a private mount namespace. Skipped where that cannot be had. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

#define FILLER_BYTES 4096

static bool mount_small(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("small", directory, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

/* Until nothing more fits. */
static void fill(int directory_fd)
{
    static const char zeros[FILLER_BYTES];
    int fd = openat(directory_fd, "filler", O_WRONLY | O_CREAT | O_APPEND, 0600);

    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof(zeros)) > 0) {
    }
    while (write(fd, zeros, 1) > 0) {
    }
    close(fd);
}

/* So many bytes and no more are free afterwards. */
static void leave_room(int directory_fd, off_t bytes)
{
    struct stat status;

    fill(directory_fd);
    assert_int_equal(fstatat(directory_fd, "filler", &status, 0), 0);
    int fd = openat(directory_fd, "filler", O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, status.st_size - bytes), 0);
    close(fd);
}

static void test_disk_full(void **state)
{
    struct drain_limits limits = {.rotate_bytes = 1 << 20, .batch_records = 500};
    struct error error = ERROR_NONE, refused = ERROR_NONE;
    struct drain_result result;
    struct store *store;
    unsigned acknowledged = 0, n = 0;
    int fd;

    if (!mount_small(*state)) {
        print_message("no private mount namespace here: nothing is tested\n");
        skip();
    }
    fd = fixture_directory_fd(*state);
    ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
    for (; n < 20; n++, acknowledged++) {
        struct login_record record = fixture_record("alice", "84.150.1.2", n);

        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    fill(fd);
    for (bool more = true; more; n++) { /* what is left of the journal's last page */
        struct login_record record = fixture_record("alice", "84.150.1.2", n);

        more = fixture_append(fd, &record, &refused);
        acknowledged += more;
    }
    assert_int_equal(refused.fault, FAULT_STORE);
    assert_non_null(strstr(refused.text, "No space left"));
    if (drain_journals(store, &limits, &result, &error)) {
        assert_int_equal(result.records, acknowledged); /* it fitted into the log's last page */
    } else {
        assert_int_equal(error.fault, FAULT_STORE);
        assert_false(store_is_damaged(store));
    }
    assert_int_equal(unlinkat(fd, "filler", 0), 0);
    error = ERROR_NONE;
    for (unsigned i = 0; i < 20; i++, n++, acknowledged++) {
        struct login_record record = fixture_record("alice", "84.150.1.2", n);

        ASSERT_DONE(fixture_append(fd, &record, &error));
    }
    (void)fixture_drain(store, limits.rotate_bytes);
    assert_int_equal(fixture_logins(store), acknowledged);
    store_close(store);
    close(fd);
    assert_int_equal(umount(*state), 0);
}

/* Rows and what is learned of them; false: it did not fit. */
static bool import_users(struct store *store, unsigned users, enum import_outcome expected)
{
    struct error error = ERROR_NONE;

    ASSERT_DONE(store_import_begin(store, &error));
    for (unsigned n = 0; n < users; n++) {
        enum import_outcome outcome;
        struct stored_login login = {.label = -1, .imported = true, .reached = STAGE_OPENED};
        char user[16];

        snprintf(user, sizeof(user), "user%u", n);
        login.record = fixture_record(user, "84.150.1.2", n);
        login.record.event.learn = true;
        login.accepted_us = login.opened_us = login.record.event.time_us;
        ASSERT_DONE(store_import(store, &login, &outcome, &error));
        assert_int_equal(outcome, expected);
    }
    return store_import_commit(store, &error) ||
           (assert_int_equal(error.fault, FAULT_STORE), false);
}

static bool is_learned(struct store *store, const char *user)
{
    struct error error = ERROR_NONE;
    struct profile profile;
    bool found;

    ASSERT_DONE(store_profile_load(store, user, &profile, &found, &error));
    return found && profile.logins == 1;
}

/* The rows of an import need less room than what is learned of them: neither is kept alone. */
static void test_import_on_full_disk(void **state)
{
    enum { USERS = 150, LEAST_BYTES = 16384, STEP_BYTES = 24576 };
    struct error error = ERROR_NONE;
    bool done = false;
    int refused = 0;

    if (!mount_small(*state)) {
        print_message("no private mount namespace here: nothing is tested\n");
        skip();
    }
    for (off_t room = LEAST_BYTES; !done; room += STEP_BYTES, refused += !done) {
        int fd = fixture_directory_fd(*state);
        struct store *store;

        ASSERT_DONE(store_open(&store, *state, STORE_WRITE, &error));
        leave_room(fd, room);
        done = import_users(store, USERS, IMPORT_STORED);
        assert_int_equal(unlinkat(fd, "filler", 0), 0);
        assert_int_equal(fixture_logins(store), done ? USERS : 0);
        assert_int_equal(is_learned(store, "user149"), done);
        if (done)
            assert_true(import_users(store, USERS, IMPORT_KNOWN));
        store_close(store);
        assert_int_equal(unlinkat(fd, STORE_FILE, 0), 0);
        close(fd);
    }
    assert_true(refused > 2);
    assert_int_equal(umount(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk_full, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_import_on_full_disk, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
