/* Files, frames, and appending them. */
#include "store/journal_file.h"

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

#define FRAME_VERSION   1
#define APPEND_TRIES    4
#define MAX_FRAME_BYTES (JOURNAL_FRAME_BYTES + JOURNAL_MAX_PAYLOAD_BYTES)

bool journal_file_name(char name[NAME_BYTES], const char *producer, const char *suffix,
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

/*
 * A version below 256 puts a NUL into each frame's head, so that no text that a client chose, a
 * user name say, can hold a frame.
 */
enum frame_state journal_frame_look(const uint8_t *bytes, size_t have, size_t *total)
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

bool journal_file_create(int directory_fd, const char *name, bool on_disk, struct error *error)
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
    snprintf(temporary, sizeof(temporary), JOURNAL_TEMPORARY_FORMAT, name,
             (unsigned long long)random);
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

/* ---- appending ------------------------------------------------------------------------------ */

enum append_step { APPEND_READY, APPEND_AGAIN, APPEND_FAILED };

/* A descriptor with a shared lock on the file that the name stands for now. */
static enum append_step append_open(int directory_fd, const char *name, int *fd, int64_t *size,
                                    struct error *error)
{
    struct stat opened, named;

    *fd = openat(directory_fd, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0 && errno == ENOENT)
        return journal_file_create(directory_fd, name, false, error) ? APPEND_AGAIN : APPEND_FAILED;
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

    if (!journal_file_name(name, producer, "", error))
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
