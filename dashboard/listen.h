/* Where the service listens. */
#ifndef DASHBOARD_LISTEN_H
#define DASHBOARD_LISTEN_H

#include "common/error.h"

#define LISTEN_DEFAULT "127.0.0.1:8787"

struct listening {
    int descriptor;
    bool local;    /* a Unix socket: who may connect is its directory's and mode's matter */
    bool loopback; /* an address that this machine alone reaches */
};

/*
 * "unix:PATH" (mode 0660; a socket that nobody listens on is replaced), "127.0.0.1:8787" or
 * "[::1]:8787". The descriptor is the caller's.
 */
bool listen_open(const char *where, struct listening *listening, struct error *error) MUST_USE;

/*
 * The socket that the service manager opened (LISTEN_PID, LISTEN_FDS: sd_listen_fds(3)). *found
 * false: it opened none. More than one, or one that does not listen, is an error.
 */
bool listen_inherited(struct listening *listening, bool *found, struct error *error) MUST_USE;

#endif
