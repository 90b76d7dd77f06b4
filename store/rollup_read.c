#include "store/rollup_read.h"

#include <limits.h>
#include <string.h>

#include "common/clock.h"

#define SEEN_LOOKS 20000

bool store_has_rollups(const struct store *store)
{
    return store->version >= ROLLUPS_SINCE;
}

bool rollups_check(const struct store *store, struct error *error)
{
    return store_has_rollups(store) ||
           error_set(error, FAULT_STORE,
                     "the store %s was written by an older version and has no counts yet: start "
                     "anomalyd of this version once",
                     store->path);
}

int64_t rollup_span(int kind, int64_t period)
{
    return (int64_t)kind << SPAN_SHIFT | period;
}

int64_t rollup_seconds(int64_t time_us)
{
    return time_us > 0 ? time_us / US_PER_S : 0;
}

int64_t rollup_last_period(int64_t until_us, int64_t length_s)
{
    return until_us > 0 ? (until_us - 1) / US_PER_S / length_s : SPAN_MASK;
}

bool rollup_read_counts(sqlite3_stmt *row, int column, struct counts *counts, struct error *error)
{
    return counts_decode(counts, sqlite3_column_blob(row, column),
                         (size_t)sqlite3_column_bytes(row, column), error);
}

sqlite3_stmt *rollup_spans(struct store *store, int64_t first, int64_t last, struct error *error)
{
    sqlite3_stmt *statement =
        rollups_check(store, error) ? store_statement(store, SQL_ROLLUP_SPANS, error) : NULL;

    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, last);
    return statement;
}

bool subject_begins_with(const uint8_t *subject, size_t size, const char *prefix)
{
    size_t length = prefix ? strlen(prefix) : 0;

    return size >= length && memcmp(subject, prefix ? prefix : "", length) == 0;
}

void rollup_cursor_set(struct rollup_cursor *cursor, int64_t value, const uint8_t *subject,
                       size_t size)
{
    cursor->value = value;
    cursor->size = (uint16_t)size;
    memcpy(cursor->subject, subject, size);
}

bool rollup_visit(enum rollup_subject_kind kind, const uint8_t *subject, size_t size,
                  const struct counts *counts, rollup_row_visitor *visit, void *context)
{
    struct rollup_row row;

    /* Bytes that are no such subject: there is nothing that could be said of them. */
    if (!subject_decode(kind, subject, size, &row.subject))
        return true;
    row.counts = counts_rollup(counts);
    return visit(context, &row);
}

/* ---- totals ---- */

bool store_totals(struct store *store, int64_t since_us, int64_t until_us, rollup_visitor *visit,
                  void *context, struct error *error)
{
    sqlite3_stmt *statement =
        rollup_spans(store, rollup_span(SPAN_TOTAL, rollup_seconds(since_us) / ROLLUP_SLOT_S),
                     rollup_span(SPAN_TOTAL, rollup_last_period(until_us, ROLLUP_SLOT_S)), error);
    bool done = statement != NULL, more = true;
    int code;

    while (done && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        struct counts counts;
        struct rollup rollup;

        done = code == SQLITE_ROW ? rollup_read_counts(statement, 2, &counts, error)
                                  : store_failed(store, "be read", error);
        if (!done)
            break;
        rollup = counts_rollup(&counts);
        more = visit(context,
                     (sqlite3_column_int64(statement, 0) & SPAN_MASK) * ROLLUP_SLOT_S * US_PER_S,
                     &rollup);
    }
    if (statement)
        sqlite3_reset(statement);
    return done;
}

/* ---- names and addresses ---- */

static sqlite3_stmt *seen_statement(struct store *store, const struct rollup_listing *listing,
                                    const struct rollup_cursor *cursor, struct error *error)
{
    int64_t span = rollup_span(SPAN_SEEN + (int)listing->kind, 0);
    const char *prefix = listing->prefix ? listing->prefix : "";
    sqlite3_stmt *statement =
        rollups_check(store, error)
            ? store_statement(store, listing->by_name ? SQL_ROLLUP_NAMES : SQL_ROLLUP_RECENT, error)
            : NULL;

    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, span);
    if (listing->by_name) {
        sqlite3_bind_blob(statement, 2, cursor->size > 0 ? (const void *)cursor->subject : prefix,
                          cursor->size > 0 ? cursor->size : (int)strlen(prefix), SQLITE_STATIC);
        sqlite3_bind_int(statement, 3, INT_MAX);
        return statement;
    }
    sqlite3_bind_int64(statement, 2, cursor->size > 0 ? cursor->value : INT64_MAX);
    sqlite3_bind_blob(statement, 3, cursor->subject, cursor->size, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, login_key_at(listing->since_us));
    sqlite3_bind_int(statement, 5, INT_MAX);
    return statement;
}

