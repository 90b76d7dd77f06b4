/*
 * Logins put into the order of their times, as far as a window of fixed size goes: histories of
 * several machines, or of sessions told when they end, are a little out of it.
 */
#ifndef TRAINER_LOGIN_ORDER_H
#define TRAINER_LOGIN_ORDER_H

#include "store/store.h"

#define LOGIN_ORDER_WINDOW 8192 /* logins that are held back */

struct login_order {
    struct stored_login *logins; /* twice the window; a login's number modulo that is its slot */
    uint32_t *heap, *position;   /* slots, the earliest login first; a slot's place in it */
    uint64_t *numbers;           /* of the logins in the slots */
    size_t held;
    uint64_t next;        /* the number of the next login */
    int64_t latest_us;    /* of all that were taken */
    int64_t out_of_order; /* taken after a later one */
};

bool login_order_init(struct login_order *order, struct error *error) MUST_USE;
void login_order_finish(struct login_order *order);

/* Whether one must be taken before another is put. */
bool login_order_is_full(const struct login_order *order);

/* Numbers count from 0. */
void login_order_put(struct login_order *order, const struct stored_login *login);

/*
 * The earliest one held, of equal ones the first that was put; or the first that was put when it
 * was held for two windows. NULL: none is held. It lasts until the next one is put.
 */
const struct stored_login *login_order_take(struct login_order *order, uint64_t *number);

#endif
