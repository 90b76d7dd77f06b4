/* The journal's format: what is read back, and what becomes of everything that is not a frame. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

#define PRODUCER "login"

struct seen {
    unsigned count;
    size_t sizes[64];
    uint8_t first[64]; /* byte of each payload */
    unsigned stop_at;  /* 0: never */
    int64_t next;
};

static bool see(void *context, const void *payload, size_t size, int64_t next)
{
    struct seen *seen = context;

    assert_true(seen->count < 64);
    seen->sizes[seen->count] = size;
    seen->first[seen->count] = *(const uint8_t *)payload;
    seen->count++;
    seen->next = next;
    return seen->count != seen->stop_at;
}

struct bench {
    int directory;
    struct error error;
};

static struct bench bench_open(void **state)
{
    return (struct bench){.directory = fixture_directory_fd(*state), .error = ERROR_NONE};
}

static void append(struct bench *bench, char byte, size_t size)
{
    char payload[JOURNAL_MAX_PAYLOAD_BYTES];

    memset(payload, byte, size);
    if (!journal_append(bench->directory, PRODUCER, payload, size, &bench->error))
        fail_msg("%s", bench->error.text);
}

static void append_raw(struct bench *bench, const void *bytes, size_t size)
{
    int fd = openat(bench->directory, PRODUCER ".journal", O_WRONLY | O_APPEND);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static int64_t file_size(struct bench *bench)
{
    struct stat status;

    assert_int_equal(fstatat(bench->directory, PRODUCER ".journal", &status, 0), 0);
    return status.st_size;
}

static struct seen read_from(struct bench *bench, int64_t offset, int64_t limit, unsigned stop_at,
                             int64_t *end, struct journal_damage *damage)
{
    struct seen seen = {.stop_at = stop_at};
    uint8_t id[JOURNAL_ID_BYTES];
    int fd;

    assert_true(journal_open(bench->directory, PRODUCER, false, &fd, id, &bench->error));
    if (!journal_read(fd, offset, limit, see, &seen, end, damage, &bench->error))
        fail_msg("%s", bench->error.text);
    close(fd);
    return seen;
}

static void test_round_trip(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    struct seen seen;
    struct stat status;
    int64_t end;

    append(&bench, 'a', 1);
    append(&bench, 'b', 256);
    append(&bench, 'c', JOURNAL_MAX_PAYLOAD_BYTES);
    for (int i = 0; i < 20; i++) /* more than one window of the reader */
        append(&bench, 'd', 2000);
    seen = read_from(&bench, 0, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 23);
    assert_int_equal(seen.sizes[0], 1);
    assert_int_equal(seen.first[1], 'b');
    assert_int_equal(seen.sizes[2], JOURNAL_MAX_PAYLOAD_BYTES);
    assert_int_equal(end, file_size(&bench));
    assert_int_equal(damage.spots, 0);
    assert_int_equal(fstatat(bench.directory, PRODUCER ".journal", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    close(bench.directory);
}

static void test_stop_and_go_on(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    struct seen seen;
    int64_t end;

    append(&bench, 'a', 10);
    append(&bench, 'b', 20);
    append(&bench, 'c', 30);
    seen = read_from(&bench, 0, 0, 2, &end, &damage);
    assert_int_equal(seen.count, 2);
    assert_int_equal(end, seen.next);
    seen = read_from(&bench, end, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.first[0], 'c');
    seen = read_from(&bench, end, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 0);
    close(bench.directory);
}

static void test_torn_frame_is_left_until_more_comes(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    uint8_t frame[JOURNAL_FRAME_BYTES + 100];
    int64_t before, end, after_header = JOURNAL_HEADER_BYTES;
    struct seen seen;
    int fd;

    append(&bench, 'a', 100);
    before = file_size(&bench);
    fd = openat(bench.directory, PRODUCER ".journal", O_RDONLY);
    assert_int_equal(pread(fd, frame, sizeof(frame), after_header), (ssize_t)sizeof(frame));
    close(fd);
    append_raw(&bench, frame, 40); /* its writer was killed, or is at it */
    seen = read_from(&bench, 0, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 1);
    assert_int_equal(end, before);
    assert_int_equal(damage.spots, 0);
    /* The next frame is shorter than what is missing of the torn one, and still found. */
    append(&bench, 'b', 5);
    seen = read_from(&bench, end, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.first[0], 'b');
    assert_int_equal(end, file_size(&bench));
    assert_int_equal(damage.spots, 1);
    assert_int_equal(damage.bytes, 40);
    close(bench.directory);
}

static void test_frame_grows_to_the_end(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    uint8_t frame[JOURNAL_FRAME_BYTES + 100];
    int64_t end;
    int fd;

    append(&bench, 'a', 100);
    fd = openat(bench.directory, PRODUCER ".journal", O_RDONLY);
    assert_int_equal(pread(fd, frame, sizeof(frame), JOURNAL_HEADER_BYTES), (ssize_t)sizeof(frame));
    close(fd);
    (void)read_from(&bench, 0, 0, 0, &end, &damage);
    for (size_t i = 0; i < sizeof(frame); i++) {
        append_raw(&bench, frame + i, 1);
        assert_int_equal(read_from(&bench, end, 0, 0, &end, &damage).count, i + 1 == sizeof(frame));
    }
    assert_int_equal(damage.spots, 0);
    close(bench.directory);
}

static void test_every_flipped_bit_costs_one_frame(void **state)
{
    struct bench bench = bench_open(state);
    int64_t end, first = JOURNAL_HEADER_BYTES, second;
    int fd;

    append(&bench, 'a', 50);
    second = file_size(&bench);
    append(&bench, 'b', 60);
    fd = openat(bench.directory, PRODUCER ".journal", O_RDWR);
    for (int64_t at = first; at < second; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct journal_damage damage = {0};
            struct seen seen;
            uint8_t byte, flipped;

            assert_int_equal(pread(fd, &byte, 1, at), 1);
            flipped = (uint8_t)(byte ^ 1 << bit);
            assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
            seen = read_from(&bench, 0, 0, 0, &end, &damage);
            assert_int_equal(seen.count, 1);
            assert_int_equal(seen.first[0], 'b');
            assert_int_equal(damage.spots, 1);
            assert_int_equal(damage.bytes, (uint64_t)(second - first));
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
    }
    close(fd);
    close(bench.directory);
}

static void test_foreign_bytes_are_skipped(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    uint8_t zeros[70000] = {0};
    struct seen seen;
    int64_t end;

    append(&bench, 'a', 10);
    append_raw(&bench, zeros, sizeof(zeros));
    append_raw(&bench, "PAR1PAR1PAR", 11);
    append(&bench, 'b', 10);
    append_raw(&bench, "plain text at the end\n", 22);
    seen = read_from(&bench, 0, 0, 0, &end, &damage);
    assert_int_equal(seen.count, 2);
    assert_int_equal(damage.spots, 2);
    assert_int_equal(damage.bytes, sizeof(zeros) + 11 + 22);
    assert_int_equal(end, file_size(&bench));
    close(bench.directory);
}

static void test_damaged_header_keeps_the_frames(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    uint8_t id[2][JOURNAL_ID_BYTES];
    int64_t end;
    int fd;

    append(&bench, 'a', 10);
    append(&bench, 'b', 10);
    fd = openat(bench.directory, PRODUCER ".journal", O_WRONLY);
    assert_int_equal(pwrite(fd, "\0\0\0\0", 4, 0), 4);
    close(fd);
    assert_int_equal(read_from(&bench, 0, 0, 0, &end, &damage).count, 2);
    assert_int_equal(damage.spots, 1);
    for (int i = 0; i < 2; i++) {
        assert_true(journal_open(bench.directory, PRODUCER, false, &fd, id[i], &bench.error));
        close(fd);
    }
    assert_memory_equal(id[0], id[1], JOURNAL_ID_BYTES);
    close(bench.directory);
}

static void test_limit_reads_the_end(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_damage damage = {0};
    struct seen seen;
    int64_t end;

    for (int i = 0; i < 10; i++)
        append(&bench, (char)('a' + i), 100);
    seen = read_from(&bench, 0, 300, 0, &end, &damage);
    assert_int_equal(seen.count, 2); /* frames of 116 bytes */
    assert_int_equal(seen.first[0], 'i');
    assert_int_equal(damage.spots, 0);
    close(bench.directory);
}

static void test_bad_sizes_and_names(void **state)
{
    struct bench bench = bench_open(state);
    uint8_t payload[JOURNAL_MAX_PAYLOAD_BYTES + 1] = {0};

    assert_false(journal_append(bench.directory, PRODUCER, payload, 0, &bench.error));
    bench.error = ERROR_NONE;
    assert_false(journal_append(bench.directory, PRODUCER, payload, sizeof(payload), &bench.error));
    assert_int_equal(bench.error.fault, FAULT_STORE);
    bench.error = ERROR_NONE;
    assert_false(journal_append(bench.directory, "../login", payload, 1, &bench.error));
    close(bench.directory);
}

static void test_not_a_regular_file(void **state)
{
    struct bench bench = bench_open(state);
    uint8_t id[JOURNAL_ID_BYTES];
    int fd;

    assert_int_equal(symlinkat("/dev/null", bench.directory, PRODUCER ".journal"), 0);
    assert_false(journal_append(bench.directory, PRODUCER, "x", 1, &bench.error));
    assert_int_equal(unlinkat(bench.directory, PRODUCER ".journal", 0), 0);
    assert_int_equal(mkfifoat(bench.directory, PRODUCER ".journal", 0600), 0);
    bench.error = ERROR_NONE;
    assert_false(journal_append(bench.directory, PRODUCER, "x", 1, &bench.error));
    bench.error = ERROR_NONE;
    assert_false(journal_open(bench.directory, PRODUCER, false, &fd, id, &bench.error));
    assert_int_equal(fd, -1);
    close(bench.directory);
}

static void test_full_journal_refuses(void **state)
{
    struct bench bench = bench_open(state);

    append(&bench, 'a', 10);
    assert_int_equal(openat(bench.directory, PRODUCER ".journal", O_WRONLY) >= 0, 1);
    {
        int fd = openat(bench.directory, PRODUCER ".journal", O_WRONLY);

        assert_int_equal(ftruncate(fd, JOURNAL_MAX_FILE_BYTES - 10), 0);
        close(fd);
    }
    assert_false(journal_append(bench.directory, PRODUCER, "x", 1, &bench.error));
    assert_non_null(strstr(bench.error.text, "anomalyd"));
    close(bench.directory);
}

static void test_rotation(void **state)
{
    struct bench bench = bench_open(state);
    struct journal_positions none = {0}, positions = {0};
    uint8_t id[JOURNAL_ID_BYTES];
    struct seen seen = {0};
    int64_t end;
    int fd;

    append(&bench, 'a', 10);
    (void)read_from(&bench, 0, 0, 0, &end, NULL);
    assert_true(journal_open(bench.directory, PRODUCER, false, &fd, id, &bench.error));
    close(fd);
    memcpy(positions.current.id, id, sizeof(id));
    positions.current.offset = end;
    append(&bench, 'b', 10);
    assert_true(journal_rotate(bench.directory, PRODUCER, &bench.error));
    append(&bench, 'c', 10);
    assert_false(journal_rotate(bench.directory, PRODUCER, &bench.error)); /* .old is there */
    bench.error = ERROR_NONE;
    assert_true(journal_read_tail(bench.directory, PRODUCER, &none, 0, see, &seen, &bench.error));
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.first[0], 'a');
    assert_int_equal(seen.first[2], 'c');
    /* The position was of the current file, which is the old one by now. */
    seen.count = 0;
    assert_true(
        journal_read_tail(bench.directory, PRODUCER, &positions, 0, see, &seen, &bench.error));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.first[0], 'b');
    assert_true(journal_remove_old(bench.directory, PRODUCER, &bench.error));
    assert_false(journal_open(bench.directory, PRODUCER, true, &fd, id, &bench.error));
    assert_int_equal(errno, ENOENT);
    close(bench.directory);
}

static void test_slow_producer_keeps_the_old_file_busy(void **state)
{
    struct bench bench = bench_open(state);
    uint8_t id[JOURNAL_ID_BYTES];
    int producer, fd;

    append(&bench, 'a', 10);
    producer = openat(bench.directory, PRODUCER ".journal", O_WRONLY | O_APPEND);
    assert_int_equal(flock(producer, LOCK_SH), 0);
    assert_true(journal_rotate(bench.directory, PRODUCER, &bench.error));
    assert_true(journal_open(bench.directory, PRODUCER, true, &fd, id, &bench.error));
    assert_false(journal_old_is_quiet(fd));
    close(producer);
    assert_true(journal_old_is_quiet(fd));
    close(fd);
    close(bench.directory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_stop_and_go_on),
        TEST(test_torn_frame_is_left_until_more_comes),
        TEST(test_frame_grows_to_the_end),
        TEST(test_every_flipped_bit_costs_one_frame),
        TEST(test_foreign_bytes_are_skipped),
        TEST(test_damaged_header_keeps_the_frames),
        TEST(test_limit_reads_the_end),
        TEST(test_bad_sizes_and_names),
        TEST(test_not_a_regular_file),
        TEST(test_full_journal_refuses),
        TEST(test_rotation),
        TEST(test_slow_producer_keeps_the_old_file_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
