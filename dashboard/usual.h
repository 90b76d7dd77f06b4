/*
 * Values that logins had, counted: a user's devices, a source's names. At most USUAL_MOST different
 * ones are told apart, the first that come; who comes newest first keeps those in use.
 */
#ifndef DASHBOARD_USUAL_H
#define DASHBOARD_USUAL_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define USUAL_MOST  64
#define USUAL_BYTES LOGIN_USER_BYTES

struct usual_value {
    char text[USUAL_BYTES];
    struct place place; /* of the latest */
    int64_t logins, successes, last_us;
};

struct usual {
    struct usual_value value[USUAL_MOST];
    size_t count;
};

/* "" is no value. */
void usual_add(struct usual *usual, const char *text, const struct stored_login *login);

/* The most frequent first. */
void usual_sort(struct usual *usual);

#endif
