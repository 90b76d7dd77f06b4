/*
 * Counts of logins, kept beside them so that nobody has to scan: the writer applies what a login's
 * row adds to them whenever it inserts, changes, labels or deletes one, in the same transaction.
 * They are at all times what the stored logins add up to; a login counts at the moment of its id.
 *
 * Totals stand by ten minutes. The busiest names, addresses, networks and places stand by hour,
 * ROLLUP_HOURS back from the newest login, and by day. Names and addresses also have a row of
 * their own for as long as a login of theirs is stored.
 *
 * Whoever can reach the host can make up names and addresses: an hour keeps at most
 * ROLLUP_HOUR_MOST subjects of a kind and a day ROLLUP_DAY_MOST, or ROLLUP_DAY_NAMES names, while
 * it lasts ROLLUP_OPEN_TIMES as many. The least busy, first those that never succeeded, go into a
 * remainder, so that the sum stays exact; one that comes back begins at zero. Names and addresses
 * of their own are bounded by the logins that are kept, see struct store_keeping.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/store.h"

#define ROLLUP_SLOT_S     600
#define ROLLUP_HOURS      26
#define ROLLUP_HOUR_MOST  128
#define ROLLUP_DAY_MOST   256
#define ROLLUP_DAY_NAMES  512 /* of names, whose days are added up for each */
#define ROLLUP_OPEN_TIMES 4

/*
 * ROLLUP_COUNTER(name). successes: accepted or more; failures: the others. By verdict, each login
 * counts in at most one of logged to would_deny: "would" where the answer was less. faults: not
 * assessed. queued: waits for somebody's judgement (store/login_list.h).
 */
#define ROLLUP_COUNTERS                                                                            \
    ROLLUP_COUNTER(attempts)                                                                       \
    ROLLUP_COUNTER(successes)                                                                      \
    ROLLUP_COUNTER(failures)                                                                       \
    ROLLUP_COUNTER(logged)                                                                         \
    ROLLUP_COUNTER(step_ups)                                                                       \
    ROLLUP_COUNTER(denials)                                                                        \
    ROLLUP_COUNTER(would_step_up)                                                                  \
    ROLLUP_COUNTER(would_deny)                                                                     \
    ROLLUP_COUNTER(faults)                                                                         \
    ROLLUP_COUNTER(queued)

struct rollup {
#define ROLLUP_COUNTER(name) int64_t name;
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    /* Of what was ever counted here; forgetting logins does not take it back. */
    int64_t first_us, last_us; /* 0: nothing was */
    int64_t last_key;          /* of the login then */
    double worst_risk;
};

void rollup_add(struct rollup *sum, const struct rollup *more);

enum rollup_subject_kind { ROLLUP_USER, ROLLUP_ADDRESS, ROLLUP_NETWORK, ROLLUP_PLACE };

/* Who or what is counted; of its kind's fields only. */
struct rollup_subject {
    enum rollup_subject_kind kind;
    char user[LOGIN_USER_BYTES];
    struct ip_address address;
    struct place place; /* NETWORK: asn and country; PLACE: country, city, coordinates to 0.1 */
};

struct rollup_row {
    struct rollup_subject subject;
    struct rollup counts;
};

/* Return false to stop (not an error). */
typedef bool rollup_visitor(void *context, int64_t time_us, const struct rollup *counts);
typedef bool rollup_row_visitor(void *context, const struct rollup_row *row);

/* Whether the store has them: one that no writer of this version opened yet does not. */
bool store_has_rollups(const struct store *store);

/* Those of the range's slots that had logins, in the order of time: from the slot that since_us
 * lies in to the one before until_us (0: no end). */
bool store_totals(struct store *store, int64_t since_us, int64_t until_us, rollup_visitor *visit,
                  void *context, struct error *error) MUST_USE;

enum rollup_order { ROLLUP_BY_ATTEMPTS, ROLLUP_BY_FAILURES, ROLLUP_BY_LAST };

/* Where a list goes on: behind the row with that value and subject. */
#define ROLLUP_SUBJECT_BYTES 288
struct rollup_cursor {
    int64_t value;
    uint16_t size; /* 0: at the beginning */
    uint8_t subject[ROLLUP_SUBJECT_BYTES];
};

/*
 * The busiest of a range, the most first: by whole hours where these are kept and the range is not
 * longer than ROLLUP_EXACT_S, else by whole days of UTC; what the range begins or ends in counts
 * in full. At most `limit` from the cursor on, which then stands behind the last of them. *more:
 * there are others.
 */
#define ROLLUP_EXACT_S (25 * 3600)
struct rollup_range {
    enum rollup_subject_kind kind;
    int64_t since_us, until_us; /* until_us 0: no end */
    enum rollup_order order;
    const char *prefix; /* of USER: only names that begin so; NULL: all */
};
bool store_busiest(struct store *store, const struct rollup_range *range, size_t limit,
                   struct rollup_cursor *cursor, bool *more, rollup_row_visitor *visit,
                   void *context, struct error *error) MUST_USE;

/*
 * Names or addresses that a stored login has: the latest first or, of names, by their bytes.
 * prefix: only names that begin so; NULL or "": all. Looks at a bounded number of rows, and may
 * therefore visit fewer than `limit` while there are more.
 */
struct rollup_listing {
    enum rollup_subject_kind kind; /* USER or ADDRESS */
    bool by_name;
    const char *prefix;
    int64_t since_us; /* not by name: none whose last login was before */
};
bool store_seen(struct store *store, const struct rollup_listing *listing, size_t limit,
                struct rollup_cursor *cursor, bool *more, rollup_row_visitor *visit, void *context,
                struct error *error) MUST_USE;

/* One subject's counts: of its own row; *found is false when it has none. */
bool store_seen_find(struct store *store, const struct rollup_subject *subject,
                     struct rollup *counts, bool *found, struct error *error) MUST_USE;

/*
 * One subject's counts of a range, by days of UTC. *whole is false when a day's remainder may hold
 * some of them, and they are a lower bound.
 */
bool store_subject_totals(struct store *store, const struct rollup_subject *subject,
                          int64_t since_us, struct rollup *counts, bool *whole,
                          struct error *error) MUST_USE;

#endif
