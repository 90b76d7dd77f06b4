#include "store/journal_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/word.h"

/* The writer's lock, as store_open(STORE_WRITE) takes it. */
#define LOCK_FILE "drain.lock"

static const struct producer {
    const char *name, *directory; /* in the store's; NULL: that itself */
} PRODUCERS[] = {{"login", NULL}, {LABEL_PRODUCER, NULL}, {WORD_PRODUCER, WORD_DIRECTORY}};

#define PRODUCER_COUNT (sizeof PRODUCERS / sizeof *PRODUCERS)
static_assert(JOURNAL_STATE_FILES == 2 * PRODUCER_COUNT, "current and retired");

/* Held for an instant only, and shared: two that look at once do not take each other for a writer.
 */
static bool writer_is_running(int directory_fd)
{
    int fd = openat(directory_fd, LOCK_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

static bool count_record(void *context, const void *payload, size_t size, int64_t next)
{
    struct journal_file_state *file = context;
    struct login_record record;
    struct word word;
    int64_t time_us = INT64_MAX;
    (void)next;
    file->pending_records++;
    if (login_record_decode(&record, payload, size, NULL))
        time_us = record.event.time_us;
    else if (word_decode(&word, payload, size, NULL))
        time_us = word.time_us;
    if (time_us < INT64_MAX && (file->oldest_pending_us == 0 || time_us < file->oldest_pending_us))
        file->oldest_pending_us = time_us;
    return true;
}

/* What is odd in another user's directory is as if it were not there; anomalyd says what it is. */
static bool read_file(int directory_fd, const struct producer *producer, bool old,
                      const struct journal_positions *positions, struct journal_file_state *file,
                      bool *found, struct error *error)
{
    uint8_t id[JOURNAL_ID_BYTES];
    struct error trouble = ERROR_NONE;
    struct stat status;
    int fd;
    *found = false;
    *file = (struct journal_file_state){0};
    snprintf(file->name, sizeof file->name, "%s%s%s.journal%s",
             producer->directory != NULL ? producer->directory : "",
             producer->directory != NULL ? "/" : "", producer->name, old ? ".old" : "");
    errno = 0;
    if (!journal_open(directory_fd, producer->name, old, &fd, id, &trouble))
        return errno == ENOENT || producer->directory != NULL ||
               error_set(error, trouble.fault, "%s", trouble.text);
    /* A file may have been retired since its position was saved. */
    int64_t offset = 0, end;
    if (memcmp(id, positions->current.id, sizeof id) == 0)
        offset = positions->current.offset;
    else if (memcmp(id, positions->old.id, sizeof id) == 0)
        offset = positions->old.offset;
    bool done = journal_read(fd, offset, 0, count_record, file, &end, &file->damage, error);
    if (done && fstat(fd, &status) != 0)
        done = error_set_errno(error, FAULT_STORE, errno, "cannot examine %s", file->name);
    close(fd);
    if (!done)
        return false;
    file->bytes = status.st_size;
    int64_t folded = offset < JOURNAL_HEADER_BYTES ? JOURNAL_HEADER_BYTES : offset;
    file->pending_bytes = file->bytes > folded ? file->bytes - folded : 0;
    *found = true;
    return true;
}

static bool read_producer(struct store *store, int directory_fd, const struct producer *producer,
                          struct journal_state *state, struct error *error)
{
    struct journal_positions positions = {0};
    if (store != NULL && !store_positions_load(store, producer->name, &positions, error))
        return false;
    for (int old = 1; old >= 0; old--) {
        struct journal_file_state *file = &state->file[state->files];
        bool found;
        if (!read_file(directory_fd, producer, old == 1, &positions, file, &found, error))
            return false;
        if (!found)
            continue;
        state->files++;
        state->pending_records += file->pending_records;
        if (file->oldest_pending_us != 0 &&
            (state->oldest_pending_us == 0 || file->oldest_pending_us < state->oldest_pending_us))
            state->oldest_pending_us = file->oldest_pending_us;
    }
    return true;
}

bool journal_state_read(struct store *store, int directory_fd, struct journal_state *state,
                        struct error *error)
{
    bool done = true;
    *state = (struct journal_state){.writer_running = writer_is_running(directory_fd)};
    for (size_t i = 0; done && i < PRODUCER_COUNT; i++) {
        const char *below = PRODUCERS[i].directory;
        int fd = openat(directory_fd, below != NULL ? below : ".",
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && below == NULL)
            return error_set_errno(error, FAULT_STORE, errno, "cannot open the store's directory");
        if (fd < 0)
            continue;
        done = read_producer(store, fd, &PRODUCERS[i], state, error);
        close(fd);
    }
    return done;
}
