/* Rows of the table `login`. */
#include <stdio.h>
#include <string.h>

#include "store/store_tables.h"

enum row_column {
    KEY,
    ID,
    TIME,
    STAGES,
    ACCEPTED,
    OPENED,
    CLOSED,
    IMPORTED,
    VERDICT,
    LABEL,
    FAMILY,
    RECORD
};

#define ID_RANDOM_BITS 48
#define ID_MS_MASK     ((INT64_C(1) << 43) - 1) /* until the year 2248 */
#define US_PER_MS      1000

int64_t login_key_at(int64_t time_us)
{
    return time_us < 0 ? 0 : (time_us / US_PER_MS & ID_MS_MASK) << LOGIN_KEY_RANDOM;
}

int64_t login_key(const struct login_id *id)
{
    int64_t ms = 0, random = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    for (int i = 6; i < 9; i++)
        random = random << 8 | id->bytes[i];
    /* The last four bits stay free for slots. */
    return (ms & ID_MS_MASK) << LOGIN_KEY_RANDOM | ((random >> 4) & ~(int64_t)(LOGIN_SLOTS - 1));
}

static void copy_text(char *text, size_t capacity, sqlite3_stmt *row, int column)
{
    const unsigned char *value = sqlite3_column_text(row, column);
    size_t bytes = strnlen(value ? (const char *)value : "", capacity - 1);

    memcpy(text, value ? (const char *)value : "", bytes);
    text[bytes] = '\0';
}

bool login_row_read(struct store *store, sqlite3_stmt *statement, struct login_row *row,
                    struct error *error)
{
    struct stored_login *login = &row->login;
    struct error decoding = ERROR_NONE;

    row->key = sqlite3_column_int64(statement, KEY);
    row->stages = sqlite3_column_int(statement, STAGES);
    if (!login_record_decode(&login->record, sqlite3_column_blob(statement, RECORD),
                             (size_t)sqlite3_column_bytes(statement, RECORD), &decoding))
        return error_set(error, FAULT_STORE, "a login in %s cannot be read: %s", store->path,
                         decoding.text);
    login->record.event.time_us = sqlite3_column_int64(statement, TIME);
    login->accepted_us = sqlite3_column_int64(statement, ACCEPTED);
    login->opened_us = sqlite3_column_int64(statement, OPENED);
    login->closed_us = sqlite3_column_int64(statement, CLOSED);
    login->reached = login->record.event.stage;
    login->imported = sqlite3_column_int(statement, IMPORTED) != 0;
    login->label = (int8_t)sqlite3_column_int(statement, LABEL);
    login->said = login_said(row->stages, login->label);
    login->record.event.learn =
        (login->said & (LEARN_BIT(STAGE_OPENED) | LEARN_BIT(STAGE_CLOSED))) != 0;
    copy_text(login->family, sizeof(login->family), statement, FAMILY);
    return true;
}

static bool find_slot(struct store *store, const struct login_id *id, struct login_row *row,
                      bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_SLOTS, error);
    int64_t base = login_key(id), free_slot = 0;
    int code;

    *found = false;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, base);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && !*found) {
        row->key = sqlite3_column_int64(statement, 0);
        if (row->key == base + free_slot)
            free_slot++;
        row->stages = sqlite3_column_int(statement, 2);
        *found = sqlite3_column_bytes(statement, 1) == LOGIN_ID_BYTES &&
                 memcmp(sqlite3_column_blob(statement, 1), id->bytes, LOGIN_ID_BYTES) == 0;
    }
    sqlite3_reset(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return store_failed(store, "find a login", error);
    if (*found)
        return true;
    row->key = base + free_slot; /* login_row_is_crowded() relies on it */
    return free_slot < LOGIN_SLOTS ||
           error_set(error, FAULT_STORE, "too many logins of one millisecond share their id");
}

bool login_row_load_last_key(struct store *store, struct error *error)
{
    sqlite3_stmt *statement;

    if (store->last_key != INT64_MAX)
        return true;
    statement = store_statement(store, SQL_LOGIN_LAST_KEY, error);
    if (!statement)
        return false;
    if (sqlite3_step(statement) != SQLITE_ROW)
        return store_failed(store, "find its last login", error);
    store->last_key = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

bool login_row_place(struct store *store, const struct login_id *id, struct login_row *row,
                     bool *found, struct error *error)
{
    if (!login_row_load_last_key(store, error))
        return false;
    row->key = login_key(id);
    *found = false;
    return row->key > store->last_key || find_slot(store, id, row, found, error);
}

bool login_row_get(struct store *store, int64_t key, struct login_row *row, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_GET, error);
    bool done;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    if (sqlite3_step(statement) != SQLITE_ROW)
        return store_failed(store, "read a login", error);
    done = login_row_read(store, statement, row, error);
    sqlite3_reset(statement);
    return done;
}

bool login_row_find(struct store *store, const struct login_id *id, struct login_row *row,
                    bool *found, struct error *error)
{
    return find_slot(store, id, row, found, error) &&
           (!*found || login_row_get(store, row->key, row, error));
}

