/* What a login's row adds to the counts, and the bounds of what strangers can make them hold. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "store/rollup_tables.h"

#define S_PER_HOUR 3600
#define MILLIONTHS 1e6

static const uint8_t NOBODY[1];

static int64_t span_at(int kind, int64_t period)
{
    return (int64_t)kind << SPAN_SHIFT | period;
}

bool rollup_is_past(const struct store *store, int64_t span)
{
    int64_t kind = span >> SPAN_SHIFT;

    return kind >= SPAN_HOUR && kind < SPAN_DAY && (span & SPAN_MASK) <= store->rollups->past_hour;
}

/* ---- contributions -------------------------------------------------------------------------- */

static void count_verdict(const struct stored_login *login, struct counts *counts)
{
    const struct assessment *assessment = &login->record.assessment;
    bool less = !login->imported && login->record.answer < assessment->verdict;

    counts->worst = (int64_t)(assessment->risk * MILLIONTHS);
    switch (assessment->verdict) {
    case VERDICT_LOG:
        counts->logged = 1;
        break;
    case VERDICT_STEP_UP:
        *(less ? &counts->would_step_up : &counts->step_ups) = 1;
        break;
    case VERDICT_DENY:
        *(less ? &counts->would_deny : &counts->denials) = 1;
        break;
    default:
        break;
    }
}

static struct counts contribution(const struct login_state *state)
{
    const struct login_row *row = state->row;
    bool accepted = (row->stages & STAGES_OF_SUCCESS) != 0;
    struct counts counts = {.attempts = 1,
                            .successes = accepted,
                            .failures = !accepted,
                            .faults = row->login.record.fault != FAULT_NONE,
                            .queued = list_of_triage(state) == LIST_QUEUE,
                            .first_key = row->key,
                            .last_key = row->key};

    if (row->login.record.assessed)
        count_verdict(&row->login, &counts);
    return counts;
}

/* ---- bounds --------------------------------------------------------------------------------- */

/* Those that stay first. */
static int compare_members(const void *left, const void *right)
{
    const struct counts *a = &(*(struct rollup_entry *const *)left)->counts;
    const struct counts *b = &(*(struct rollup_entry *const *)right)->counts;

    if ((a->successes > 0) != (b->successes > 0))
        return a->successes > 0 ? -1 : 1;
    if (a->attempts != b->attempts)
        return a->attempts > b->attempts ? -1 : 1;
    return a->last_key > b->last_key ? -1 : a->last_key < b->last_key;
}

static void move_to_remainder(struct store *store, struct rollup_entry *member)
{
    struct rollup_entry *remainder = member->remainder;

    counts_add(&remainder->counts, &member->counts, 1);
    remainder->counts.subjects--;
    memset(&member->counts, 0, sizeof(member->counts));
    rollup_mark(store, member);
    rollup_mark(store, remainder);
}

/* Leaves the busiest `most` of a span. */
static bool bound_span(struct store *store, struct rollup_entry *remainder, size_t most,
                       struct error *error)
{
    size_t subjects = (size_t)remainder->counts.subjects, count = 0;
    struct rollup_entry **members;

    if (subjects <= most)
        return true;
    if (!rollup_hold_span(store, remainder->span, error))
        return false;
    members = calloc(subjects, sizeof(struct rollup_entry *));
    if (!members)
        return error_set(error, FAULT_STORE, "no memory for the store's counts");
    for (struct rollup_entry *at = remainder->next_member; at; at = at->next_member) {
        if (at->counts.attempts > 0 && count < subjects)
            members[count++] = at;
    }
    qsort(members, count, sizeof(struct rollup_entry *), compare_members);
    while (remainder->next_member)
        rollup_leave(remainder);
    for (size_t i = 0; i < count; i++) {
        if (i < most)
            rollup_join(members[i]);
        else
            move_to_remainder(store, members[i]);
    }
    free(members);
    return true;
}

static size_t most_of(int64_t span)
{
    int64_t kind = span >> SPAN_SHIFT;

    return kind < SPAN_DAY                  ? ROLLUP_HOUR_MOST
           : kind == SPAN_DAY + ROLLUP_USER ? ROLLUP_DAY_NAMES
                                            : ROLLUP_DAY_MOST;
}

/* The spans of a period that ended. */
static bool close_period(struct store *store, int first_kind, int64_t period, struct error *error)
{
    for (int kind = first_kind; kind < first_kind + SUBJECT_KINDS; kind++) {
        int64_t span = span_at(kind, period);
        struct rollup_entry *remainder = rollup_hold(store, span, NOBODY, 0, 0, error);

        if (!remainder || !bound_span(store, remainder, most_of(span), error))
            return false;
    }
    return true;
}

static bool forget_hours(struct store *store, int64_t last_hour, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ROLLUP_FORGET_SPANS, error);

    for (int kind = SPAN_HOUR; statement && kind < SPAN_DAY; kind++) {
        sqlite3_bind_int64(statement, 1, span_at(kind, 0));
        sqlite3_bind_int64(statement, 2, span_at(kind, last_hour));
        if (!store_run(store, statement, "forget counts", error))
            return false;
    }
    return statement != NULL;
}

