/*
 * Asking anomalyd's checkers: a socket in the store's directory, a connection for each job. Job and
 * reply are sent as they are in memory, behind a word that tells their layout: both ends are
 * programs of one machine, though not always of one version.
 */
#ifndef CHECK_REQUEST_H
#define CHECK_REQUEST_H

#include <sys/types.h>

#include "check/check.h"

#define CHECK_SOCKET_FILE "check.socket"

/*
 * Has a checker run the job and waits for its reply until deadline_us (clock_monotonic_us). owner:
 * the owner of the store's directory, who must be the one that listens. False when there is no
 * checker, or none of this version, or it was too late; the job may have been done nevertheless.
 */
bool check_ask(int store_fd, uid_t owner, const struct check_job *job, int64_t deadline_us,
               struct check_reply *reply) MUST_USE;

/* Creates the socket in the place of an older one; *fd is the caller's. */
bool check_listen(int store_fd, int *fd, struct error *error) MUST_USE;

/*
 * Waits for one connection and serves it. Only root and the own user are served, no job whose
 * deadline has passed is begun, and one that takes longer than CHECK_MAX_S ends the process by
 * SIGALRM.
 */
#define CHECK_MAX_S 1
void check_serve(int listen_fd, int store_fd, struct check_kept *kept);

#endif
