/* Counts and lists of a store that has none yet. */
#include "store/rollup_tables.h"

/* One that cannot be read is not counted; nobody can be shown it either. */
static bool count_row(struct store *store, sqlite3_stmt *statement, struct error *error)
{
    struct error unread = ERROR_NONE;
    struct login_row row;

    return !login_row_read(store, statement, &row, &unread) ||
           login_changed(store, NULL, &row, error);
}

bool logins_count_anew(struct store *store, struct error *error)
{
    sqlite3_stmt *statement;
    bool done = true;
    int code;

    if (!login_lists_begin_anew(store, error) || !rollup_begin_anew(store, error))
        return false;
    statement = store_statement(store, SQL_LOGINS_ALL, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, 0);
    sqlite3_bind_int64(statement, 2, INT64_MAX);
    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE)
        done = code == SQLITE_ROW ? count_row(store, statement, error)
                                  : store_failed(store, "be read", error);
    sqlite3_reset(statement);
    rollup_end_anew(store);
    return done && rollup_flush(store, error);
}
