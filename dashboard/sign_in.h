/*
 * Sign-in by name and password: questions wait in a bounded queue for the helper, and their
 * requests sleep meanwhile. Thread-safe.
 */
#ifndef DASHBOARD_SIGN_IN_H
#define DASHBOARD_SIGN_IN_H

#include "dashboard/reply.h"
#include "dashboard/sign_in_helper.h"

#define SIGN_IN_QUEUE_MAX      16
#define SIGN_IN_QUEUE_MAX_EACH 2 /* from one address */

struct sign_in_desk;
struct sign_in; /* one question */

/* Takes over the helper's descriptor. NULL: no memory or no thread; the descriptor is closed. */
struct sign_in_desk *sign_in_desk_create(int helper);
void sign_in_desk_destroy(struct sign_in_desk *desk);

/*
 * Queues a question; the texts are copied and later wiped. NULL: too many wait. The waker is woken
 * when sign_in_is_answered().
 */
struct sign_in *sign_in_ask(struct sign_in_desk *desk, const struct sign_in_question *question);
const char *sign_in_name(const struct sign_in *sign_in);
unsigned sign_in_generation(const struct sign_in *sign_in);
struct reply_waker *sign_in_waker(struct sign_in *sign_in);
bool sign_in_is_answered(struct sign_in *sign_in, struct sign_in_answer *answer);

/* Gives the question up, answered or not. */
void sign_in_drop(void *sign_in);

#endif
