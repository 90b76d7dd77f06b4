#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/hash.h"

#define HEADER_MAGIC    "PAJOURN1"
#define MAGIC_BYTES     8
#define FRAME_MAGIC     "PAR1"
#define FRAME_VERSION   1
#define APPEND_TRIES    4
#define NAME_BYTES      64
#define MAX_FRAME_BYTES (JOURNAL_FRAME_BYTES + JOURNAL_MAX_PAYLOAD_BYTES)

static bool file_name(char name[NAME_BYTES], const char *producer, const char *suffix,
                      struct error *error)
{
    int length = snprintf(name, NAME_BYTES, "%s.journal%s", producer, suffix);

    if (length < 0 || length >= NAME_BYTES || strchr(producer, '/') || producer[0] == '\0')
        return error_set(error, FAULT_STORE, "\"%s\" cannot be the name of a journal", producer);
    return true;
}

/* Of version, length and payload. bytes: a frame, whose magic and checksum are left out. */
static uint64_t frame_checksum(const uint8_t *bytes, size_t payload_size)
{
    uint8_t summed[4 + JOURNAL_MAX_PAYLOAD_BYTES];

    memcpy(summed, bytes + 4, 4);
    memcpy(summed + 4, bytes + JOURNAL_FRAME_BYTES, payload_size);
    return hash_bytes(summed, 4 + payload_size);
}

static size_t frame_write(uint8_t frame[MAX_FRAME_BYTES], const void *payload, size_t size)
{
    struct byte_writer head = {.at = frame, .end = frame + 8};
    struct byte_writer sum = {.at = frame + 8, .end = frame + JOURNAL_FRAME_BYTES};

    put_bytes(&head, FRAME_MAGIC, 4);
    put_u16(&head, FRAME_VERSION);
    put_u16(&head, (uint16_t)size);
    memcpy(frame + JOURNAL_FRAME_BYTES, payload, size);
    put_u64(&sum, frame_checksum(frame, size));
    return JOURNAL_FRAME_BYTES + size;
}

enum frame_state { FRAME_SOUND, FRAME_FOREIGN, FRAME_SHORT /* may become one with more bytes */ };

/*
 * What stands at bytes. A version below 256 puts a NUL into each frame's head, so that no text that
 * a client chose, a user name say, can hold a frame.
 */
static enum frame_state frame_look(const uint8_t *bytes, size_t have, size_t *total)
{
    struct byte_reader head = {.failed = false};
    uint16_t version, size;
    uint64_t checksum;

    if (memcmp(bytes, FRAME_MAGIC, have < 4 ? have : 4) != 0)
        return FRAME_FOREIGN;
    if (have < JOURNAL_FRAME_BYTES)
        return FRAME_SHORT;
    head.at = bytes + 4;
    head.end = bytes + JOURNAL_FRAME_BYTES;
    version = get_u16(&head);
    size = get_u16(&head);
    checksum = get_u64(&head);
    if (version != FRAME_VERSION || size == 0 || size > JOURNAL_MAX_PAYLOAD_BYTES)
        return FRAME_FOREIGN;
    *total = (size_t)JOURNAL_FRAME_BYTES + size;
    if (have < *total)
        return FRAME_SHORT;
    return frame_checksum(bytes, size) == checksum ? FRAME_SOUND : FRAME_FOREIGN;
}

/* What root creates belongs to the directory's owner, as whom logins append. */
static bool give_to_owner(int directory_fd, int fd)
{
    struct stat directory;

    if (geteuid() != 0)
        return true;
    return fstat(directory_fd, &directory) == 0 &&
           fchown(fd, directory.st_uid, directory.st_gid) == 0;
}

/* ---- appending ------------------------------------------------------------------------------ */

/*
 * Writes a header into a file of its own and gives it the journal's name by link(), which fails
 * when somebody else was first: no producer ever sees a file without its header.
 */
static bool file_create(int directory_fd, const char *name, bool on_disk, struct error *error)
{
    char temporary[NAME_BYTES + 24];
    uint8_t header[JOURNAL_HEADER_BYTES];
    uint64_t random;
    bool done = false;
    int fd;

    memcpy(header, HEADER_MAGIC, MAGIC_BYTES);
    if (getrandom(header + MAGIC_BYTES, JOURNAL_ID_BYTES, 0) != JOURNAL_ID_BYTES ||
        getrandom(&random, sizeof(random), 0) != sizeof(random))
        return error_set_errno(error, FAULT_STORE, errno, "no random bytes for %s", name);
    snprintf(temporary, sizeof(temporary), ".%s.%016llx", name, (unsigned long long)random);
    fd =
        openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot create the journal %s", name);
    if (write(fd, header, sizeof(header)) != (ssize_t)sizeof(header) || fchmod(fd, 0640) != 0 ||
        !give_to_owner(directory_fd, fd) || (on_disk && fsync(fd) != 0))
        error_set_errno(error, FAULT_STORE, errno, "cannot write the head of the journal %s", name);
    else if (linkat(directory_fd, temporary, directory_fd, name, 0) != 0 && errno != EEXIST)
        error_set_errno(error, FAULT_STORE, errno, "cannot create the journal %s", name);
    else
        done = true;
    unlinkat(directory_fd, temporary, 0);
    close(fd);
    return done;
}

enum append_step { APPEND_READY, APPEND_AGAIN, APPEND_FAILED };

/* A descriptor with a shared lock on the file that the name stands for now. */
static enum append_step append_open(int directory_fd, const char *name, int *fd, int64_t *size,
                                    struct error *error)
{
    struct stat opened, named;

