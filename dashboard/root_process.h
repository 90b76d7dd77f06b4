/*
 * A process of this program that keeps root when the service gives it up, and answers what it is
 * asked over a socket of whole messages. Started before any thread.
 */
#ifndef DASHBOARD_ROOT_PROCESS_H
#define DASHBOARD_ROOT_PROCESS_H

#include "common/error.h"

/* Serves until the other end is gone; the process ends when it returns. */
typedef void root_process_serve(int descriptor, const void *context);

/*
 * Nothing of the service is open there but the socket and what it logs to. *descriptor: the
 * service's end, the caller's to close, which ends it. what: for a sentence, "the …".
 */
bool root_process_start(const char *what, root_process_serve *serve, const void *context,
                        int *descriptor, struct error *error) MUST_USE;

#endif
