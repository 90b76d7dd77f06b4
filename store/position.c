/* Where the journals are drained to, what was damaged in them, and the counts for the status. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "store/rollup_tables.h"

static struct known_id known_position(const char *producer)
{
    return (struct known_id){KNOWN_POSITION, producer, strlen(producer)};
}

bool store_positions_load(struct store *store, const char *producer,
                          struct journal_positions *positions, struct error *error)
{
    struct known_id id = known_position(producer);
    int64_t day;
    bool found;
    int slot;

    if (store->access == STORE_WRITE) {
        const struct journal_positions *held = known_hold(store, &id, false, error);

        if (held)
            *positions = *held;
        return held != NULL;
    }
    return known_read(store, &id, positions, &slot, &day, &found, error);
}

bool store_positions_save(struct store *store, const char *producer,
                          const struct journal_positions *positions, struct error *error)
{
    struct known_id id = known_position(producer);
    struct journal_positions *held = known_hold(store, &id, true, error);

    if (held)
        *held = *positions;
    return held != NULL;
}

bool store_damage_add(struct store *store, uint64_t bytes, uint64_t spots, struct error *error)
{
    struct known_id id = known_tally();
    struct tally *tally = known_hold(store, &id, true, error);

    if (!tally)
        return false;
    tally->damage_bytes += (int64_t)bytes;
    tally->damage_spots += (int64_t)spots;
    return true;
}

static bool time_of(struct store *store, enum statement which, int64_t *time_us,
                    struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);
    int code;

    if (!statement)
        return false;
    code = sqlite3_step(statement);
    *time_us = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE || store_failed(store, "be read", error);
}

bool store_newest_us(struct store *store, int64_t *time_us, struct error *error)
{
    return time_of(store, SQL_LOGIN_NEWEST, time_us, error);
}

static bool add_recent(void *context, int64_t time_us, const struct rollup *rollup)
{
    struct store_counts *counts = context;

    (void)time_us;
    counts->attempts_24h += rollup->attempts;
    counts->failures_24h += rollup->failures;
    counts->denials_24h += rollup->denials + rollup->would_deny;
    counts->step_ups_24h += rollup->step_ups + rollup->would_step_up;
    return true;
}

/* Of a store that has no counts yet. */
static bool scan_recent(struct store *store, int64_t now_us, struct store_counts *counts,
                        struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_RECENT, error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, login_key_at(now_us - S_PER_DAY * US_PER_S));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int stages = sqlite3_column_int(statement, 0);
        int verdict = sqlite3_column_int(statement, 1);

        if ((stages & STAGE_BIT(STAGE_ATTEMPT)) == 0)
            continue;
        counts->attempts_24h++;
        counts->failures_24h +=
            (stages & (STAGE_BIT(STAGE_ACCEPTED) | STAGE_BIT(STAGE_OPENED))) == 0;
        counts->denials_24h += verdict == VERDICT_DENY;
        counts->step_ups_24h += verdict == VERDICT_STEP_UP;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE || store_failed(store, "be read", error);
}

static bool count_recent(struct store *store, int64_t now_us, struct store_counts *counts,
                         struct error *error)
{
    if (!store_has_rollups(store))
        return scan_recent(store, now_us, counts, error);
    return (store->access != STORE_WRITE || rollup_flush(store, error)) &&
           store_totals(store, now_us - S_PER_DAY * US_PER_S, 0, add_recent, counts, error);
}

static int64_t file_bytes(const struct store *store, const char *name)
{
    struct stat status;

    return fstatat(store->directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_size
                                                                                 : 0;
}

bool store_counts(struct store *store, int64_t now_us, struct store_counts *counts,
                  struct error *error)
{
    struct known_id id = known_tally();
    struct tally tally;
    bool own, found, done;
    int64_t day;
    int slot;

    memset(counts, 0, sizeof(*counts));
    if (!store_begin_own(store, &own, error))
        return false;
    done = (store->access != STORE_WRITE || known_flush(store, error)) &&
           known_read(store, &id, &tally, &slot, &day, &found, error) &&
           count_recent(store, now_us, counts, error) &&
           time_of(store, SQL_LOGIN_OLDEST, &counts->oldest_us, error) &&
           time_of(store, SQL_LOGIN_NEWEST, &counts->newest_us, error);
    if (own)
        store_rollback(store);
    if (!done)
        return false;
    counts->logins = tally.logins;
    counts->users = tally.users;
    counts->sources = tally.sources;
    counts->failures = tally.failures;
    counts->damage_bytes = tally.damage_bytes;
    counts->damage_spots = tally.damage_spots;
    counts->database_bytes = file_bytes(store, STORE_FILE);
    counts->wal_bytes = file_bytes(store, STORE_FILE "-wal");
    return true;
}
