/* Inside the store's room: how counts and lists are kept with the logins' rows. */
#ifndef STORE_ROLLUP_TABLES_H
#define STORE_ROLLUP_TABLES_H

#include "store/login_list.h"
#include "store/rollup.h"
#include "store/store_tables.h"

#define ROLLUPS_SINCE 3 /* schema version */

/*
 * A row of the table `rollup`: what one subject adds up to in one span, which is a kind and a
 * period of it. The subject of a remainder and of totals is empty.
 */
#define SUBJECT_KINDS 4 /* enum rollup_subject_kind */
enum span_kind {
    SPAN_TOTAL = 1,
    SPAN_HOUR = 2, /* and on, by subject kind */
    SPAN_DAY = SPAN_HOUR + SUBJECT_KINDS,
    SPAN_SEEN = SPAN_DAY + SUBJECT_KINDS, /* USER and ADDRESS; their only period is 0 */
    SPAN_END = SPAN_SEEN + 2
};
#define SPAN_SHIFT 40
#define SPAN_MASK  ((INT64_C(1) << SPAN_SHIFT) - 1)

/* What a row holds. */
struct counts {
#define ROLLUP_COUNTER(name) int64_t name;
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    int64_t subjects;            /* of a remainder: rows of its span beside it */
    int64_t worst;               /* risk in millionths */
    int64_t first_key, last_key; /* 0: none */
};

#define COUNTS_MAX_BYTES 160

size_t counts_encode(const struct counts *counts, uint8_t bytes[COUNTS_MAX_BYTES]);
bool counts_decode(struct counts *counts, const void *bytes, size_t size,
                   struct error *error) MUST_USE;
void counts_add(struct counts *sum, const struct counts *more, int64_t times);
struct rollup counts_rollup(const struct counts *counts);

/* Subjects as bytes. Returns their number, 0 when the event has no such subject. */
size_t subject_encode(const struct rollup_subject *subject, uint8_t bytes[ROLLUP_SUBJECT_BYTES]);
size_t subject_of_event(enum rollup_subject_kind kind, const struct login_event *event,
                        uint8_t bytes[ROLLUP_SUBJECT_BYTES]);
bool subject_decode(enum rollup_subject_kind kind, const uint8_t *bytes, size_t size,
                    struct rollup_subject *subject) MUST_USE;

int64_t key_s(int64_t key); /* UTC seconds of a login's key */

/* ---- the writer's (rollup_change.c, rollup_cache.c) -------------------------------------------
 */

struct rollup_entry {
    struct rollup_entry *next;        /* in its bucket */
    struct rollup_entry *next_dirty;  /* in the list of those to be written */
    struct rollup_entry *next_member; /* of its span; a remainder's is the first */
    struct rollup_entry *remainder;   /* of its span; NULL: it is one, or of a span without */
    struct rollup_entry *recent[2];   /* of SEEN: the subject's last hour and day */
    int64_t span;
    uint64_t hash;        /* of the subject */
    struct counts counts; /* no attempts: there is no such row, unless it is a remainder */
    bool stored, dirty, is_member;
    uint16_t size;
    uint8_t subject[];
};

struct rollup_chunk;

struct rollup_cache {
    struct rollup_entry **bucket;
    struct rollup_chunk *chunk; /* memory of the entries, which end together */
    size_t chunk_used;
    struct rollup_entry *dirty; /* those to be written at commit */
    size_t count;
    int64_t newest_hour;  /* of all logins so far, when it is known */
    int64_t past_hour;    /* hours up to this one are not kept */
    int64_t written_hour; /* while counting anew: later periods are in no table */
    bool knows_newest;
    bool anew; /* all logins are being counted again, in the order of their keys */
};

/* Makes the cache when there is none. */
bool rollup_begin(struct store *store, struct error *error) MUST_USE;

/* NULL on failure. Valid until the next rollup_trim_cache(). */
struct rollup_entry *rollup_hold(struct store *store, int64_t span, const uint8_t *subject,
                                 size_t size, uint64_t hash, struct error *error);
void rollup_mark(struct store *store, struct rollup_entry *entry);

/* Into the list of its span's members, and the first of them out of it. */
void rollup_join(struct rollup_entry *entry);
void rollup_leave(struct rollup_entry *remainder);
bool rollup_is_remainder(const struct rollup_entry *entry);

/* Brings all rows of a span into the cache. */
bool rollup_hold_span(struct store *store, int64_t span, struct error *error) MUST_USE;

/* Drops what is cached when it is much, having written it. */
bool rollup_trim_cache(struct store *store, struct error *error) MUST_USE;
bool rollup_flush(struct store *store, struct error *error) MUST_USE;
void rollup_forget_cache(struct store *store); /* what was not flushed is lost */
void rollup_finish(struct store *store);

/* Whether a span is of an hour that is not kept any more. */
bool rollup_is_past(const struct store *store, int64_t span);

/* Forgets all counts: every login is to be counted again before rollup_end_anew(). */
bool rollup_begin_anew(struct store *store, struct error *error) MUST_USE;
void rollup_end_anew(struct store *store);

/* ---- lists (login_list.c) ---------------------------------------------------------------------
 */

/* A row, and whether its login is put off, which only counts and lists know. */
struct login_state {
    const struct login_row *row;
    bool later;
};

/* QUEUE, LATER or JUDGED; LIST_COUNT when it is in none of them. */
enum login_list list_of_triage(const struct login_state *state);

/* Whether the login stands in a list, with which value. */
bool list_value(enum login_list list, const struct login_state *state, int64_t *value);

bool list_is_parted(enum login_list list);
int64_t list_rank(enum login_list list, int64_t key); /* of the rows of a list's part */

/* Empties all lists but LATER. */
bool login_lists_begin_anew(struct store *store, struct error *error) MUST_USE;

bool login_list_change(struct store *store, const struct login_state *before,
                       const struct login_state *after, struct error *error) MUST_USE;

/* A login's counts move from what it was to what it is; NULL: it was not, or is not there. */
bool rollup_change(struct store *store, const struct login_state *before,
                   const struct login_state *after, struct error *error) MUST_USE;

#endif
