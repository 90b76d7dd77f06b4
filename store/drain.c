#include "store/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/alert_groups.h"
#include "store/decision.h"
#include "store/store_tables.h"

#define BATCH_RECORDS 5000
#define CALLS_MOST    2000 /* for what the dashboard may be appending all the while */

/* A label may make a user's whole history be learned again: logins wait for no more of them. */
#define WORDS_AT_ONCE 50

struct drain;

struct producer {
    const char *name;
    const char *directory; /* another user's, in the store's; NULL: the store's own */
    void (*fold)(struct drain *drain, const void *payload, size_t size);
    bool after_logins; /* what was appended since the logins were read is for the next drain */
};

/* One producer's journal during one drain. */
struct drain {
    struct store *store;
    const struct producer *producer;
    const struct drain_limits *limits;
    struct drain_result *result;
    struct error *error;
    int directory_fd; /* where the journal is */
    uint32_t owner;   /* of that directory, when it is not the store's own */
    int64_t words;
    struct journal_position end; /* after_logins: of the current file before logins were read */
    struct journal_positions positions;
    int64_t until;  /* of the file that is being read */
    int64_t folded; /* of that file: behind the last frame that was folded */
    bool failed;
    bool full;           /* it stopped before the journal's end */
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

/* Who gives a word through the dashboard is only as sure as the dashboard is. */
static void attribute(const struct drain *drain, struct word *word)
{
    word->uid = drain->owner;
    if (word->time_us > drain->limits->now_us)
        word->time_us = drain->limits->now_us;
}

static void fold_word(struct drain *drain, const void *payload, size_t size)
{
    struct error failure = ERROR_NONE;
    struct word word;
    bool taken;

    drain->words++;
    if (!word_decode(&word, payload, size, NULL) ||
        (drain->producer->directory && !word_is_plain(&word))) {
        drain->result->refused++;
        return;
    }
    if (drain->producer->directory)
        attribute(drain, &word);
    if (store_fold_word(drain->store, &word, drain->limits->now_us, &taken, &failure))
        *(taken ? &drain->result->records : &drain->result->refused) += 1;
    else if (is_hopeless(drain->store, &word.login))
        drain->result->refused++;
    else
        drain->failed = !error_set(drain->error, failure.fault, "%s", failure.text);
}

/* A word comes after its login: the order is that of draining. */
static const struct producer PRODUCERS[] = {{"login", NULL, fold_login, false},
                                            {LABEL_PRODUCER, NULL, fold_word, true},
                                            {WORD_PRODUCER, WORD_DIRECTORY, fold_word, true}};

#define PRODUCER_COUNT (sizeof(PRODUCERS) / sizeof(PRODUCERS[0]))

static bool drain_frame(void *context, const void *payload, size_t size, int64_t next)
{
    struct drain *drain = context;

    drain->full = next > drain->until;
    if (!drain->full) {
        drain->producer->fold(drain, payload, size);
        drain->folded = next;
        drain->full =
            drain->result->records + drain->result->refused >= drain->limits->batch_records ||
            drain->words >= WORDS_AT_ONCE;
    }
    *(drain->producer->directory ? &drain->result->more_words : &drain->result->more) = drain->full;
    return !drain->failed && !drain->full;
}

/* Keeps a failure of another user's directory apart from those of the store's. Always true. */
static bool distrust(struct drain *drain, const struct error *why)
{
    (void)error_set(&drain->result->distrust, why->fault, "%s", why->text);
    return true;
}

/* No honest program writes as much: it is read no further, and goes when it is retired. */
static bool is_overfull(struct drain *drain, const struct stat *status)
{
    struct error why = ERROR_NONE;

    if (!drain->producer->directory || status->st_size <= WORDS_MAX_FILE_BYTES)
        return false;
    (void)error_set(&why, FAULT_STORE, "a journal of the %s has %lld bytes: it is thrown away",
                    drain->producer->name, (long long)status->st_size);
    return distrust(drain, &why);
}

/* From the place where it was left; one that a power failure cut shorter goes on at its new end. */
static bool drain_file(struct drain *drain, int fd, struct journal_position *position,
                       struct journal_damage *damage)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return error_set_errno(drain->error, FAULT_STORE, errno, "cannot examine a journal");
    if (position->offset > status.st_size || is_overfull(drain, &status))
        position->offset = status.st_size;
    drain->folded = position->offset;
    if (!journal_read(fd, position->offset, 0, drain_frame, drain, &position->offset, damage,
                      drain->error) ||
        drain->failed)
        return false;
    if (drain->full)
        position->offset = drain->folded;
    return true;
}

