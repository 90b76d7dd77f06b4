/* Forgetting: what ended long ago, and what strangers left behind beyond a bound. */
#include "common/clock.h"
#include "store/store_tables.h"

#define LOOKED_AT_PER_ROW   10 /* logins that a sweep looks at for each that it may delete */
#define STRANGERS_PER_LOGIN 3  /* the name, the address and its prefix */

enum column { COLUMN_KEY, COLUMN_STAGES = 3, COLUMN_LABEL = 9 };

struct retain {
    struct store *store;
    const struct store_keeping *keeping;
    struct tally *tally;
    int64_t most, removed;
    bool more;
    struct error *error;
};

/* ---- logins --------------------------------------------------------------------------------- */

/* Few and made by hand: all at once, be it before the last of their logins. */
static bool retain_words(struct retain *retain)
{
    static const enum statement WORDS[] = {SQL_LABEL_RETAIN, SQL_DECISION_RETAIN};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        sqlite3_stmt *statement = store_statement(retain->store, WORDS[i], retain->error);

        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, login_key_at(retain->keeping->logins_before_us));
        if (!store_run(retain->store, statement, "delete old labels", retain->error))
            return false;
    }
    return true;
}

static bool is_failure(sqlite3_stmt *row)
{
    return login_is_failure(sqlite3_column_int(row, COLUMN_STAGES),
                            sqlite3_column_int(row, COLUMN_LABEL));
}

/* Of one that cannot be read any more it is not known what it counted for. */
static bool discount(struct retain *retain, sqlite3_stmt *statement)
{
    struct error unread = ERROR_NONE;
    struct login_row row;

    return !login_row_read(retain->store, statement, &row, &unread) ||
           login_changed(retain->store, &row, NULL, retain->error);
}

static bool retain_logins(struct retain *retain)
{
    sqlite3_stmt *statement = store_statement(retain->store, SQL_LOGIN_RETAIN, retain->error);
    int64_t rows = 0, last_key = -1;
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, login_key_at(retain->keeping->logins_before_us));
    sqlite3_bind_int64(statement, 2, retain->most);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        rows++;
        last_key = sqlite3_column_int64(statement, COLUMN_KEY);
        retain->tally->failures -= is_failure(statement);
        if (!discount(retain, statement))
            return false;
    }
    sqlite3_reset(statement);
    retain->tally->logins -= rows;
    retain->removed += rows;
    retain->more = retain->more || rows == retain->most;
    if (code != SQLITE_DONE)
        return store_failed(retain->store, "be read", retain->error);
    statement = store_statement(retain->store, SQL_LOGIN_DELETE, retain->error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, last_key);
    return store_run(retain->store, statement, "delete old logins", retain->error);
}

/* Goes on from where the last sweep ended, and takes the failures out of all counts. *end: the last
 * key looked at. *failures: up to there. */
static bool sweep_look(struct retain *retain, int64_t last_key, int64_t wanted, int64_t *end,
                       int64_t *failures)
{
    sqlite3_stmt *statement = store_statement(retain->store, SQL_LOGIN_SWEEP, retain->error);
    int64_t looked = 0, enough = retain->most * LOOKED_AT_PER_ROW;
    int code = SQLITE_DONE;

    *failures = 0;
    *end = -1;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, retain->tally->swept_key);
    sqlite3_bind_int64(statement, 2, last_key);
    sqlite3_bind_int64(statement, 3, enough);
    while (*failures < wanted && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *end = sqlite3_column_int64(statement, COLUMN_KEY);
        looked++;
        if (!is_failure(statement))
            continue;
        *failures += 1;
        if (!discount(retain, statement))
            return false;
    }
    sqlite3_reset(statement);
    retain->more = retain->more || looked == enough || *failures == wanted;
    return code == SQLITE_DONE || code == SQLITE_ROW ||
           store_failed(retain->store, "be read", retain->error);
}

/* Deletes the oldest failures with keys below, `wanted` at most. */
static bool sweep(struct retain *retain, int64_t key_below, int64_t wanted)
{
    int64_t end, failures;
    sqlite3_stmt *statement;

    if (wanted <= 0 || key_below <= retain->tally->swept_key)
        return true;
    if (!sweep_look(retain, key_below - 1, wanted, &end, &failures))
        return false;
    if (end < 0)
        return true;
    if (failures > 0) {
        statement = store_statement(retain->store, SQL_LOGIN_FORGET, retain->error);
        if (!statement)
            return false;
        sqlite3_bind_int64(statement, 1, retain->tally->swept_key);
        sqlite3_bind_int64(statement, 2, end);
        sqlite3_bind_int(statement, 3, STAGES_OF_SUCCESS);
        if (!store_run(retain->store, statement, "delete failed logins", retain->error))
            return false;
    }
    retain->tally->swept_key = end + 1;
    retain->tally->failures -= failures;
    retain->tally->logins -= failures;
    retain->removed += failures;
    return true;
}

