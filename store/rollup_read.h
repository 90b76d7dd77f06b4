/* What reading counts takes in store/rollup_read.c and store/rollup_busiest.c, and nowhere else. */
#ifndef STORE_ROLLUP_READ_H
#define STORE_ROLLUP_READ_H

#include "store/rollup_tables.h"

/* Whether the store has counts; false says so. */
bool rollups_check(const struct store *store, struct error *error) MUST_USE;

/* The key of a kind's period; the last period that begins before until_us, of all when that is 0;
 * whole seconds, 0 before 1970. */
int64_t rollup_span(int kind, int64_t period);
int64_t rollup_last_period(int64_t until_us, int64_t length_s);
int64_t rollup_seconds(int64_t time_us);

/* The rows of spans: span, subject, counts; to be reset. NULL: it failed. */
sqlite3_stmt *rollup_spans(struct store *store, int64_t first, int64_t last, struct error *error);
bool rollup_read_counts(sqlite3_stmt *row, int column, struct counts *counts,
                        struct error *error) MUST_USE;

/* prefix NULL: all do. */
bool subject_begins_with(const uint8_t *subject, size_t size, const char *prefix);

/* Behind that subject, which stands at that value of its order. */
void rollup_cursor_set(struct rollup_cursor *cursor, int64_t value, const uint8_t *subject,
                       size_t size);

/* False when the visitor wants no more. Bytes that are no such subject are left out. */
bool rollup_visit(enum rollup_subject_kind kind, const uint8_t *subject, size_t size,
                  const struct counts *counts, rollup_row_visitor *visit, void *context);

#endif
