/* Reading journals: whole files, and the tail that a login reads. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "store/journal_file.h"

#define WINDOW_BYTES                                                                               \
    16384 /* small: a login reads through it on its stack; four frames at least                    \
           */

struct reading {
    int fd;
    int64_t until;  /* what is appended meanwhile is for the next reader: it might never end */
    int64_t offset; /* of bytes[0] in the file */
    size_t at, have;
    int64_t skipped_from; /* where damage began; -1: none */
    uint8_t bytes[WINDOW_BYTES];
};

/* *grew is false at the file's end. */
static bool reading_fill(struct reading *reading, bool *grew, struct error *error)
{
    size_t room;
    int64_t left;
    ssize_t got;

    memmove(reading->bytes, reading->bytes + reading->at, reading->have - reading->at);
    reading->offset += (int64_t)reading->at;
    reading->have -= reading->at;
    reading->at = 0;
    room = WINDOW_BYTES - reading->have;
    left = reading->until - reading->offset - (int64_t)reading->have;
    if (left < (int64_t)room)
        room = left > 0 ? (size_t)left : 0;
    do
        got = pread(reading->fd, reading->bytes + reading->have, room,
                    reading->offset + (int64_t)reading->have);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot read the journal");
    reading->have += (size_t)got;
    *grew = got > 0;
    return true;
}

static int64_t reading_position(const struct reading *reading)
{
    return reading->offset + (int64_t)reading->at;
}

static void reading_skip(struct reading *reading, size_t bytes)
{
    if (reading->skipped_from < 0)
        reading->skipped_from = reading_position(reading);
    reading->at += bytes;
}

static void reading_count_damage(struct reading *reading, struct journal_damage *damage)
{
    if (reading->skipped_from < 0)
        return;
    damage->bytes += (uint64_t)(reading_position(reading) - reading->skipped_from);
    damage->spots++;
    reading->skipped_from = -1;
}

/* Bytes up to the next that could begin a frame, not looking at the first. */
static size_t bytes_to_skip(const uint8_t *bytes, size_t have)
{
    const uint8_t *next = memchr(bytes + 1, FRAME_MAGIC[0], have - 1);

    return next ? (size_t)(next - bytes) : have;
}

/*
 * At the file's end stands something that may be a frame still being written, or one that its
 * writer never finished. A sound frame behind it says which: bytes up to that one, or 0.
 */
static size_t unfinished_bytes(const uint8_t *bytes, size_t have)
{
    size_t at = 0, total;

    while (have - at > JOURNAL_FRAME_BYTES) {
        at += bytes_to_skip(bytes + at, have - at);
        if (at < have && journal_frame_look(bytes + at, have - at, &total) == FRAME_SOUND)
            return at;
    }
    return 0;
}

