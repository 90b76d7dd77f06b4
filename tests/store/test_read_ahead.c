/* Reading ahead: what is asked for is what is read next, nothing else changes, and locks stay. */
#include "store/read_ahead.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/login_page.h"
#include "store/store_tables.h"
#include "tests/store/fixture.h"

#define LOGINS 20000
#define EVERY  100 /* one of so many is looked for */

/* Of SQLite's file format: where readers lock the database. */
#define SHARED_FIRST 0x40000002
#define SHARED_SIZE  510

static struct store *store_of(const char *directory, enum store_access access)
{
    struct error error = ERROR_NONE;
    struct store *store;

    ASSERT_DONE(store_open(&store, directory, access, &error));
    return store;
}

/* Every hundredth login is of another user. */
static void fill(const char *directory)
{
    struct store *store = store_of(directory, STORE_WRITE);
    struct error error = ERROR_NONE;
    int64_t wal_bytes;

    ASSERT_DONE(store_begin(store, &error));
    for (unsigned n = 0; n < LOGINS; n++) {
        struct login_record record =
            fixture_record(n % EVERY == 0 ? "rare" : "usual", "192.0.2.1", n);

        record.assessed = true;
        record.assessment.risk = (double)(n % 97) / 97;
        record.assessment.verdict = n % 3 == 0 ? VERDICT_LOG : VERDICT_ALLOW;
        ASSERT_DONE(store_fold(store, &record, &error));
    }
    ASSERT_DONE(store_commit(store, &error));
    ASSERT_DONE(store_checkpoint(store, true, &wal_bytes, &error));
    store_close(store);
}

/* Bytes that this process has asked the disk for; -1: that is not told. */
static int64_t disk_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "re");
    char line[128];
    int64_t bytes = -1;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        (void)!sscanf(line, "read_bytes: %" SCNd64, &bytes);
    if (file != NULL)
        fclose(file);
    return bytes;
}

static bool count_login(void *context, const struct stored_login *login, bool later)
{
    (void)later;
    assert_string_equal(login->record.event.user, "rare");
    ++*(unsigned *)context;
    return true;
}

static unsigned page_of_rare(struct store *store)
{
    struct error error = ERROR_NONE;
    struct login_cursor cursor = {.set = false};
    struct login_page_filter filter;
    unsigned count = 0;
    bool more;

    login_page_filter_init(&filter);
    filter.user = "rare";
    ASSERT_DONE(store_login_page(store, &filter, LOGIN_PAGE_MOST, &cursor, &more, count_login,
                                 &count, &error));
    assert_false(more);
    return count;
}

static void forget_pages(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(fdatasync(fd), 0);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static void what_is_asked_for_is_what_is_read(void **state)
{
    const char *directory = *state;
    int64_t keys[LOGINS / EVERY], before, asked, read;
    char path[FIXTURE_PATH_BYTES + 16];
    struct store *store;

    fill(directory);
    snprintf(path, sizeof(path), "%s/store.db", directory);
    for (unsigned i = 0; i < LOGINS / EVERY; i++) {
        struct login_record record = fixture_record("rare", "192.0.2.1", i * EVERY);

        keys[i] = login_key(&record.event.id);
    }
    forget_pages(path); /* before it is opened: closing gives its locks up */
    store = store_of(directory, STORE_READ);
    before = disk_bytes();
    store_read_ahead(store, keys, LOGINS / EVERY);
    asked = disk_bytes() - before;
    assert_int_equal(page_of_rare(store), LOGINS / EVERY);
    read = disk_bytes() - before - asked;
    if (before < 0 || asked == 0)
        print_message("the file is in memory, or what is read is not told: not measured\n");
    else
        assert_true(read < asked / 4);
    store_close(store);
}

static bool take_any(void *context, const struct stored_login *login, bool later)
{
    (void)login, (void)later;
    ++*(unsigned *)context;
    return true;
}

/* All of the queue, page by page; fewer rows than that, or an error, in a damaged store. */
static unsigned read_queue(struct store *store, bool sound)
{
    struct error error = ERROR_NONE;
    struct login_cursor cursor = {.set = false};
    struct login_page_filter filter;
    unsigned count = 0;
    bool more = true;

    login_page_filter_init(&filter);
    filter.order = ORDER_RISK;
    filter.triage = TRIAGE_WAITING;
    while (more) {
        bool done = store_login_page(store, &filter, LOGIN_PAGE_MOST, &cursor, &more, take_any,
                                     &count, &error);

        if (sound)
            assert_true(done);
        if (!done)
            return count;
    }
    return count;
}

static void damage_harms_nothing(void **state)
{
    const char *directory = *state;
    char path[FIXTURE_PATH_BYTES + 16];
    uint8_t page[4096];
    struct stat status;
    int fd;

    fill(directory);
    struct store *sound = store_of(directory, STORE_READ);
    assert_int_equal(read_queue(sound, true), (LOGINS + 2) / 3);
    store_close(sound);
    snprintf(path, sizeof(path), "%s/store.db", directory);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    srand(1);
    for (off_t at = sizeof(page); at < status.st_size; at += (off_t)sizeof(page)) {
        assert_int_equal(pread(fd, page, sizeof(page), at), sizeof(page));
        if (page[0] != 2 && page[0] != 5) /* inner pages alone are looked at */
            continue;
        for (size_t i = 1; i < sizeof(page); i++) {
            if (rand() % 8 == 0)
                page[i] = (uint8_t)rand();
        }
        assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
    }
    close(fd);
    struct store *damaged = store_of(directory, STORE_READ);
    int64_t keys[] = {1, INT64_MAX, 0, INT64_MIN, 77};
    store_read_ahead(damaged, keys, sizeof(keys) / sizeof(keys[0]));
    store_read_ahead_ranked(damaged, 0, INT64_MAX - 1);
    store_read_ahead_ranked(damaged, 7, 6);
    (void)read_queue(damaged, false);
    store_close(damaged);
}

/* Whether another process sees a reader of the database. */
static bool is_locked(const char *path)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};
        int fd = open(path, O_RDWR | O_CLOEXEC);

        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void one_that_closes_leaves_the_locks_of_others(void **state)
{
    const char *directory = *state;
    char path[FIXTURE_PATH_BYTES + 16];
    struct store *first, *second, *third;

    fill(directory);
    snprintf(path, sizeof(path), "%s/store.db", directory);
    first = store_of(directory, STORE_READ);
    second = store_of(directory, STORE_READ);
    assert_int_equal(page_of_rare(first), LOGINS / EVERY);
    assert_int_equal(page_of_rare(second), LOGINS / EVERY);
    assert_true(is_locked(path));
    store_close(first);
    assert_true(is_locked(path));
    third = store_of(directory, STORE_READ);
    assert_int_equal(page_of_rare(third), LOGINS / EVERY);
    store_close(third);
    assert_true(is_locked(path));
    store_close(second);
    assert_false(is_locked(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_asked_for_is_what_is_read, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damage_harms_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_that_closes_leaves_the_locks_of_others, fixture_setup,
                                        fixture_teardown),
    };

    store_configure_read_ahead();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
