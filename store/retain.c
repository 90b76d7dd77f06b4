/* Forgetting: what ended long ago. */
#include "common/clock.h"
#include "store/store_tables.h"

static bool retain_logins(struct store *store, int64_t before_us, int64_t most, int64_t *removed,
                          struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_RETAIN, error);
    struct known_id id = known_tally();
    struct tally *tally;
    int changes;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, login_key_at(before_us));
    sqlite3_bind_int64(statement, 2, most);
    if (!store_run(store, statement, "delete old logins", error))
        return false;
    changes = sqlite3_changes(store->db);
    tally = known_hold(store, &id, changes > 0, error);
    if (!tally)
        return false;
    tally->logins -= changes;
    *removed += changes;
    return true;
}

struct forgotten {
    int64_t rows, profiles, addresses;
};

/* Rows of the table `known` whose day lies in the range. */
static bool retain_known(struct store *store, int64_t first_day, int64_t last_day, int64_t most,
                         struct forgotten *forgotten, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_KNOWN_RETAIN, error);
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, first_day);
    sqlite3_bind_int64(statement, 2, last_day);
    sqlite3_bind_int64(statement, 3, most);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t kind = sqlite3_column_int64(statement, 0) >> KNOWN_KEY_SHIFT;

        forgotten->rows++;
        forgotten->profiles += kind == KNOWN_PROFILE;
        forgotten->addresses += kind == KNOWN_ADDRESS;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE || store_failed(store, "forget idle sources", error);
}

bool store_retain(struct store *store, int64_t logins_before_us, int64_t sources_before_us,
                  int64_t most, int64_t *removed, struct error *error)
{
    int64_t logins_day = logins_before_us / US_PER_S / S_PER_DAY;
    int64_t sources_day = sources_before_us / US_PER_S / S_PER_DAY;
    struct forgotten idle = {0}, learned = {0};
    struct known_id id = known_tally();
    struct tally *tally;

    *removed = 0;
    if (!retain_logins(store, logins_before_us, most, removed, error) || !known_flush(store, error))
        return false;
    known_forget_cache(store); /* it may hold what is forgotten now */
    if (!retain_known(store, 1, sources_day, most, &idle, error) ||
        !retain_known(store, DAY_LEARNED, DAY_LEARNED + logins_day - 1, most, &learned, error))
        return false;
    tally = known_hold(store, &id, true, error);
    if (!tally)
        return false;
    tally->users -= learned.profiles;
    tally->sources -= idle.addresses;
    *removed += idle.rows + learned.rows;
    return true;
}
