/* Reading counts. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "store/rollup_tables.h"

#define S_PER_HOUR  3600
#define TABLE_SLOTS 4096 /* at first */
#define SEEN_LOOKS  20000

bool store_has_rollups(const struct store *store)
{
    return store->version >= ROLLUPS_SINCE;
}

static bool check_rollups(const struct store *store, struct error *error)
{
    return store_has_rollups(store) ||
           error_set(error, FAULT_STORE,
                     "the store %s was written by an older version and has no counts yet: start "
                     "anomalyd of this version once",
                     store->path);
}

static int64_t span_at(int kind, int64_t period)
{
    return (int64_t)kind << SPAN_SHIFT | period;
}

static int64_t seconds(int64_t time_us)
{
    return time_us > 0 ? time_us / US_PER_S : 0;
}

/* The last period that begins before until_us. */
static int64_t last_period(int64_t until_us, int64_t length_s)
{
    return until_us > 0 ? (until_us - 1) / US_PER_S / length_s : SPAN_MASK;
}

static bool read_counts(sqlite3_stmt *row, int column, struct counts *counts, struct error *error)
{
    return counts_decode(counts, sqlite3_column_blob(row, column),
                         (size_t)sqlite3_column_bytes(row, column), error);
}

/* ---- totals --------------------------------------------------------------------------------- */

static sqlite3_stmt *spans(struct store *store, int64_t first, int64_t last, struct error *error)
{
    sqlite3_stmt *statement =
        check_rollups(store, error) ? store_statement(store, SQL_ROLLUP_SPANS, error) : NULL;

    if (!statement)
        return NULL;
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, last);
    return statement;
}

