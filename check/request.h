/*
 * Asking anomalyd's checkers: a socket in the store's directory, a connection for each job. Job and
 * reply are sent as they are in memory, behind a word that tells their layout: both ends are
 * programs of one machine, though not always of one version. The reply comes through a pipe that is
 * sent with the job, for only bytes come through a pipe: what closes a descriptor that somebody
 * attached to a message may wait as long as that somebody likes.
 */
#ifndef CHECK_REQUEST_H
#define CHECK_REQUEST_H

#include <sys/types.h>

#include "check/check.h"

#define CHECK_SOCKET_FILE "check.socket"

/* Tells the layout of everything that is handed over by memory. */
uint64_t check_layout(void);

/*
 * Has a checker run the job and waits for its reply until the job's deadline. owner: the owner of
 * the store's directory, who must be the one that listens. False when there is no checker, or none
 * of this version, or it was too late; the job may have been done nevertheless.
 */
bool check_ask(int store_fd, uid_t owner, const struct check_job *job,
               struct check_reply *reply) MUST_USE;

/* Creates the socket in the place of an older one; *fd is the caller's. */
bool check_listen(int store_fd, int *fd, struct error *error) MUST_USE;

/*
 * Waits for one connection and serves it. Only root and the own user are served, no job whose
 * deadline has passed is begun, and one that goes on for CHECK_LEAST_S, and past its deadline, ends
 * the process by SIGALRM.
 */
#define CHECK_LEAST_S 1
void check_serve(int listen_fd, int store_fd, struct check_kept *kept);

#endif
