/*
 * What anomalyd waits for: signals, and changes of the journals in the store's directory and in the
 * dashboard's.
 */
#ifndef DAEMON_WAKEUP_H
#define DAEMON_WAKEUP_H

#include <stdint.h>

#include "common/error.h"

struct wakeup {
    const char *store; /* the store's directory; the caller's */
    int signal_fd, inotify_fd;
    bool stop;   /* SIGTERM or SIGINT came */
    bool reload; /* SIGHUP came; the caller's to clear */
    bool woken;  /* a journal was appended to; likewise */
};

#define WAKEUP_NONE ((struct wakeup){.signal_fd = -1, .inotify_fd = -1})

/* From here on signals wait: an asked end is an orderly one. */
bool wakeup_hold_signals(struct error *error) MUST_USE;

/* Those that were held come to this. store: the store's directory. */
bool wakeup_open(struct wakeup *wakeup, const char *store, struct error *error) MUST_USE;

/* False when journals cannot be watched, too many watches say: then nothing wakes but signals. */
bool wakeup_watch(struct wakeup *wakeup, struct error *error) MUST_USE;

/* What has come until now, without waiting. */
void wakeup_take_signals(struct wakeup *wakeup);
void wakeup_take_changes(struct wakeup *wakeup);

/* Until the time has passed, a signal came or, when `changes`, a journal was appended to. */
void wakeup_wait(struct wakeup *wakeup, int64_t wait_ms, bool changes);
void wakeup_close(struct wakeup *wakeup);

#endif