static int64_t at_most(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

static bool retain_failures(struct retain *retain)
{
    const struct store_keeping *keeping = retain->keeping;

    return sweep(retain, login_key_at(keeping->failures_before_us), retain->most) &&
           sweep(retain, login_key_at(keeping->settled_us),
                 at_most(retain->tally->failures - keeping->failures_most, retain->most));
}

/* ---- what is known -------------------------------------------------------------------------- */

/* The rows of the table `known` whose day lies in the range, the oldest `most`. */
static bool retain_known(struct retain *retain, int64_t first_day, int64_t last_day, int64_t most)
{
    sqlite3_stmt *statement = store_statement(retain->store, SQL_KNOWN_RETAIN, retain->error);
    int64_t rows = 0;
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, first_day);
    sqlite3_bind_int64(statement, 2, last_day);
    sqlite3_bind_int64(statement, 3, most);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t key = sqlite3_column_int64(statement, 0);

        rows++;
        tally_known(retain->tally, (enum known_kind)(key >> KNOWN_KEY_SHIFT),
                    sqlite3_column_int64(statement, 1), -1);
        known_forget_row(retain->store, key);
    }
    sqlite3_reset(statement);
    retain->removed += rows;
    retain->more = retain->more || rows == most;
    return code == SQLITE_DONE || store_failed(retain->store, "forget the idle", retain->error);
}

/* *day is INT64_MAX when there is none. */
static bool oldest_day(struct retain *retain, int64_t first_day, int64_t last_day, int64_t *day)
{
    sqlite3_stmt *statement = store_statement(retain->store, SQL_KNOWN_OLDEST, retain->error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, first_day);
    sqlite3_bind_int64(statement, 2, last_day);
    code = sqlite3_step(statement);
    *day = code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL
               ? sqlite3_column_int64(statement, 0) - first_day
               : INT64_MAX;
    sqlite3_reset(statement);
    return code == SQLITE_ROW || store_failed(retain->store, "be read", retain->error);
}

/*
 * The oldest day first; of one day the names before the sources, whose pace tells more of a guesser
 * than names that he made up.
 */
static bool retain_strangers(struct retain *retain)
{
    int64_t bound = retain->keeping->failures_most * STRANGERS_PER_LOGIN;
    int64_t excess = at_most(retain->tally->strangers - bound, retain->most * STRANGERS_PER_LOGIN);
    int64_t source_day, guessed_day;

    if (excess <= 0)
        return true;
    if (!oldest_day(retain, 1, DAY_GUESSED - 1, &source_day) ||
        !oldest_day(retain, DAY_GUESSED, DAY_LEARNED - 1, &guessed_day))
        return false;
    if (source_day == INT64_MAX && guessed_day == INT64_MAX)
        return true;
    retain->more = true;
    if (source_day < guessed_day)
        return retain_known(retain, 1, source_day + 1, excess);
    return retain_known(retain, DAY_GUESSED, DAY_GUESSED + guessed_day, excess);
}

static int64_t day_of(int64_t time_us)
{
    return time_us < 0 ? 0 : time_us / US_PER_S / S_PER_DAY;
}

bool store_retain(struct store *store, const struct store_keeping *keeping, int64_t most,
                  int64_t *removed, bool *more, struct error *error)
{
    struct known_id id = known_tally();
    struct retain retain = {.store = store, .keeping = keeping, .most = most, .error = error};
    bool done;

    *removed = 0;
    *more = false;
    if (!known_flush(store, error))
        return false;
    retain.tally = known_hold(store, &id, true, error);
    if (!retain.tally)
        return false;
    done = retain_words(&retain) && retain_logins(&retain) && retain_failures(&retain) &&
           retain_known(&retain, 1, day_of(keeping->sources_before_us), most) &&
           retain_known(&retain, DAY_GUESSED, DAY_GUESSED + day_of(keeping->failures_before_us) - 1,
                        most) &&
           retain_known(&retain, DAY_LEARNED, DAY_LEARNED + day_of(keeping->logins_before_us) - 1,
                        most) &&
           retain_strangers(&retain);
    *removed = retain.removed;
    *more = retain.more;
    return done;
}

bool store_has_excess(struct store *store, int64_t failures_most, bool *excess, struct error *error)
{
    struct known_id id = known_tally();
    const struct tally *tally = known_hold(store, &id, false, error);

    *excess = tally && (tally->failures > failures_most ||
                        tally->strangers > failures_most * STRANGERS_PER_LOGIN);
    return tally != NULL;
}