    *fd = openat(directory_fd, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0 && errno == ENOENT)
        return file_create(directory_fd, name, false, error) ? APPEND_AGAIN : APPEND_FAILED;
    if (*fd < 0) {
        error_set_errno(error, FAULT_STORE, errno, "cannot open the journal %s", name);
        return APPEND_FAILED;
    }
    if (flock(*fd, LOCK_SH | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return APPEND_AGAIN; /* only a drain that retires this file holds it exclusively */
        error_set_errno(error, FAULT_STORE, errno, "cannot lock the journal %s", name);
        return APPEND_FAILED;
    }
    if (fstat(*fd, &opened) != 0 || !S_ISREG(opened.st_mode)) {
        error_set(error, FAULT_STORE, "the journal %s is not a regular file", name);
        return APPEND_FAILED;
    }
    if (fstatat(directory_fd, name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
        named.st_ino != opened.st_ino || named.st_dev != opened.st_dev)
        return APPEND_AGAIN;
    *size = opened.st_size;
    return APPEND_READY;
}

static bool append_frame(int fd, const char *name, int64_t file_size, const uint8_t *frame,
                         size_t size, struct error *error)
{
    ssize_t written;

    if (file_size + (int64_t)size > JOURNAL_MAX_FILE_BYTES)
        return error_set(error, FAULT_STORE,
                         "the journal %s is full at %lld bytes: is anomalyd running?", name,
                         (long long)file_size);
    do
        written = write(fd, frame, size);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot append to the journal %s", name);
    /* What was written of a frame stays: others may have appended behind it. Readers skip it. */
    if ((size_t)written != size)
        return error_set_errno(error, FAULT_STORE, ENOSPC,
                               "only %zd of %zu bytes went into the journal %s", written, size,
                               name);
    return true;
}

bool journal_append(int directory_fd, const char *producer, const void *payload, size_t size,
                    struct error *error)
{
    uint8_t frame[MAX_FRAME_BYTES];
    char name[NAME_BYTES];
    enum append_step step = APPEND_AGAIN;
    bool done = false;

    if (!file_name(name, producer, "", error))
        return false;
    if (size == 0 || size > JOURNAL_MAX_PAYLOAD_BYTES)
        return error_set(error, FAULT_STORE, "a journal record of %zu bytes: 1 to %d are allowed",
                         size, JOURNAL_MAX_PAYLOAD_BYTES);
    size = frame_write(frame, payload, size);
    for (int tries = 0; tries < APPEND_TRIES && step == APPEND_AGAIN; tries++) {
        int64_t file_size = 0;
        int fd;

        step = append_open(directory_fd, name, &fd, &file_size, error);
        if (step == APPEND_READY)
            done = append_frame(fd, name, file_size, frame, size, error);
        if (fd >= 0)
            close(fd);
    }
    if (step == APPEND_AGAIN)
        return error_set(error, FAULT_STORE, "the journal %s was replaced %d times in a row", name,
                         APPEND_TRIES);
    return done;
}

/* ---- reading -------------------------------------------------------------------------------- */

#define WINDOW_BYTES                                                                               \
    16384 /* small: a login reads through it on its stack; four frames at least                    \
           */

struct reading {
    int fd;
    int64_t offset; /* of bytes[0] in the file */
    size_t at, have;
    int64_t skipped_from; /* where damage began; -1: none */
    uint8_t bytes[WINDOW_BYTES];
};

/* *grew is false at the file's end. */
static bool reading_fill(struct reading *reading, bool *grew, struct error *error)
{
    ssize_t got;

    memmove(reading->bytes, reading->bytes + reading->at, reading->have - reading->at);
    reading->offset += (int64_t)reading->at;
    reading->have -= reading->at;
    reading->at = 0;
    do
        got = pread(reading->fd, reading->bytes + reading->have, WINDOW_BYTES - reading->have,
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
        if (at < have && frame_look(bytes + at, have - at, &total) == FRAME_SOUND)
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
        enum frame_state state = have == 0 ? FRAME_SHORT : frame_look(bytes, have, &total);

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
    if (!file_name(name, producer, old ? ".old" : "", error))
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

/* ---- retiring ------------------------------------------------------------------------------- */

bool journal_rotate(int directory_fd, const char *producer, struct error *error)
{
    char current[NAME_BYTES], old[NAME_BYTES];

    if (!file_name(current, producer, "", error) || !file_name(old, producer, ".old", error))
        return false;
    /* Only the holder of the drain lock makes an old file, so nobody makes one in between. */
    if (faccessat(directory_fd, old, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, FAULT_STORE, "the journal %s is not drained yet", old);
    if (renameat(directory_fd, current, directory_fd, old) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot retire the journal %s", current);
    if (!file_create(directory_fd, current, true, error))
        return false;
    if (fsync(directory_fd) != 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot sync the store's directory");
    return true;
}

/*
 * The lock is given back at once: a producer that gets it later finds that the path names another
 * file and lets go.
 */
bool journal_old_is_quiet(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    flock(fd, LOCK_UN);
    return true;
}

bool journal_remove_old(int directory_fd, const char *producer, struct error *error)
{
    char old[NAME_BYTES];

    if (!file_name(old, producer, ".old", error))
        return false;
    if (unlinkat(directory_fd, old, 0) != 0 && errno != ENOENT)
        return error_set_errno(error, FAULT_STORE, errno, "cannot remove the journal %s", old);
    return true;
}
