/* Lists of logins. */
#include <string.h>

#include "common/clock.h"
#include "store/read_ahead.h"
#include "store/store_tables.h"

enum column { COLUMN_TIME = 2, COLUMN_VERDICT = 8 };

/* The columns are looked at first: a record is only decoded when they fit. */
static bool columns_fit(sqlite3_stmt *row, const struct login_filter *filter)
{
    int64_t time_us = sqlite3_column_int64(row, COLUMN_TIME);

    return time_us >= filter->since_us && (filter->until_us == 0 || time_us < filter->until_us) &&
           (filter->at_least == VERDICT_ALLOW ||
            sqlite3_column_int(row, COLUMN_VERDICT) >= (int)filter->at_least);
}

static bool login_fits(const struct stored_login *login, const struct login_filter *filter)
{
    const struct login_event *event = &login->record.event;

    return (!filter->user || strcmp(event->user, filter->user) == 0) &&
           (!filter->source || ip_equal(&event->source, filter->source));
}

static bool visit_rows(struct store *store, sqlite3_stmt *statement,
                       const struct login_filter *filter, login_visitor *visit, void *context,
                       struct error *error)
{
    int64_t seen = 0;
    struct login_row row;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!columns_fit(statement, filter))
            continue;
        if (!login_row_read(store, statement, &row, error))
            return false;
        if (!login_fits(&row.login, filter))
            continue;
        if (!visit(context, &row.login) || ++seen == filter->limit)
            return true;
    }
    return code == SQLITE_DONE || store_failed(store, "be read", error);
}

static bool visit_one(struct store *store, const struct login_filter *filter, login_visitor *visit,
                      void *context, struct error *error)
{
    struct login_row row;
    bool found;

    if (!login_row_find(store, filter->id, &row, &found, error))
        return false;
    if (found && login_fits(&row.login, filter))
        visit(context, &row.login);
    return true;
}

static void bind_filter(sqlite3_stmt *statement, const struct login_filter *filter)
{
    sqlite3_bind_int64(statement, 1, login_key_at(filter->since_us));
    sqlite3_bind_int64(statement, 2,
                       filter->until_us > 0
                           ? login_key_at(filter->until_us) + (INT64_C(1) << LOGIN_KEY_RANDOM) - 1
                           : INT64_MAX);
    if (filter->user)
        sqlite3_bind_text(statement, 3, filter->user, -1, SQLITE_STATIC);
    else if (filter->source)
        sqlite3_bind_blob(statement, 3, filter->source->bytes, filter->source->family == 4 ? 4 : 16,
                          SQLITE_STATIC);
}

static sqlite3_stmt *list_statement(struct store *store, const struct login_filter *filter,
                                    struct error *error)
{
    enum statement which = filter->user     ? SQL_LOGINS_USER
                           : filter->source ? SQL_LOGINS_SOURCE
                                            : SQL_LOGINS_ALL;
    sqlite3_stmt *statement;

    if (filter->newest_first)
        which = filter->user     ? SQL_LOGINS_USER_NEWEST
                : filter->source ? SQL_LOGINS_SOURCE_NEWEST
                                 : SQL_LOGINS_ALL_NEWEST;
    statement = store_statement(store, which, error);
    if (statement)
        bind_filter(statement, filter);
    return statement;
}

/* Those of a user or an address lie among everybody's. */
static bool read_ahead(struct store *store, const struct login_filter *filter, struct error *error)
{
    int64_t keys[READ_AHEAD_MOST];
    size_t count = 0, most = READ_AHEAD_MOST;
    sqlite3_stmt *statement;

    if (!store->ahead || (!filter->user && !filter->source))
        return true;
    if (filter->limit > 0 && (size_t)filter->limit < most)
        most = (size_t)filter->limit;
    statement = store_statement(
        store,
        filter->user ? (filter->newest_first ? SQL_KEYS_USER_NEWEST : SQL_KEYS_USER)
                     : (filter->newest_first ? SQL_KEYS_SOURCE_NEWEST : SQL_KEYS_SOURCE),
        error);
    if (!statement)
        return false;
    bind_filter(statement, filter);
    while (count < most && sqlite3_step(statement) == SQLITE_ROW)
        keys[count++] = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    store_read_ahead(store, keys, count);
    return true;
}

bool store_logins(struct store *store, const struct login_filter *filter, login_visitor *visit,
                  void *context, struct error *error)
{
    sqlite3_stmt *statement;
    bool done;

    if (filter->id)
        return visit_one(store, filter, visit, context, error);
    if (!read_ahead(store, filter, error))
        return false;
    statement = list_statement(store, filter, error);
    if (!statement)
        return false;
    done = visit_rows(store, statement, filter, visit, context, error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return done;
}

bool store_attempt_find(struct store *store, const struct login_event *event, int64_t window_s,
                        struct stored_login *login, bool *found, struct error *error)
{
    int64_t since_us = event->time_us - window_s * US_PER_S;
    sqlite3_stmt *statement;
    struct login_row row;
    bool done = true;
    int code;

    *found = false;
    if (event->connection == 0)
        return true;
    statement = store_statement(store, SQL_LOGIN_CONNECTION, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)event->connection);
    sqlite3_bind_int64(statement, 2, login_key_at(since_us));
    sqlite3_bind_int64(statement, 3, INT64_MAX);
    while (done && !*found && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        done = code == SQLITE_ROW ? login_row_read(store, statement, &row, error)
                                  : store_failed(store, "be read", error);
        *found = done && (row.stages & STAGE_BIT(STAGE_ATTEMPT)) != 0 &&
                 row.login.record.event.time_us >= since_us &&
                 row.login.record.event.time_us <= event->time_us &&
                 strcmp(row.login.record.event.user, event->user) == 0;
    }
    sqlite3_reset(statement);
    if (*found)
        *login = row.login;
    return done;
}
