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
    pid_t pid; /* of the process that looks after them; -1: there is none */
    int go_fd; /* a conversation with it */
};

/*
 * Before SQLite is used: a process that holds a database must not be forked from. The checkers wait
 * for checkers_go(). store: the store's directory.
 */
bool checkers_start(struct checkers *checkers, const char *store, struct error *error) MUST_USE;

/* The store is there and ours: listen from now on. */
bool checkers_go(struct checkers *checkers, struct error *error) MUST_USE;

/* True once, when the process that looks after them has ended by itself. */
bool checkers_have_ended(struct checkers *checkers) MUST_USE;

void checkers_stop(struct checkers *checkers);

#endif
