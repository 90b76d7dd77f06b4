/*
 * How often a wrong sign-in may be tried: by address, by name, and by both, in a table that does
 * not grow. An address that guesses is stopped; a name that many addresses guess at stays open for
 * an address that has not. Thread-safe.
 */
#ifndef DASHBOARD_THROTTLE_H
#define DASHBOARD_THROTTLE_H

#include <stdint.h>

#include "common/error.h"

struct throttle;

struct throttle *throttle_create(struct error *error); /* NULL with an error */
void throttle_destroy(struct throttle *throttle);

/*
 * Takes a try from this address for this name ("": no name is given). 0: go on; otherwise
 * so many seconds to wait, and nothing was taken. now_us: monotonic.
 */
int64_t throttle_take(struct throttle *throttle, const char *address, const char *name,
                      int64_t now_us);

/* Gives it back: the try was right. */
void throttle_give_back(struct throttle *throttle, const char *address, const char *name,
                        int64_t now_us);

#endif