/* *there is false when there is no such file, which is no error, nor is another user's odd one. */
static bool open_file(struct drain *drain, bool old, int *fd, uint8_t id[JOURNAL_ID_BYTES],
                      bool *there)
{
    struct error opening = ERROR_NONE;

    *there = journal_open(drain->directory_fd, drain->producer->name, old, fd, id, &opening);
    if (*there || errno == ENOENT)
        return true;
    if (drain->producer->directory)
        return distrust(drain, &opening);
    return error_set(drain->error, opening.fault, "%s", opening.text);
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
    drain->until = INT64_MAX;
    drain->positions.old = position_of(before, id);
    if (memcmp(before->current.id, id, JOURNAL_ID_BYTES) == 0) /* retired since then */
        memset(&drain->positions.current, 0, sizeof(drain->positions.current));
    done = drain_file(drain, fd, &drain->positions.old, damage);
    if (done && quiet && !drain->full) {
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
    drain->until = !drain->producer->after_logins                     ? INT64_MAX
                   : memcmp(drain->end.id, id, JOURNAL_ID_BYTES) == 0 ? drain->end.offset
                                                                      : 0;
    done = drain_file(drain, fd, &drain->positions.current, damage);
    drain->rotate_current = done && !old_there && fstat(fd, &status) == 0 &&
                            status.st_size > drain->limits->rotate_bytes;
    close(fd);
    return done;
}

static bool drain_both(struct drain *drain)
{
    struct journal_positions before;
    struct journal_damage damage = {0};
    bool old_there = false;

    if (!store_positions_load(drain->store, drain->producer->name, &before, drain->error))
        return false;
    drain->positions = before;
    if (!drain_old(drain, &before, &old_there, &damage) ||
        (!drain->full && !drain_current(drain, &before, old_there, &damage)))
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

/*
 * directory_fd stays -1, which is no error, where another user's directory is missing or is not
 * what it should be.
 */
static void open_directory(struct drain *drain)
{
    const char *name = drain->producer->directory;
    struct error why = ERROR_NONE;
    struct stat status;
    int fd = openat(store_directory_fd(drain->store), name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return;
    if (fd < 0)
        (void)error_set_errno(&why, FAULT_STORE, errno, "cannot open %s in the store", name);
    else if (fstat(fd, &status) != 0)
        (void)error_set_errno(&why, FAULT_STORE, errno, "cannot examine %s in the store", name);
    else if ((status.st_mode & S_IWOTH) != 0)
        (void)error_set(&why, FAULT_STORE, "%s in the store can be written by everybody; chmod o-w",
                        name);
    if (why.fault == FAULT_NONE) {
        drain->directory_fd = fd;
        drain->owner = status.st_uid;
        return;
    }
    (void)distrust(drain, &why);
    if (fd >= 0)
        (void)close(fd);
}

/* What is there now can only be about logins that are there too, and are read first. */
static void mark_end(struct drain *drain)
{
    struct journal_position *end = &drain->end;
    struct stat status;
    int fd;

    if (drain->directory_fd < 0 ||
        !journal_open(drain->directory_fd, drain->producer->name, false, &fd, end->id, NULL))
        return; /* why it cannot be read is said when it is */
    if (fstat(fd, &status) == 0)
        end->offset = status.st_size;
    close(fd);
}

static void drain_begin(struct drain *drain)
{
    drain->directory_fd = -1;
    if (drain->producer->directory)
        open_directory(drain);
    else
        drain->directory_fd = store_directory_fd(drain->store);
    if (drain->producer->after_logins)
        mark_end(drain);
}

/*
 * In another user's directory nothing is created: what appends there creates it anew, and it would
 * not be his.
 */
static bool drain_rotate(struct drain *drain, struct error *error)
{
    return drain->producer->directory
               ? journal_retire(drain->directory_fd, drain->producer->name, error)
               : journal_rotate(drain->directory_fd, drain->producer->name, error);
}

/* After the commit, which the removal of a journal must not outrun: on disk first. */
static bool drain_retire(struct drain *drain)
{
    struct error why = ERROR_NONE;
    int64_t wal_bytes;

    if (drain->remove_old && !store_checkpoint(drain->store, false, &wal_bytes, drain->error))
        return false;
    if ((!drain->remove_old ||
         journal_remove_old(drain->directory_fd, drain->producer->name, &why)) &&
        (!drain->rotate_current || drain_rotate(drain, &why)))
        return true;
    if (drain->producer->directory)
        return distrust(drain, &why);
    return error_set(drain->error, why.fault, "%s", why.text);
}

static bool drain_all(struct drain drains[PRODUCER_COUNT], struct store *store,
                      const struct drain_result *result, struct error *error)
{
    if (!store_begin(store, error))
        return false;
    for (size_t i = 0; i < PRODUCER_COUNT && !result->more; i++) {
        if (drains[i].directory_fd >= 0 && !drain_both(&drains[i])) {
            store_rollback(store);
            return false;
        }
    }
    return store_commit(store, error);
}

static bool see_alerts(struct store *store, const void *context, const struct login_row *row,
                       enum login_stage stage, bool label, struct error *error)
{
    return store_alert_see(store, context, &row->login, row->stages, stage, label, error);
}

static bool drain_and_retire(struct store *store, const struct drain_limits *limits,
                             struct drain_result *result, struct error *error)
{
    struct drain drains[PRODUCER_COUNT];
    bool done;

    memset(result, 0, sizeof(*result));
    for (size_t i = 0; i < PRODUCER_COUNT; i++) {
        drains[i] = (struct drain){.store = store,
                                   .producer = &PRODUCERS[i],
                                   .limits = limits,
                                   .result = result,
                                   .error = error};
        drain_begin(&drains[i]);
    }
    done = drain_all(drains, store, result, error);
    for (size_t i = 0; i < PRODUCER_COUNT; i++) {
        done = done && drain_retire(&drains[i]);
        if (drains[i].producer->directory && drains[i].directory_fd >= 0)
            (void)close(drains[i].directory_fd);
    }
    return done && store_exceptions_publish(store, limits->now_us, error);
}

bool drain_journals(struct store *store, const struct drain_limits *limits,
                    struct drain_result *result, struct error *error)
{
    bool done;

    if (limits->alerts && limits->alerts->config->rule_count > 0)
        store->watch = (struct fold_watch){see_alerts, limits->alerts};
    done = drain_and_retire(store, limits, result, error);
    store->watch = (struct fold_watch){NULL, NULL};
    return done;
}

bool drain_everything(struct store *store, const struct config *config,
                      void (*progress)(int64_t records), struct drain_result *total,
                      struct error *error)
{
    static struct alert_groups groups;
    struct alert_config rules;
    struct alert_watch alerts = {
        .config = &rules, .is_member = alert_groups_have, .context = &groups};
    struct drain_limits limits = {.rotate_bytes = config->journal_rotate_bytes,
                                  .batch_records = BATCH_RECORDS,
                                  .alerts = &alerts};
    struct drain_result result = {.more = true};
    bool done = true;
    int calls = 0;

    memset(total, 0, sizeof(*total));
    if (!alert_config_load(&rules, config->alerts, error))
        return false;
    while (done && (result.more || (result.more_words && ++calls < CALLS_MOST))) {
        limits.now_us = alerts.now_us = clock_utc_us();
        done = drain_journals(store, &limits, &result, error);
        total->records += result.records;
        total->refused += result.refused;
        total->damage.bytes += result.damage.bytes;
        total->damage.spots += result.damage.spots;
        total->distrust = result.distrust;
        if (progress)
            progress(total->records);
    }
    alert_config_finish(&rules);
    return done;
}
