/*
 * Lists of logins in orders that the table of logins has no index for: what waits for judgement by
 * risk, sessions by time, volume and length, labelled logins, verdicts. The writer keeps them with
 * the logins' rows. A list that is ordered by something else than time is cut into parts of some
 * hours, so that the greatest of a range are found without a scan.
 */
#ifndef STORE_LOGIN_LIST_H
#define STORE_LOGIN_LIST_H

#include "store/store.h"

/*
 * LOGIN_LIST(symbol, parted): what a row's value is stands beside it. Logins at or above log are
 * in one of QUEUE (no label), LATER (put off) and JUDGED (labelled).
 */
#define LOGIN_LISTS                                                                                \
    LOGIN_LIST(QUEUE, true)    /* risk in millionths, those that were accepted above all others */ \
    LOGIN_LIST(LATER, true)    /* the same */                                                      \
    LOGIN_LIST(JUDGED, true)   /* the same */                                                      \
    LOGIN_LIST(BYTES, true)    /* both ways, of closed sessions that moved any */                  \
    LOGIN_LIST(DURATION, true) /* seconds, of closed sessions that lasted any */                   \
    LOGIN_LIST(OPENED, false)  /* opened_us */                                                     \
    LOGIN_LIST(OPEN, false)    /* opened_us; not closed, and seen by the module */                 \
    LOGIN_LIST(LOGGED, false)  /* the login's key, as in all that follow: verdicts */              \
    LOGIN_LIST(STEPPED_UP, false)                                                                  \
    LOGIN_LIST(DENIED, false)                                                                      \
    LOGIN_LIST(LEGITIMATE, false) /* labels */                                                     \
    LOGIN_LIST(ATTACK, false)

enum login_list {
#define LOGIN_LIST(symbol, parted) LIST_##symbol,
    LOGIN_LISTS
#undef LOGIN_LIST
        LIST_COUNT
};

/*
 * Puts a login that waits for judgement off, or takes that back. It stays so until it is labelled.
 * *found is false, and nothing changes, when there is no such login or it does not wait. Inside a
 * writer's transaction.
 */
bool store_login_later(struct store *store, const struct login_id *id, bool later, bool *found,
                       struct error *error) MUST_USE;

#endif