/* Where the frames begin: a file whose header is damaged is read from its first byte. */
static bool first_offset(int fd, int64_t *offset, struct error *error)
{
    char magic[MAGIC_BYTES];
    ssize_t got = pread(fd, magic, sizeof(magic), 0);

    if (got < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot read the journal");
    if (got == (ssize_t)sizeof(magic) && memcmp(magic, HEADER_MAGIC, sizeof(magic)) == 0 &&
        *offset < JOURNAL_HEADER_BYTES)
        *offset = JOURNAL_HEADER_BYTES;
    return true;
}

static bool reading_run(struct reading *reading, journal_visitor *visit, void *context,
                        int64_t *end, struct journal_damage *damage, struct error *error)
{
    bool wanted = true, grew = true;

    while (wanted) {
        uint8_t *bytes = reading->bytes + reading->at;
        size_t have = reading->have - reading->at, total = 0;
        enum frame_state state = have == 0 ? FRAME_SHORT : journal_frame_look(bytes, have, &total);

        if (state == FRAME_SOUND) {
            reading_count_damage(reading, damage);
            reading->at += total;
            *end = reading_position(reading);
            wanted = visit(context, bytes + JOURNAL_FRAME_BYTES, total - JOURNAL_FRAME_BYTES, *end);
        } else if (state == FRAME_FOREIGN) {
            reading_skip(reading, bytes_to_skip(bytes, have));
        } else if (grew) {
            if (!reading_fill(reading, &grew, error))
                return false;
        } else if ((total = unfinished_bytes(bytes, have)) > 0) {
            reading_skip(reading, total);
        } else {
            reading_count_damage(reading, damage);
            *end = reading_position(reading);
            break;
        }
    }
    return true;
}

bool journal_read(int fd, int64_t offset, int64_t limit_bytes, journal_visitor *visit,
                  void *context, int64_t *end, struct journal_damage *damage, struct error *error)
{
    struct journal_damage ignored = {0};
    struct reading reading;
    struct stat status;

    reading.fd = fd;
    reading.at = reading.have = 0;
    reading.skipped_from = -1;
    if (fstat(fd, &status) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot examine the journal");
    if (offset < JOURNAL_HEADER_BYTES && !first_offset(fd, &offset, error))
        return false;
    if (limit_bytes > 0 && status.st_size - offset > limit_bytes) {
        offset = status.st_size - limit_bytes; /* in the middle of a frame: no damage */
        damage = &ignored;
    }
    reading.offset = offset;
    reading.until =
        status.st_size < JOURNAL_MAX_FILE_BYTES ? status.st_size : JOURNAL_MAX_FILE_BYTES;
    *end = offset;
    return reading_run(&reading, visit, context, end, damage ? damage : &ignored, error);
}

bool journal_open(int directory_fd, const char *producer, bool old, int *fd,
                  uint8_t id[JOURNAL_ID_BYTES], struct error *error)
{
    uint8_t header[JOURNAL_HEADER_BYTES];
    char name[NAME_BYTES];
    struct stat status;

    *fd = -1;
    if (!journal_file_name(name, producer, old ? ".old" : "", error))
        return false;
    *fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0) {
        int reason = errno;

        error_set_errno(error, FAULT_STORE, reason, "cannot open the journal %s", name);
        errno = reason;
        return false;
    }
    if (fstat(*fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(*fd);
        *fd = -1;
        errno = EINVAL;
        return error_set(error, FAULT_STORE, "the journal %s is not a regular file", name);
    }
    if (pread(*fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
        memcmp(header, HEADER_MAGIC, MAGIC_BYTES) == 0) {
        memcpy(id, header + MAGIC_BYTES, JOURNAL_ID_BYTES);
    } else { /* a damaged header: the file goes by its inode, its frames are still worth having */
        struct byte_writer writer = {.at = id, .end = id + JOURNAL_ID_BYTES};

        put_u64(&writer, (uint64_t)status.st_ino);
        put_u64(&writer, (uint64_t)status.st_dev);
    }
    return true;
}

static int64_t known_offset(const struct journal_positions *positions,
                            const uint8_t id[JOURNAL_ID_BYTES])
{
    if (memcmp(positions->current.id, id, JOURNAL_ID_BYTES) == 0)
        return positions->current.offset;
    if (memcmp(positions->old.id, id, JOURNAL_ID_BYTES) == 0)
        return positions->old.offset;
    return 0;
}

struct tail {
    journal_visitor *visit;
    void *context;
    bool stopped;
};

static bool tail_visit(void *context, const void *payload, size_t size, int64_t next)
{
    struct tail *tail = context;

    tail->stopped = !tail->visit(tail->context, payload, size, next);
    return !tail->stopped;
}

/*
 * The current file is opened first: a rotation in between then shows it a second time as the old
 * one, which can be told, instead of hiding it.
 */
bool journal_read_tail(int directory_fd, const char *producer,
                       const struct journal_positions *positions, int64_t limit_bytes,
                       journal_visitor *visit, void *context, struct error *error)
{
    struct tail tail = {.visit = visit, .context = context};
    uint8_t id[2][JOURNAL_ID_BYTES];
    int fd[2] = {-1, -1}; /* old, current */
    bool done = true;

    for (int which = 1; which >= 0 && done; which--) {
        struct error opening = ERROR_NONE;

        if (journal_open(directory_fd, producer, which == 0, &fd[which], id[which], &opening))
            continue;
        if (errno != ENOENT)
            done = error_set(error, FAULT_STORE, "%s", opening.text);
    }
    if (fd[0] >= 0 && fd[1] >= 0 && memcmp(id[0], id[1], JOURNAL_ID_BYTES) == 0) {
        close(fd[0]);
        fd[0] = -1;
    }
    for (int which = 0; which < 2; which++) {
        int64_t end;

        if (fd[which] < 0)
            continue;
        if (done && !tail.stopped)
            done = journal_read(fd[which], known_offset(positions, id[which]), limit_bytes,
                                tail_visit, &tail, &end, NULL, error);
        close(fd[which]);
    }
    return done;
}
