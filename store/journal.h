/*
 * The journal: what logins append and anomalyd folds into the store.
 *
 * One producer ("login", "ctl", "dashboard") has one current file DIR/PRODUCER.journal and at times
 * one retired file DIR/PRODUCER.journal.old that is still being drained. A file is a header and
 * frames:
 *
 *     header   "PAJOURN1", 16 random bytes: the file's identity
 *     frame    magic "PAR1", u16 version, u16 payload bytes, u64 checksum of version, length and
 *              payload, payload
 *
 * A frame is appended by one write() to a descriptor opened with O_APPEND, so frames of concurrent
 * producers never mix. A reader that meets anything else skips to the next sound frame and counts
 * it.
 *
 * Rotation loses nothing: a producer takes a shared flock, checks that the path still names the
 * file it opened, appends, closes. The drain renames the current file to .old and creates a new
 * one; once it gets the exclusive flock on the old file no producer can append to it any more, so
 * it drains to the end, commits, checkpoints the store to disk, and only then unlinks.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

#define JOURNAL_ID_BYTES          16
#define JOURNAL_HEADER_BYTES      24
#define JOURNAL_FRAME_BYTES       16 /* before the payload */
#define JOURNAL_MAX_PAYLOAD_BYTES 4096
#define JOURNAL_MAX_FILE_BYTES                                                                     \
    (INT64_C(1) << 30) /* appends are refused above it: the daemon is gone */

struct journal_position {
    uint8_t id[JOURNAL_ID_BYTES]; /* of the file */
    int64_t offset;               /* of the first byte not folded in; 0: nothing yet */
};

/* Where a producer's two files stand. An id of zeros: no such file was seen yet. */
struct journal_positions {
    struct journal_position current, old;
};

/*
 * Appends one payload, creating the file (mode 0640) when it is missing. Never blocks on a lock.
 * directory_fd: the store's directory, opened and trusted by the caller; the path is not used
 * again.
 */
bool journal_append(int directory_fd, const char *producer, const void *payload, size_t size,
                    struct error *error) MUST_USE;

/* What a reader met besides sound frames. */
struct journal_damage {
    uint64_t bytes; /* skipped */
    uint64_t spots; /* places where it had to skip */
};

/*
 * One payload after the other. Return false to stop (not an error). next: the position behind this
 * frame.
 */
typedef bool journal_visitor(void *context, const void *payload, size_t size, int64_t next);

/*
 * Reads the sound frames of the file behind fd, as long as it is when this is called and no
 * further than JOURNAL_MAX_FILE_BYTES, from offset on (an offset below the header's end
 * means the header's end). limit_bytes > 0: at most the last that many bytes of the file. *end:
 * where reading ended: behind the last sound frame or behind damage that is followed by a sound
 * frame; bytes at the file's very end that may still become a frame are left for later.
 */
bool journal_read(int fd, int64_t offset, int64_t limit_bytes, journal_visitor *visit,
                  void *context, int64_t *end, struct journal_damage *damage,
                  struct error *error) MUST_USE;

/* Opens DIR/PRODUCER.journal or .old for reading and reads its identity. ENOENT is left in errno.
 */
bool journal_open(int directory_fd, const char *producer, bool old, int *fd,
                  uint8_t id[JOURNAL_ID_BYTES], struct error *error) MUST_USE;

/* What is behind the positions in both files, old first: the tail that a login reads. */
bool journal_read_tail(int directory_fd, const char *producer,
                       const struct journal_positions *positions, int64_t limit_bytes,
                       journal_visitor *visit, void *context, struct error *error) MUST_USE;

/* Retires the current file: renames it to .old, which must not exist. */
bool journal_retire(int directory_fd, const char *producer, struct error *error) MUST_USE;

/* The same, and creates a new one. */
bool journal_rotate(int directory_fd, const char *producer, struct error *error) MUST_USE;

/* True when no producer can append to the old file any more (the exclusive lock was had). */
bool journal_old_is_quiet(int fd);

bool journal_remove_old(int directory_fd, const char *producer, struct error *error) MUST_USE;

/*
 * Removes the temporary files, last changed before that time (UTC seconds), of those who were
 * killed while they created a journal. *removed: how many.
 */
bool journal_remove_leftovers(int directory_fd, int64_t before_s, int64_t *removed,
                              struct error *error) MUST_USE;

#endif
