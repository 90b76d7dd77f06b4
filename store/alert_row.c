#include "store/alert_row.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define ROW_VERSION     1
#define ROW_BYTES       1024
#define SUBJECT_COLUMN  2
#define DELIVERY_RECORD 4

static bool damaged(struct store *store, const char *what, struct error *error)
{
    return error_set(error, FAULT_STORE, "%s in %s cannot be read: it is none of this version's",
                     what, store->path);
}

static void copy_text(char *text, size_t capacity, sqlite3_stmt *row, int column)
{
    const unsigned char *value = sqlite3_column_text(row, column);

    snprintf(text, capacity, "%s", value ? (const char *)value : "");
}

static struct byte_reader record_of(sqlite3_stmt *row, int column)
{
    const uint8_t *bytes = sqlite3_column_blob(row, column);
    int size = sqlite3_column_bytes(row, column);

    return (struct byte_reader){.at = bytes, .end = bytes ? bytes + size : NULL, .failed = !bytes};
}

/* ---- alert ---------------------------------------------------------------------------------- */

static size_t encode_alert(const struct alert *alert, uint8_t bytes[ROW_BYTES])
{
    struct byte_writer writer = {.at = bytes, .end = bytes + ROW_BYTES};

    put_u8(&writer, ROW_VERSION);
    put_i64(&writer, alert->first_us);
    put_i64(&writer, alert->last_us);
    put_i64(&writer, alert->count);
    put_i64(&writer, alert->announced);
    put_text(&writer, alert->acknowledged_by);
    put_u8(&writer, (uint8_t)alert->login_count);
    for (unsigned i = 0; i < alert->login_count; i++) {
        put_bytes(&writer, alert->logins[i].id.bytes, LOGIN_ID_BYTES);
        put_u8(&writer, alert->logins[i].verdict);
        put_f32(&writer, alert->logins[i].risk);
    }
    return (size_t)(writer.at - bytes);
}

static bool decode_alert(struct byte_reader *reader, struct alert *alert)
{
    if (get_u8(reader) != ROW_VERSION)
        return false;
    alert->first_us = get_i64(reader);
    alert->last_us = get_i64(reader);
    alert->count = get_i64(reader);
    alert->announced = get_i64(reader);
    get_text(reader, alert->acknowledged_by, sizeof(alert->acknowledged_by));
    alert->login_count = get_u8(reader);
    if (reader->failed || alert->login_count > ALERT_LOGINS)
        return false;
    for (unsigned i = 0; i < alert->login_count; i++) {
        get_bytes(reader, alert->logins[i].id.bytes, LOGIN_ID_BYTES);
        alert->logins[i].verdict = get_u8(reader);
        alert->logins[i].risk = get_f32(reader);
        if (alert->logins[i].verdict >= VERDICT_COUNT)
            return false;
    }
    return !reader->failed && reader->at == reader->end && alert->count >= alert->announced;
}

bool alert_row_read(struct store *store, sqlite3_stmt *row, struct alert *alert,
                    struct error *error)
{
    struct byte_reader reader = record_of(row, 6);

    memset(alert, 0, sizeof(*alert));
    alert->id = sqlite3_column_int64(row, 0);
    copy_text(alert->rule, sizeof(alert->rule), row, 1);
    copy_text(alert->subject, sizeof(alert->subject), row, SUBJECT_COLUMN);
    alert->due_us = sqlite3_column_int64(row, 3);
    alert->counted_us = sqlite3_column_int64(row, 4);
    alert->acknowledged_us = sqlite3_column_int64(row, 5);
    return decode_alert(&reader, alert) || damaged(store, "an alert", error);
}

bool alert_row_write(struct store *store, struct alert *alert, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ALERT_PUT, error);
    uint8_t bytes[ROW_BYTES];

    if (!statement)
        return false;
    if (alert->id > 0)
        sqlite3_bind_int64(statement, 1, alert->id);
    else
        sqlite3_bind_null(statement, 1);
    sqlite3_bind_text(statement, 2, alert->rule, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, alert->subject, -1, SQLITE_STATIC);
    if (alert->due_us > 0)
        sqlite3_bind_int64(statement, 4, alert->due_us);
    else
        sqlite3_bind_null(statement, 4);
    sqlite3_bind_int64(statement, 5, alert->counted_us);
    sqlite3_bind_int64(statement, 6, alert->acknowledged_us);
    sqlite3_bind_blob(statement, 7, bytes, (int)encode_alert(alert, bytes), SQLITE_STATIC);
    if (!store_run(store, statement, "keep an alert", error))
        return false;
    if (alert->id == 0)
        alert->id = sqlite3_last_insert_rowid(store->db);
    return true;
}

/* ---- delivery ------------------------------------------------------------------------------- */

static size_t encode_delivery(const struct alert_delivery *delivery, uint8_t bytes[ROW_BYTES])
{
    struct byte_writer writer = {.at = bytes, .end = bytes + ROW_BYTES};

    put_u8(&writer, ROW_VERSION);
    put_i64(&writer, delivery->time_us);
    put_i64(&writer, delivery->count);
    put_i64(&writer, delivery->attempts);
    put_text(&writer, delivery->message);
    return (size_t)(writer.at - bytes);
}

bool delivery_row_read(struct store *store, sqlite3_stmt *row, struct alert_delivery *delivery,
                       struct error *error)
{
    struct byte_reader reader = record_of(row, DELIVERY_RECORD);
    int state = sqlite3_column_int(row, 3);

    memset(delivery, 0, sizeof(*delivery));
    delivery->id = sqlite3_column_int64(row, 0);
    delivery->alert = sqlite3_column_int64(row, 1);
    copy_text(delivery->channel, sizeof(delivery->channel), row, 2);
    if (get_u8(&reader) != ROW_VERSION || state < DELIVERY_PENDING || state > DELIVERY_FAILED)
        return damaged(store, "a delivery", error);
    delivery->state = (enum delivery_state)state;
    delivery->time_us = get_i64(&reader);
    delivery->count = get_i64(&reader);
    delivery->attempts = get_i64(&reader);
    get_text(&reader, delivery->message, sizeof(delivery->message));
    return (!reader.failed && reader.at == reader.end) || damaged(store, "a delivery", error);
}

bool delivery_row_write(struct store *store, struct alert_delivery *delivery, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_DELIVERY_PUT, error);
    uint8_t bytes[ROW_BYTES];

    if (!statement)
        return false;
    if (delivery->id > 0)
        sqlite3_bind_int64(statement, 1, delivery->id);
    else
        sqlite3_bind_null(statement, 1);
    sqlite3_bind_int64(statement, 2, delivery->alert);
    sqlite3_bind_text(statement, 3, delivery->channel, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 4, delivery->state);
    sqlite3_bind_blob(statement, 5, bytes, (int)encode_delivery(delivery, bytes), SQLITE_STATIC);
    if (!store_run(store, statement, "keep a delivery", error))
        return false;
    if (delivery->id == 0)
        delivery->id = sqlite3_last_insert_rowid(store->db);
    return true;
}
