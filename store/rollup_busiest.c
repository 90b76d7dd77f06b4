/* The busiest subjects of a range: those of its periods, added up and ranked. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/rollup_read.h"
#include "store/subject_sums.h"

#define S_PER_HOUR 3600

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
    const struct subject_sums *sums;
    enum rollup_order order;
};

static int compare_sums(const void *left, const void *right, void *context)
{
    const struct ranking *ranking = context;
    const struct subject_sum *a = *(const struct subject_sum *const *)left,
                             *b = *(const struct subject_sum *const *)right;

    return compare_places(order_value(&a->counts, ranking->order), ranking->sums->bytes + a->at,
                          a->size, order_value(&b->counts, ranking->order),
                          ranking->sums->bytes + b->at, b->size);
}

/* The subjects of a range, added up. */
static bool gather(struct store *store, int64_t first, int64_t last, const char *prefix,
                   struct subject_sums *sums)
{
    sqlite3_stmt *statement = rollup_spans(store, first, last, sums->error);
    bool done = statement != NULL;
    int code;

    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        struct counts counts;
        size_t size = (size_t)sqlite3_column_bytes(statement, 1);

        if (code == SQLITE_ROW && /* a remainder has no subject */
            (size == 0 || !subject_begins_with(sqlite3_column_blob(statement, 1), size, prefix)))
            continue;
        done = code == SQLITE_ROW
                   ? rollup_read_counts(statement, 2, &counts, sums->error) &&
                         subject_sums_add(sums, sqlite3_column_blob(statement, 1), size, &counts)
                   : store_failed(store, "be read", sums->error);
    }
    if (statement)
        sqlite3_reset(statement);
    return done;
}

/* Those behind the cursor, the first `limit` of them. */
static bool visit_ranking(const struct rollup_range *range, size_t limit,
                          struct rollup_cursor *cursor, bool *more, struct subject_sums *sums,
                          rollup_row_visitor *visit, void *context)
{
    struct ranking ranking = {sums, range->order};
    const struct subject_sum **behind = calloc(sums->count + 1, sizeof(*behind));
    size_t count = 0;

    if (!behind)
        return error_set(sums->error, FAULT_STORE, "no memory for the store's counts");
    for (size_t i = 0; i < sums->count; i++) {
        const struct subject_sum *sum = &sums->sum[i];

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

        rollup_cursor_set(cursor, order_value(&behind[i]->counts, range->order), subject,
                          behind[i]->size);
        if (!rollup_visit(range->kind, subject, behind[i]->size, &behind[i]->counts, visit,
                          context))
            break;
    }
    free(behind);
    return true;
}

/* *first, *last: the spans of the range. */
static bool spans_of(struct store *store, const struct rollup_range *range, int64_t *first,
                     int64_t *last, struct error *error)
{
    int64_t newest_us, since_s = rollup_seconds(range->since_us), kept_s;
    bool hours;

    if (!store_newest_us(store, &newest_us, error))
        return false;
    kept_s = (newest_us / US_PER_S / S_PER_HOUR - ROLLUP_HOURS + 1) * S_PER_HOUR;
    hours = since_s >= kept_s &&
            rollup_seconds(range->until_us > 0 ? range->until_us : newest_us) - since_s <=
                ROLLUP_EXACT_S;
    *first = hours ? rollup_span(SPAN_HOUR + (int)range->kind, since_s / S_PER_HOUR)
                   : rollup_span(SPAN_DAY + (int)range->kind, since_s / S_PER_DAY);
    *last = hours ? rollup_span(SPAN_HOUR + (int)range->kind,
                                rollup_last_period(range->until_us, S_PER_HOUR))
                  : rollup_span(SPAN_DAY + (int)range->kind,
                                rollup_last_period(range->until_us, S_PER_DAY));
    return true;
}

bool store_busiest(struct store *store, const struct rollup_range *range, size_t limit,
                   struct rollup_cursor *cursor, bool *more, rollup_row_visitor *visit,
                   void *context, struct error *error)
{
    struct subject_sums sums = {.error = error};
    int64_t first, last;
    bool done = spans_of(store, range, &first, &last, error) &&
                gather(store, first, last, range->prefix, &sums) &&
                visit_ranking(range, limit, cursor, more, &sums, visit, context);

    subject_sums_finish(&sums);
    return done;
}
