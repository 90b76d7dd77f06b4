/*
 * The guard: runs work in a forked worker that has given up root and has limits and a deadline, and
 * turns whatever happens to it into an answer. The parent keeps its memory, its descriptors, its
 * signal handlers and its other children exactly as they were.
 *
 * The worker is cloned with no exit signal: the application gets no SIGCHLD and its wait() does not
 * see it. Atfork handlers of the application do not run. In an application with other threads the
 * child may find a heap lock taken by a thread that it does not have; it then waits until the
 * deadline ends it, which is one of the faults that are answered.
 */
#ifndef PAM_MODULE_GUARD_H
#define PAM_MODULE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/* Limits of a worker, besides the deadline. */
#define GUARD_CPU_S      2
#define GUARD_OPEN_FILES 64
#define GUARD_HEAP_BYTES (UINT64_C(1) << 30) /* what the application itself holds counts too */

/*
 * Runs in the worker, with two descriptors besides 0 to 2. It sends its reply by one
 * guard_reply(); when it sends none, that is a crash.
 */
typedef void guard_work(void *context, int reply_fd, int kept_fd);

void guard_reply(int reply_fd, const void *reply, size_t size);

struct guard_identity {
    uid_t uid;
    gid_t gid;
};

/*
 * Runs work until it has replied and ended, or until deadline_us (clock_monotonic_us); what goes on
 * after the reply is waited for until the deadline too. True: reply holds the size bytes, at most
 * PIPE_BUF, that the worker sent; whether they make sense is the caller's to see. False with
 * FAULT_DEADLINE or FAULT_CRASH. kept_fd stays open in the worker, under another number. No process
 * is left behind but one that the kernel itself cannot end yet.
 */
bool guard_run(const struct guard_identity *identity, int64_t deadline_us, int kept_fd,
               guard_work *work, void *context, void *reply, size_t size,
               struct error *error) MUST_USE;

#endif
