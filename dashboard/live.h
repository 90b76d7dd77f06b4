/*
 * What happens, as it happens: one thread looks at the store a few times a second while somebody
 * watches, and what it finds new or changed among the latest logins is kept as server-sent events
 * (WHATWG HTML, "Server-sent events") in a ring that all watchers read from. A watcher that is too
 * slow misses the oldest. All functions may be called by any thread.
 */
#ifndef DASHBOARD_LIVE_H
#define DASHBOARD_LIVE_H

#include <sys/types.h>

#include "common/config.h"
#include "scorer/policy.h"

#define LIVE_LOOK_MS     250
#define LIVE_EVENTS      512 /* kept; beyond it the oldest give way */
#define LIVE_WATCHERS    1000
#define LIVE_HEARTBEAT_S 15  /* a comment, so that a connection that is gone is noticed */
#define LIVE_LOGINS      512 /* the latest, which are looked at; others of a flood pass unseen */
#define LIVE_ALERTS      20  /* new ones in one look, at most */
#define LIVE_WINDOW_S    600 /* a login that began longer ago is not looked at any more */

struct live;
struct live_watcher;

/* Over the store of that configuration. */
bool live_create(struct live **live, const struct config *config, struct error *error) MUST_USE;

/* All watchers are gone before. */
void live_destroy(struct live *live);

/*
 * From now on events of logins at or above at_least. wake(context) is called, by another thread and
 * with no lock of the caller's held, whenever there may be something to read. NULL with an error:
 * there are too many.
 */
struct live_watcher *live_watch(struct live *live, enum verdict at_least, void (*wake)(void *),
                                void *context, struct error *error);

/* After it returns, wake is not called any more. */
void live_unwatch(struct live_watcher *watcher);

/* How many there are. */
size_t live_watcher_count(struct live *live);

/*
 * Whole events as far as they fit; returns the bytes, 0 when there is nothing to read now. One that
 * does not fit into an empty buffer of 16 KiB is left out.
 */
size_t live_read(struct live_watcher *watcher, char *bytes, size_t capacity);

#endif
