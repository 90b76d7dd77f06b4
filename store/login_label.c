#include "store/login_label.h"

#include <string.h>

#include "store/store_tables.h"

#define LABEL_VERSION      1
#define LABEL_TABLE_SINCE  2 /* schema version */
#define STORED_VALUE(name) ((uint8_t)((name)-LABEL_NONE))

static const char *const NAMES[] = {[STORED_VALUE(LABEL_NONE)] = "none",
                                    [STORED_VALUE(LABEL_LEGITIMATE)] = "legitimate",
                                    [STORED_VALUE(LABEL_ATTACK)] = "attack"};

#define NAME_COUNT (sizeof(NAMES) / sizeof(NAMES[0]))

const char *login_label_name(enum login_label_value value)
{
    return NAMES[STORED_VALUE(value)];
}

bool login_label_from_name(const char *name, enum login_label_value *value)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *value = (enum login_label_value)((int)i + LABEL_NONE);
            return true;
        }
    }
    return false;
}

bool login_family_is_sound(const char *family)
{
    static const char BYTES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(family);

    return length > 0 && length < LOGIN_FAMILY_BYTES && strspn(family, BYTES) == length;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

size_t login_label_encode(const struct login_label *label, uint8_t bytes[LOGIN_LABEL_MAX_BYTES])
{
    struct byte_writer writer = {.at = bytes, .end = bytes + LOGIN_LABEL_MAX_BYTES};

    put_u8(&writer, LABEL_VERSION);
    put_bytes(&writer, label->id.bytes, LOGIN_ID_BYTES);
    put_u8(&writer, STORED_VALUE(label->value));
    put_i64(&writer, label->time_us);
    put_u32(&writer, label->uid);
    put_text(&writer, label->by);
    put_text(&writer, label->family);
    put_text(&writer, label->why);
    return (size_t)(writer.at - bytes);
}

bool login_label_decode(struct login_label *label, const void *bytes, size_t size,
                        struct error *error)
{
    struct byte_reader reader = {.at = bytes, .end = (const uint8_t *)bytes + size};
    uint8_t version = get_u8(&reader), value;

    memset(label, 0, sizeof(*label));
    if (!reader.failed && version != LABEL_VERSION)
        return error_set(error, FAULT_STORE,
                         "a label is of version %u, this program reads version %u", version,
                         LABEL_VERSION);
    get_bytes(&reader, label->id.bytes, LOGIN_ID_BYTES);
    value = get_u8(&reader);
    label->value = (enum login_label_value)(value + LABEL_NONE);
    label->time_us = get_i64(&reader);
    label->uid = get_u32(&reader);
    get_text(&reader, label->by, sizeof(label->by));
    get_text(&reader, label->family, sizeof(label->family));
    get_text(&reader, label->why, sizeof(label->why));
    return (!reader.failed && reader.at == reader.end && value < NAME_COUNT &&
            label->time_us >= 0 && label->time_us <= LOGIN_TIME_MAX_US &&
            (label->family[0] == '\0' || label->value == LABEL_ATTACK)) ||
           error_set(error, FAULT_STORE, "a label is damaged: %zu bytes that are none of a label's",
                     size);
}

/* ---- the store ------------------------------------------------------------------------------ */

static bool keep(struct store *store, int64_t key, const struct login_label *label,
                 struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_LABEL_PUT, error);
    uint8_t bytes[LOGIN_LABEL_MAX_BYTES];

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    sqlite3_bind_blob(statement, 2, bytes, (int)login_label_encode(label, bytes), SQLITE_STATIC);
    return store_run(store, statement, "keep a label", error);
}

bool store_fold_label(struct store *store, const struct login_label *label, bool *found,
                      struct error *error)
{
    struct login_row before, row;

    if (!login_row_find(store, &label->id, &before, found, error))
        return false;
    if (!*found)
        return true;
    row = before;
    row.login.label = (int8_t)label->value;
    memcpy(row.login.family, label->family, sizeof(row.login.family));
    if (!login_row_label(store, &row, &before, error) || !keep(store, row.key, label, error) ||
        (row.login.label != LABEL_NONE && row.login.label != before.login.label &&
         !fold_tell(store, &row, row.login.reached, true, error)))
        return false;
    return login_said(row.stages, row.login.label) == before.login.said ||
           relearn_user(store, &before, error);
}

bool store_label_load(struct store *store, const struct login_id *id, struct login_label *label,
                      bool *found, struct error *error)
{
    sqlite3_stmt *statement;
    struct login_row row;
    bool done = true;
    int code;

    *found = false;
    if (store->version < LABEL_TABLE_SINCE)
        return true;
    if (!login_row_find(store, id, &row, found, error))
        return false;
    if (!*found)
        return true;
    statement = store_statement(store, SQL_LABEL_GET, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, row.key);
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    if (*found)
        done = login_label_decode(label, sqlite3_column_blob(statement, 0),
                                  (size_t)sqlite3_column_bytes(statement, 0), error);
    else if (code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}