bool store_totals(struct store *store, int64_t since_us, int64_t until_us, rollup_visitor *visit,
                  void *context, struct error *error)
{
    sqlite3_stmt *statement =
        spans(store, span_at(SPAN_TOTAL, seconds(since_us) / ROLLUP_SLOT_S),
              span_at(SPAN_TOTAL, last_period(until_us, ROLLUP_SLOT_S)), error);
    bool done = statement != NULL, more = true;
    int code;

    while (done && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        struct counts counts;
        struct rollup rollup;

        done = code == SQLITE_ROW ? read_counts(statement, 2, &counts, error)
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

/* ---- the busiest ---------------------------------------------------------------------------- */

/* One subject's sum over the periods of a range. */
struct sum {
    struct counts counts;
    uint64_t hash;
    size_t at; /* of the subject, in the table's bytes */
    uint16_t size;
};

/* Open addressing; slots hold an index into sums, from 1. */
struct sums {
    struct sum *sum;
    uint32_t *slot;
    uint8_t *bytes;
    size_t count, slots, used, capacity;
    struct error *error;
};

static bool no_memory(struct sums *sums)
{
    return error_set(sums->error, FAULT_STORE, "no memory for the store's counts");
}

static void sums_finish(struct sums *sums)
{
    free(sums->sum);
    free(sums->slot);
    free(sums->bytes);
}

static bool sums_grow(struct sums *sums)
{
    size_t slots = sums->slots > 0 ? sums->slots * 2 : TABLE_SLOTS;
    struct sum *sum = realloc(sums->sum, slots / 2 * sizeof(*sum));
    uint32_t *slot = calloc(slots, sizeof(*slot));

    if (sum)
        sums->sum = sum;
    if (!sum || !slot) {
        free(slot);
        return no_memory(sums);
    }
    free(sums->slot);
    sums->slot = slot;
    sums->slots = slots;
    for (size_t i = 0; i < sums->count; i++) {
        size_t at = sum[i].hash & (slots - 1);

        while (slot[at] != 0)
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool sums_keep(struct sums *sums, const uint8_t *subject, size_t size)
{
    if (sums->used + size > sums->capacity) {
        size_t capacity = (sums->capacity + size) * 2 + 65536;
        uint8_t *bytes = realloc(sums->bytes, capacity);

        if (!bytes)
            return no_memory(sums);
        sums->bytes = bytes;
        sums->capacity = capacity;
    }
    memcpy(sums->bytes + sums->used, subject, size);
    sums->used += size;
    return true;
}

static bool sums_add(struct sums *sums, const uint8_t *subject, size_t size,
                     const struct counts *counts)
{
    uint64_t hash = hash_bytes(subject, size);
    struct sum *sum;
    size_t at;

    if ((sums->count + 1) * 2 > sums->slots && !sums_grow(sums))
        return false;
    for (at = hash & (sums->slots - 1); sums->slot[at] != 0; at = (at + 1) & (sums->slots - 1)) {
        sum = &sums->sum[sums->slot[at] - 1];
        if (sum->hash == hash && sum->size == size &&
            memcmp(sums->bytes + sum->at, subject, size) == 0) {
            counts_add(&sum->counts, counts, 1);
            return true;
        }
    }
    sum = &sums->sum[sums->count];
    *sum = (struct sum){.counts = *counts, .hash = hash, .at = sums->used, .size = (uint16_t)size};
    if (!sums_keep(sums, subject, size))
        return false;
    sums->slot[at] = (uint32_t)++sums->count;
    return true;
}

static int64_t order_value(const struct counts *counts, enum rollup_order order)
{
    return order == ROLLUP_BY_ATTEMPTS   ? counts->attempts
           : order == ROLLUP_BY_FAILURES ? counts->failures
                                         : counts->last_key;
}

/* The falling order of lists: by value, then by the subject's bytes. */
static int compare_places(int64_t a_value, const uint8_t *a, size_t a_size, int64_t b_value,
                          const uint8_t *b, size_t b_size)
{
    int bytes = memcmp(a, b, a_size < b_size ? a_size : b_size);

    if (a_value != b_value)
        return a_value > b_value ? -1 : 1;
    if (bytes != 0)
        return bytes > 0 ? -1 : 1;
    return a_size > b_size ? -1 : a_size < b_size;
}

struct ranking {
    const struct sums *sums;
    enum rollup_order order;
};

static int compare_sums(const void *left, const void *right, void *context)
{
    const struct ranking *ranking = context;
    const struct sum *a = *(const struct sum *const *)left, *b = *(const struct sum *const *)right;

    return compare_places(order_value(&a->counts, ranking->order), ranking->sums->bytes + a->at,
                          a->size, order_value(&b->counts, ranking->order),
                          ranking->sums->bytes + b->at, b->size);
}

static bool begins_with(const uint8_t *subject, size_t size, const char *prefix)
{
    size_t length = prefix ? strlen(prefix) : 0;

    return size >= length && memcmp(subject, prefix ? prefix : "", length) == 0;
}

/* The subjects of a range, added up. */
static bool gather(struct store *store, int64_t first, int64_t last, const char *prefix,
                   struct sums *sums)
{
    sqlite3_stmt *statement = spans(store, first, last, sums->error);
    bool done = statement != NULL;
    int code;

    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        struct counts counts;
        size_t size = (size_t)sqlite3_column_bytes(statement, 1);

        if (code == SQLITE_ROW && /* a remainder has no subject */
            (size == 0 || !begins_with(sqlite3_column_blob(statement, 1), size, prefix)))
            continue;
        done = code == SQLITE_ROW
                   ? read_counts(statement, 2, &counts, sums->error) &&
                         sums_add(sums, sqlite3_column_blob(statement, 1), size, &counts)
                   : store_failed(store, "be read", sums->error);
    }
    if (statement)
        sqlite3_reset(statement);
    return done;
}

static void cursor_set(struct rollup_cursor *cursor, int64_t value, const uint8_t *subject,
                       size_t size)
{
    cursor->value = value;
    cursor->size = (uint16_t)size;
    memcpy(cursor->subject, subject, size);
}

static bool visit_sum(enum rollup_subject_kind kind, const uint8_t *subject, size_t size,
                      const struct counts *counts, rollup_row_visitor *visit, void *context)
{
    struct rollup_row row;

    /* Bytes that are no such subject: there is nothing that could be said of them. */
    if (!subject_decode(kind, subject, size, &row.subject))
        return true;
    row.counts = counts_rollup(counts);
    return visit(context, &row);
}

/* Those behind the cursor, the first `limit` of them. */
static bool visit_ranking(const struct rollup_range *range, size_t limit,
                          struct rollup_cursor *cursor, bool *more, struct sums *sums,
                          rollup_row_visitor *visit, void *context)
{
    struct ranking ranking = {sums, range->order};
    const struct sum **behind = calloc(sums->count + 1, sizeof(*behind));
    size_t count = 0;

    if (!behind)
        return no_memory(sums);
    for (size_t i = 0; i < sums->count; i++) {
        const struct sum *sum = &sums->sum[i];

        if (order_value(&sum->counts, range->order) > 0 &&
            (cursor->size == 0 ||
             compare_places(order_value(&sum->counts, range->order), sums->bytes + sum->at,
                            sum->size, cursor->value, cursor->subject, cursor->size) > 0))
            behind[count++] = sum;
    }
    qsort_r(behind, count, sizeof(*behind), compare_sums, &ranking);
    *more = count > limit;
    for (size_t i = 0; i < count && i < limit; i++) {
        const uint8_t *subject = sums->bytes + behind[i]->at;

        cursor_set(cursor, order_value(&behind[i]->counts, range->order), subject, behind[i]->size);
        if (!visit_sum(range->kind, subject, behind[i]->size, &behind[i]->counts, visit, context))
            break;
    }
    free(behind);
    return true;
}

/* *first, *last: the spans of the range. */
static bool spans_of(struct store *store, const struct rollup_range *range, int64_t *first,
                     int64_t *last, struct error *error)
{
    int64_t newest_us, since_s = seconds(range->since_us), kept_s;
    bool hours;

    if (!store_newest_us(store, &newest_us, error))
        return false;
    kept_s = (newest_us / US_PER_S / S_PER_HOUR - ROLLUP_HOURS + 1) * S_PER_HOUR;
    hours = since_s >= kept_s &&
            seconds(range->until_us > 0 ? range->until_us : newest_us) - since_s <= ROLLUP_EXACT_S;
    *first = hours ? span_at(SPAN_HOUR + (int)range->kind, since_s / S_PER_HOUR)
                   : span_at(SPAN_DAY + (int)range->kind, since_s / S_PER_DAY);
    *last = hours ? span_at(SPAN_HOUR + (int)range->kind, last_period(range->until_us, S_PER_HOUR))
                  : span_at(SPAN_DAY + (int)range->kind, last_period(range->until_us, S_PER_DAY));
    return true;
}

bool store_busiest(struct store *store, const struct rollup_range *range, size_t limit,
                   struct rollup_cursor *cursor, bool *more, rollup_row_visitor *visit,
                   void *context, struct error *error)
{
    struct sums sums = {.error = error};
    int64_t first, last;
    bool done = spans_of(store, range, &first, &last, error) &&
                gather(store, first, last, range->prefix, &sums) &&
                visit_ranking(range, limit, cursor, more, &sums, visit, context);

    sums_finish(&sums);
    return done;
}

/* ---- names and addresses -------------------------------------------------------------------- */

static sqlite3_stmt *seen_statement(struct store *store, const struct rollup_listing *listing,
                                    const struct rollup_cursor *cursor, struct error *error)
{
    int64_t span = span_at(SPAN_SEEN + (int)listing->kind, 0);
    const char *prefix = listing->prefix ? listing->prefix : "";
    sqlite3_stmt *statement =
        check_rollups(store, error)
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
    bool fits = begins_with(subject, size, seen->listing->prefix);
    struct counts counts;

    *end = *more = false;
    if (size == seen->from->size && memcmp(subject, seen->from->subject, size) == 0)
        return true; /* the last of the page before */
    *end = !fits && seen->listing->by_name;
    *more = !*end && (seen->visited == seen->limit || seen->looks++ == SEEN_LOOKS);
    if (*end || *more)
        return true;
    if (size > 0 && size <= sizeof(seen->cursor->subject))
        cursor_set(seen->cursor, sqlite3_column_int64(row, 0), subject, size);
    if (!fits)
        return true;
    seen->visited++;
    if (!read_counts(row, 2, &counts, error))
        return false;
    *end = !visit_sum(seen->listing->kind, subject, size, &counts, seen->visit, seen->context);
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

/* ---- one subject ---------------------------------------------------------------------------- */

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
        done = read_counts(statement, 0, counts, error);
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

    if (!check_rollups(store, error) ||
        !find_counts(store, span_at(SPAN_SEEN + (int)subject->kind, 0), bytes, size, &read, found,
                     error))
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
    if (!check_rollups(store, error) || !store_newest_us(store, &newest_us, error))
        return false;
    for (int64_t day = seconds(since_us) / S_PER_DAY; day <= seconds(newest_us) / S_PER_DAY;
         day++) {
        if (!find_counts(store, span_at((int)kind, day), bytes, size, &read, &found, error))
            return false;
        if (found)
            counts_add(&sum, &read, 1);
        if (!find_counts(store, span_at((int)kind, day), bytes, 0, &read, &found, error))
            return false;
        *whole = *whole && (!found || read.attempts == 0);
    }
    *counts = counts_rollup(&sum);
    return true;
}