/* As time goes on, from login to login. */
static bool advance(struct store *store, int64_t hour, struct error *error)
{
    struct rollup_cache *cache = store->rollups;
    int64_t before = cache->newest_hour;

    if (hour <= before && cache->knows_newest)
        return true;
    if (!cache->knows_newest) {
        if (!login_row_load_last_key(store, error))
            return false;
        before = key_s(store->last_key) / S_PER_HOUR;
        cache->knows_newest = true;
        cache->past_hour = before - ROLLUP_HOURS;
        if (cache->anew || before > hour) {
            cache->newest_hour = cache->anew ? hour : before;
            return true;
        }
    }
    cache->newest_hour = hour;
    if (cache->past_hour < hour - ROLLUP_HOURS)
        cache->past_hour = hour - ROLLUP_HOURS;
    if (!close_period(store, SPAN_HOUR, before, error))
        return false;
    if (hour / 24 > before / 24 && !close_period(store, SPAN_DAY, before / 24, error))
        return false;
    return cache->anew || forget_hours(store, cache->past_hour, error);
}

/* ---- changing ------------------------------------------------------------------------------- */

static bool covers(const struct counts *counts, const struct counts *less)
{
#define ROLLUP_COUNTER(name)                                                                       \
    if (counts->name < less->name)                                                                 \
        return false;
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    return true;
}

static bool add(struct store *store, struct rollup_entry *entry, const struct counts *counts,
                struct error *error)
{
    bool is_new = entry->counts.attempts == 0;
    struct rollup_entry *remainder = entry->remainder;

    counts_add(&entry->counts, counts, 1);
    rollup_mark(store, entry);
    if (!is_new || !remainder)
        return true;
    rollup_join(entry);
    remainder->counts.subjects++;
    rollup_mark(store, remainder);
    return (size_t)remainder->counts.subjects <= most_of(entry->span) * ROLLUP_OPEN_TIMES ||
           bound_span(store, remainder, most_of(entry->span), error);
}

/* What a row does not hold any more, or never did since it began anew, the remainder holds. */
static void take(struct store *store, struct rollup_entry *entry, const struct counts *counts)
{
    if (entry->remainder && !covers(&entry->counts, counts))
        entry = entry->remainder;
    counts_add(&entry->counts, counts, -1);
    rollup_mark(store, entry);
    if (entry->counts.attempts > 0 || rollup_is_remainder(entry))
        return;
    memset(&entry->counts, 0, sizeof(entry->counts));
    if (entry->remainder) {
        entry->remainder->counts.subjects--;
        rollup_mark(store, entry->remainder);
    }
}

struct subject {
    uint8_t bytes[ROLLUP_SUBJECT_BYTES];
    size_t size;
    uint64_t hash;
};

static bool apply_entry(struct store *store, struct rollup_entry *entry,
                        const struct counts *counts, bool gone, struct error *error)
{
    if (!entry)
        return false;
    if (!gone)
        return add(store, entry, counts, error);
    take(store, entry, counts);
    return true;
}

/* *recent: where it was found last; NULL: nowhere. */
static struct rollup_entry *hold_recent(struct store *store, int64_t span,
                                        const struct subject *subject, struct rollup_entry **recent,
                                        struct error *error)
{
    if (!*recent || (*recent)->span != span)
        *recent = rollup_hold(store, span, subject->bytes, subject->size, subject->hash, error);
    return *recent;
}

static bool apply_subject(struct store *store, int kind, int64_t hour,
                          const struct subject *subject, const struct counts *counts, bool gone,
                          struct error *error)
{
    struct rollup_entry *nothing[2] = {NULL, NULL}, **recent = nothing, *seen;

    if (SPAN_SEEN + kind < SPAN_END) {
        seen = rollup_hold(store, span_at(SPAN_SEEN + kind, 0), subject->bytes, subject->size,
                           subject->hash, error);
        if (!apply_entry(store, seen, counts, gone, error))
            return false;
        recent = seen->recent;
    }
    return (hour <= store->rollups->past_hour ||
            apply_entry(
                store,
                hold_recent(store, span_at(SPAN_HOUR + kind, hour), subject, &recent[0], error),
                counts, gone, error)) &&
           apply_entry(
               store,
               hold_recent(store, span_at(SPAN_DAY + kind, hour / 24), subject, &recent[1], error),
               counts, gone, error);
}

static bool apply(struct store *store, const struct login_state *state, bool gone,
                  struct error *error)
{
    int64_t hour = key_s(state->row->key) / S_PER_HOUR;
    struct counts counts = contribution(state);
    struct subject subject;

    if (!apply_entry(store,
                     rollup_hold(store, span_at(SPAN_TOTAL, key_s(state->row->key) / ROLLUP_SLOT_S),
                                 NOBODY, 0, 0, error),
                     &counts, gone, error))
        return false;
    for (int kind = 0; kind < SUBJECT_KINDS; kind++) {
        subject.size = subject_of_event((enum rollup_subject_kind)kind,
                                        &state->row->login.record.event, subject.bytes);
        if (subject.size == 0)
            continue;
        subject.hash = hash_bytes(subject.bytes, subject.size);
        if (!apply_subject(store, kind, hour, &subject, &counts, gone, error))
            return false;
    }
    return true;
}

bool rollup_change(struct store *store, const struct login_state *before,
                   const struct login_state *after, struct error *error)
{
    int64_t key = after ? after->row->key : before->row->key;

    return rollup_begin(store, error) && rollup_trim_cache(store, error) &&
           advance(store, key_s(key) / S_PER_HOUR, error) &&
           (!before || apply(store, before, true, error)) &&
           (!after || apply(store, after, false, error));
}
