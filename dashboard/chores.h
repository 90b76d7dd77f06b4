/*
 * What may take long, such as asking a directory service: done by threads of its own, so that those
 * who serve, and the one that keeps their deadlines, never wait for it. Thread-safe.
 */
#ifndef DASHBOARD_CHORES_H
#define DASHBOARD_CHORES_H

#include "common/error.h"

#define CHORE_THREADS 4
#define CHORES_MAX    64 /* that wait */

struct chores;

bool chores_create(struct chores **chores, struct error *error) MUST_USE;

/* Has run(context) called by one of the threads. False: too many wait. */
bool chores_add(struct chores *chores, void (*run)(void *context), void *context) MUST_USE;

/* Whether it still waited: it is then not run. */
bool chores_cancel(struct chores *chores, const void *context);

/*
 * Ends the threads; what waits is not run. False: some still run after CHORES_PATIENCE_S; they keep
 * what they use until the process ends. NULL is none.
 */
#define CHORES_PATIENCE_S 3
bool chores_destroy(struct chores *chores) MUST_USE;

#endif
