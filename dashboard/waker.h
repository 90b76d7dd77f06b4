/* Replies that sleep: connections that MHD has suspended, and what wakes them. */
#ifndef DASHBOARD_WAKER_H
#define DASHBOARD_WAKER_H

#include <microhttpd.h>

#include "dashboard/reply.h"

/*
 * Suspends the connection until the waker is woken, or wake_after_ms have passed. False: it was
 * woken meanwhile, or the service stops: go on at once.
 */
bool waker_sleep(struct reply_waker *waker, struct MHD_Connection *connection,
                 int64_t wake_after_ms) MUST_USE;

/* Nothing sleeps there any more: before its memory goes. */
void waker_forget(struct reply_waker *waker);

/* Wakes those whose time has come, and those whose client has gone. */
void wakers_tick(int64_t now_us);

/* Whether its client was found to have gone: nothing is to be sent any more. */
bool waker_is_gone(struct reply_waker *waker);

/* From now on nothing sleeps; all are woken. Before the service may stop. */
void wakers_stop(void);
bool wakers_are_stopped(void);

#endif