struct seen {
    const struct rollup_listing *listing;
    const struct rollup_cursor *from;
    size_t limit, visited, looks;
    rollup_row_visitor *visit;
    void *context;
    struct rollup_cursor *cursor;
};

/* *more: the page is full, or it looked far enough. *end: no later name begins so. */
static bool look_at_row(struct seen *seen, sqlite3_stmt *row, bool *more, bool *end,
                        struct error *error)
{
    const uint8_t *subject = sqlite3_column_blob(row, 1);
    size_t size = (size_t)sqlite3_column_bytes(row, 1);
    bool fits = subject_begins_with(subject, size, seen->listing->prefix);
    struct counts counts;

    *end = *more = false;
    if (size == seen->from->size && memcmp(subject, seen->from->subject, size) == 0)
        return true; /* the last of the page before */
    *end = !fits && seen->listing->by_name;
    *more = !*end && (seen->visited == seen->limit || seen->looks++ == SEEN_LOOKS);
    if (*end || *more)
        return true;
    if (size > 0 && size <= sizeof(seen->cursor->subject))
        rollup_cursor_set(seen->cursor, sqlite3_column_int64(row, 0), subject, size);
    if (!fits)
        return true;
    seen->visited++;
    if (!rollup_read_counts(row, 2, &counts, error))
        return false;
    *end = !rollup_visit(seen->listing->kind, subject, size, &counts, seen->visit, seen->context);
    return true;
}

bool store_seen(struct store *store, const struct rollup_listing *listing, size_t limit,
                struct rollup_cursor *cursor, bool *more, rollup_row_visitor *visit, void *context,
                struct error *error)
{
    struct rollup_cursor from = *cursor; /* what the statement is bound to */
    struct seen seen = {listing, &from, limit, 0, 0, visit, context, cursor};
    sqlite3_stmt *statement = seen_statement(store, listing, &from, error);
    bool done = statement != NULL, end = false;
    int code;

    *more = false;
    while (done && !*more && !end && (code = sqlite3_step(statement)) != SQLITE_DONE)
        done = code == SQLITE_ROW ? look_at_row(&seen, statement, more, &end, error)
                                  : store_failed(store, "be read", error);
    if (statement) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    return done;
}

/* ---- one subject ---- */

static bool find_counts(struct store *store, int64_t span, const uint8_t *subject, size_t size,
                        struct counts *counts, bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ROLLUP_GET, error);
    bool done = true;
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, span);
    sqlite3_bind_blob(statement, 2, subject, (int)size, SQLITE_STATIC);
    code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    if (*found)
        done = rollup_read_counts(statement, 0, counts, error);
    else if (code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return done;
}

bool store_seen_find(struct store *store, const struct rollup_subject *subject,
                     struct rollup *counts, bool *found, struct error *error)
{
    uint8_t bytes[ROLLUP_SUBJECT_BYTES];
    size_t size = subject_encode(subject, bytes);
    struct counts read = {.attempts = 0};

    if (!rollups_check(store, error) ||
        !find_counts(store, rollup_span(SPAN_SEEN + (int)subject->kind, 0), bytes, size, &read,
                     found, error))
        return false;
    *counts = counts_rollup(&read);
    return true;
}

bool store_subject_totals(struct store *store, const struct rollup_subject *subject,
                          int64_t since_us, struct rollup *counts, bool *whole, struct error *error)
{
    uint8_t bytes[ROLLUP_SUBJECT_BYTES];
    size_t size = subject_encode(subject, bytes);
    int64_t newest_us, kind = SPAN_DAY + (int64_t)subject->kind;
    struct counts sum = {.attempts = 0}, read;
    bool found;

    *whole = true;
    if (!rollups_check(store, error) || !store_newest_us(store, &newest_us, error))
        return false;
    for (int64_t day = rollup_seconds(since_us) / S_PER_DAY;
         day <= rollup_seconds(newest_us) / S_PER_DAY; day++) {
        if (!find_counts(store, rollup_span((int)kind, day), bytes, size, &read, &found, error))
            return false;
        if (found)
            counts_add(&sum, &read, 1);
        if (!find_counts(store, rollup_span((int)kind, day), bytes, 0, &read, &found, error))
            return false;
        *whole = *whole && (!found || read.attempts == 0);
    }
    *counts = counts_rollup(&sum);
    return true;
}
