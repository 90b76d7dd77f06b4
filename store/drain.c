#include "store/drain.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/login_label.h"
#include "store/store_tables.h"

/* One producer's journal during one drain. */
struct drain {
    struct store *store;
    const struct producer *producer;
    const struct drain_limits *limits;
    struct drain_result *result;
    struct error *error;
    struct journal_positions positions;
    bool failed;
    bool remove_old;     /* read to its end, and nobody can append to it */
    bool rotate_current; /* above its size, and no old file is in the way */
};

static bool is_storable(const struct login_record *record)
{
    return !login_id_is_none(&record->event.id) && record->event.user[0] != '\0';
}

/* One record that can never be stored must not keep all the others waiting. */
static bool is_hopeless(struct store *store, const struct login_id *id)
{
    return login_row_is_crowded(store, id) || login_row_is_unreadable(store, id);
}

static void fold(struct drain *drain, const struct login_record *record)
{
    struct error failure = ERROR_NONE;

    if (store_fold(drain->store, record, &failure))
        drain->result->records++;
    else if (is_hopeless(drain->store, &record->event.id))
        drain->result->refused++;
    else
        drain->failed = !error_set(drain->error, failure.fault, "%s", failure.text);
}

static void fold_login(struct drain *drain, const void *payload, size_t size)
{
    struct login_record record;

    if (!login_record_decode(&record, payload, size, NULL) || !is_storable(&record))
        drain->result->refused++;
    else
        fold(drain, &record);
}

/* Of a login that is not there any more nothing can be labelled. */
static void fold_label(struct drain *drain, const void *payload, size_t size)
{
    struct error failure = ERROR_NONE;
    struct login_label label;
    bool found;

    if (!login_label_decode(&label, payload, size, NULL))
        drain->result->refused++;
    else if (store_fold_label(drain->store, &label, &found, &failure))
        *(found ? &drain->result->records : &drain->result->refused) += 1;
    else if (is_hopeless(drain->store, &label.id))
        drain->result->refused++;
    else
        drain->failed = !error_set(drain->error, failure.fault, "%s", failure.text);
}

/* A label comes after its login: the order is that of draining. */
static const struct producer {
    const char *name;
    void (*fold)(struct drain *drain, const void *payload, size_t size);
} PRODUCERS[] = {{"login", fold_login}, {LABEL_PRODUCER, fold_label}};

#define PRODUCER_COUNT (sizeof(PRODUCERS) / sizeof(PRODUCERS[0]))

static bool drain_frame(void *context, const void *payload, size_t size, int64_t next)
{
    struct drain *drain = context;

    (void)next;
    drain->producer->fold(drain, payload, size);
    drain->result->more =
        drain->result->records + drain->result->refused >= drain->limits->batch_records;
    return !drain->failed && !drain->result->more;
}

/* From the place where it was left; one that a power failure cut shorter goes on at its new end. */
static bool drain_file(struct drain *drain, int fd, struct journal_position *position,
                       struct journal_damage *damage)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return error_set_errno(drain->error, FAULT_STORE, errno, "cannot examine a journal");
    if (position->offset > status.st_size)
        position->offset = status.st_size;
    return journal_read(fd, position->offset, 0, drain_frame, drain, &position->offset, damage,
                        drain->error) &&
           !drain->failed;
}

/* *there is false when there is no such file, which is no error. */
static bool open_file(struct drain *drain, bool old, int *fd, uint8_t id[JOURNAL_ID_BYTES],
                      bool *there)
{
    struct error opening = ERROR_NONE;

    *there = journal_open(store_directory_fd(drain->store), drain->producer->name, old, fd, id,
                          &opening);
    return *there || errno == ENOENT || error_set(drain->error, opening.fault, "%s", opening.text);
}

static struct journal_position position_of(const struct journal_positions *positions,
                                           const uint8_t id[JOURNAL_ID_BYTES])
{
    struct journal_position position = {.offset = 0};

    if (memcmp(positions->current.id, id, JOURNAL_ID_BYTES) == 0)
        return positions->current;
    if (memcmp(positions->old.id, id, JOURNAL_ID_BYTES) == 0)
        return positions->old;
    memcpy(position.id, id, JOURNAL_ID_BYTES);
    return position;
}

