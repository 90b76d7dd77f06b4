/* Processes that anomalyd keeps: what each does first. */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include <sys/types.h>

/*
 * In the child, after fork(). Signals as a program finds them, SIGHUP ignored, for it is meant for
 * anomalyd and sent to all of its group; an end with the process that started this one.
 */
void child_begin(pid_t parent);

/* What a login's own worker gives up, too. */
void child_confine(void);

#endif