bool login_row_is_crowded(struct store *store, const struct login_id *id)
{
    struct error error = ERROR_NONE;
    struct login_row row = {.key = 0};
    bool found;

    return !login_row_find(store, id, &row, &found, &error) &&
           row.key == login_key(id) + LOGIN_SLOTS;
}

bool login_row_is_unreadable(struct store *store, const struct login_id *id)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_GET, NULL);
    bool found, unreadable = false;
    struct login_row row;

    if (!statement || !find_slot(store, id, &row, &found, NULL) || !found)
        return false;
    sqlite3_bind_int64(statement, 1, row.key);
    if (sqlite3_step(statement) == SQLITE_ROW)
        unreadable = !login_row_read(store, statement, &row, NULL);
    sqlite3_reset(statement);
    return unreadable;
}

bool login_is_failure(int stages, int label)
{
    return (stages & STAGES_OF_SUCCESS) == 0 && label == LABEL_NONE;
}

static bool encode(const struct login_row *row, uint8_t bytes[LOGIN_RECORD_MAX_BYTES], int *size,
                   struct error *error)
{
    *size = (int)login_record_encode(&row->login.record, bytes, LOGIN_RECORD_MAX_BYTES);
    return *size > 0 || error_set(error, FAULT_STORE, "a login does not fit into its row");
}

static int verdict_of(const struct stored_login *login)
{
    return login->record.assessed ? (int)login->record.assessment.verdict : -1;
}

static void bind_who(sqlite3_stmt *statement, const struct login_event *event)
{
    sqlite3_bind_blob(statement, 2, event->id.bytes, LOGIN_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, event->user, -1, SQLITE_STATIC);
    if (event->source.family != 0)
        sqlite3_bind_blob(statement, 4, event->source.bytes, event->source.family == 4 ? 4 : 16,
                          SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, 4);
    if (event->connection != 0)
        sqlite3_bind_int64(statement, 5, (int64_t)event->connection);
    else
        sqlite3_bind_null(statement, 5);
    sqlite3_bind_int64(statement, 6, event->time_us);
}

bool login_row_insert(struct store *store, const struct login_row *row, struct error *error)
{
    const struct stored_login *login = &row->login;
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_INSERT, error);
    struct known_id tally_id = known_tally();
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    struct tally *tally;
    int size;

    if (!statement || !encode(row, bytes, &size, error))
        return false;
    sqlite3_bind_int64(statement, 1, row->key);
    bind_who(statement, &login->record.event);
    sqlite3_bind_int(statement, 7, row->stages);
    sqlite3_bind_int64(statement, 8, login->accepted_us);
    sqlite3_bind_int64(statement, 9, login->opened_us);
    sqlite3_bind_int64(statement, 10, login->closed_us);
    sqlite3_bind_int(statement, 11, login->imported);
    sqlite3_bind_int(statement, 12, verdict_of(login));
    sqlite3_bind_int(statement, 13, login->label);
    sqlite3_bind_text(statement, 14, login->family, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 15, bytes, size, SQLITE_STATIC);
    if (!store_run(store, statement, "write a login", error))
        return false;
    tally = known_hold(store, &tally_id, true, error);
    if (!tally)
        return false;
    if (row->key > store->last_key)
        store->last_key = row->key;
    tally->logins++;
    tally->failures += login_is_failure(row->stages, login->label);
    if (row->key < tally->swept_key)
        tally->swept_key = row->key;
    return login_changed(store, NULL, row, error);
}

static bool count_change(struct store *store, const struct login_row *row,
                         const struct login_row *before, struct error *error)
{
    bool was_failure = login_is_failure(before->stages, before->login.label);
    bool is_failure = login_is_failure(row->stages, row->login.label);
    struct known_id tally_id = known_tally();
    struct tally *tally;

    if (!login_changed(store, before, row, error))
        return false;
    if (is_failure == was_failure)
        return true;
    tally = known_hold(store, &tally_id, true, error);
    if (!tally)
        return false;
    tally->failures += is_failure ? 1 : -1;
    if (is_failure && row->key < tally->swept_key)
        tally->swept_key = row->key;
    return true;
}

bool login_row_update(struct store *store, const struct login_row *row,
                      const struct login_row *before, struct error *error)
{
    const struct stored_login *login = &row->login;
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_UPDATE, error);
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    int size;

    if (!statement || !encode(row, bytes, &size, error))
        return false;
    sqlite3_bind_int64(statement, 1, row->key);
    sqlite3_bind_int(statement, 2, row->stages);
    sqlite3_bind_int64(statement, 3, login->accepted_us);
    sqlite3_bind_int64(statement, 4, login->opened_us);
    sqlite3_bind_int64(statement, 5, login->closed_us);
    sqlite3_bind_int(statement, 6, verdict_of(login));
    sqlite3_bind_blob(statement, 7, bytes, size, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 8, login->record.event.time_us);
    return store_run(store, statement, "change a login", error) &&
           count_change(store, row, before, error);
}

bool login_row_label(struct store *store, const struct login_row *row,
                     const struct login_row *before, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LOGIN_LABEL, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, row->key);
    sqlite3_bind_int(statement, 2, row->login.label);
    sqlite3_bind_text(statement, 3, row->login.family, -1, SQLITE_STATIC);
    return store_run(store, statement, "label a login", error) &&
           count_change(store, row, before, error);
}