/*
 * That nobody can append is asked before reading: what is there then is all there will be. Bytes at
 * its end that no frame came of are damage.
 */
static bool drain_old(struct drain *drain, const struct journal_positions *before, bool *there,
                      struct journal_damage *damage)
{
    uint8_t id[JOURNAL_ID_BYTES];
    struct stat status;
    bool quiet, done;
    int fd;

    if (!open_file(drain, true, &fd, id, there))
        return false;
    if (!*there)
        return true;
    quiet = journal_old_is_quiet(fd);
    drain->positions.old = position_of(before, id);
    if (memcmp(before->current.id, id, JOURNAL_ID_BYTES) == 0) /* retired since then */
        memset(&drain->positions.current, 0, sizeof(drain->positions.current));
    done = drain_file(drain, fd, &drain->positions.old, damage);
    if (done && quiet && !drain->result->more) {
        drain->remove_old = fstat(fd, &status) == 0;
        if (drain->remove_old && status.st_size > drain->positions.old.offset) {
            damage->bytes += (uint64_t)(status.st_size - drain->positions.old.offset);
            damage->spots++;
            drain->positions.old.offset = status.st_size;
        }
    }
    close(fd);
    return done;
}

static bool drain_current(struct drain *drain, const struct journal_positions *before,
                          bool old_there, struct journal_damage *damage)
{
    uint8_t id[JOURNAL_ID_BYTES];
    struct stat status;
    bool done, there;
    int fd;

    if (!open_file(drain, false, &fd, id, &there))
        return false;
    if (!there)
        return true;
    drain->positions.current = position_of(before, id);
    done = drain_file(drain, fd, &drain->positions.current, damage);
    drain->rotate_current = done && !old_there && fstat(fd, &status) == 0 &&
                            status.st_size > drain->limits->rotate_bytes;
    close(fd);
    return done;
}

static bool drain_producer(struct drain *drain)
{
    struct journal_positions before;
    struct journal_damage damage = {0};
    bool old_there = false;

    if (!store_positions_load(drain->store, drain->producer->name, &before, drain->error))
        return false;
    drain->positions = before;
    if (!drain_old(drain, &before, &old_there, &damage) ||
        (!drain->result->more && !drain_current(drain, &before, old_there, &damage)))
        return false;
    drain->result->damage.bytes += damage.bytes;
    drain->result->damage.spots += damage.spots;
    if (damage.spots > 0 &&
        !store_damage_add(drain->store, damage.bytes, damage.spots, drain->error))
        return false;
    return memcmp(&before, &drain->positions, sizeof(before)) == 0 ||
           store_positions_save(drain->store, drain->producer->name, &drain->positions,
                                drain->error);
}

/* After the commit, which the removal of a journal must not outrun: on disk first. */
static bool drain_retire(struct drain *drain)
{
    int directory = store_directory_fd(drain->store);
    int64_t wal_bytes;

    if (drain->remove_old && (!store_checkpoint(drain->store, false, &wal_bytes, drain->error) ||
                              !journal_remove_old(directory, drain->producer->name, drain->error)))
        return false;
    return !drain->rotate_current || journal_rotate(directory, drain->producer->name, drain->error);
}

bool drain_journals(struct store *store, const struct drain_limits *limits,
                    struct drain_result *result, struct error *error)
{
    struct drain drains[PRODUCER_COUNT];
    size_t count = 0;

    memset(result, 0, sizeof(*result));
    if (!store_begin(store, error))
        return false;
    while (count < PRODUCER_COUNT && !result->more) {
        drains[count] = (struct drain){.store = store,
                                       .producer = &PRODUCERS[count],
                                       .limits = limits,
                                       .result = result,
                                       .error = error};
        if (!drain_producer(&drains[count++])) {
            store_rollback(store);
            return false;
        }
    }
    if (!store_commit(store, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!drain_retire(&drains[i]))
            return false;
    }
    return true;
}
