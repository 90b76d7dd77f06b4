/*
 * The checkers: processes of anomalyd that wait for logins to check (check/request.h). One process
 * looks after them and replaces any that ends. They end with anomalyd; logins then check
 * themselves.
 */
#ifndef DAEMON_CHECKERS_H
#define DAEMON_CHECKERS_H

#include <sys/types.h>

#include "common/error.h"

struct checkers {
    pid_t pid; /* of the process that looks after them */
    int go_fd; /* it waits for this to be written to */
};

/*
 * Before SQLite is used: a process that holds a database must not be forked from. The checkers wait
 * for checkers_go(). store: the store's directory.
 */
bool checkers_start(struct checkers *checkers, const char *store, struct error *error) MUST_USE;

/* The store is there and ours: listen from now on. */
bool checkers_go(const struct checkers *checkers, struct error *error) MUST_USE;

/* False when the process that looks after them has ended. */
bool checkers_are_there(struct checkers *checkers) MUST_USE;

void checkers_stop(struct checkers *checkers);

#endif
