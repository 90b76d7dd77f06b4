#include "daemon/wakeup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/word.h"

#define JOURNAL_SUFFIX ".journal"
#define PATH_BYTES     4096

/* ---- signals -------------------------------------------------------------------------------- */

static void fill(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
}

bool wakeup_hold_signals(struct error *error)
{
    sigset_t signals;

    fill(&signals);
    return sigprocmask(SIG_BLOCK, &signals, NULL) == 0 ||
           error_set_errno(error, FAULT_STORE, errno, "cannot hold signals");
}

bool wakeup_open(struct wakeup *wakeup, const char *store, struct error *error)
{
    sigset_t signals;

    fill(&signals);
    wakeup->store = store;
    wakeup->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return wakeup->signal_fd >= 0 ||
           error_set_errno(error, FAULT_STORE, errno, "cannot wait for signals");
}

void wakeup_take_signals(struct wakeup *wakeup)
{
    struct signalfd_siginfo signal;

    while (read(wakeup->signal_fd, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
        if (signal.ssi_signo == SIGHUP)
            wakeup->reload = true;
        else
            wakeup->stop = true;
    }
}

/* ---- journals ------------------------------------------------------------------------------- */

/* The directory's other files change too, by this very program. */
static bool is_journal(const struct inotify_event *event)
{
    size_t length = event->len > 0 ? strlen(event->name) : 0;
    size_t suffix = strlen(JOURNAL_SUFFIX);

    return length > suffix && event->name[0] != '.' &&
           strcmp(event->name + length - suffix, JOURNAL_SUFFIX) == 0;
}

/* The dashboard's too, where it has one; again and again is once. */
static void watch_words(const struct wakeup *wakeup)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof(path), "%s/" WORD_DIRECTORY, wakeup->store) < (int)sizeof(path))
        (void)inotify_add_watch(wakeup->inotify_fd, path,
                                IN_MODIFY | IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW);
}

bool wakeup_watch(struct wakeup *wakeup, struct error *error)
{
    wakeup->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (wakeup->inotify_fd >= 0 &&
        inotify_add_watch(wakeup->inotify_fd, wakeup->store, IN_MODIFY | IN_CREATE) >= 0) {
        watch_words(wakeup);
        return true;
    }
    error_set_errno(error, FAULT_STORE, errno, "cannot watch %s", wakeup->store);
    if (wakeup->inotify_fd >= 0)
        close(wakeup->inotify_fd);
    wakeup->inotify_fd = -1;
    return false;
}

void wakeup_take_changes(struct wakeup *wakeup)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool made = false; /* a directory */
    ssize_t size;

    while (wakeup->inotify_fd >= 0 && (size = read(wakeup->inotify_fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(bytes + at);

            if ((event->mask & IN_Q_OVERFLOW) != 0 || is_journal(event))
                wakeup->woken = true;
            if ((event->mask & IN_ISDIR) != 0)
                made = true;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    if (made)
        watch_words(wakeup);
}

/* ---- both ----------------------------------------------------------------------------------- */

void wakeup_wait(struct wakeup *wakeup, int64_t wait_ms, bool changes)
{
    int64_t until_us = clock_monotonic_us() + wait_ms * 1000;
    struct pollfd files[2] = {{.fd = wakeup->signal_fd, .events = POLLIN},
                              {.fd = changes ? wakeup->inotify_fd : -1, .events = POLLIN}};

    while (!wakeup->stop && !wakeup->reload && !(changes && wakeup->woken)) {
        int64_t left_us = until_us - clock_monotonic_us();

        if (left_us <= 0 || poll(files, 2, (int)((left_us + 999) / 1000)) == 0)
            return;
        wakeup_take_signals(wakeup);
        if (changes)
            wakeup_take_changes(wakeup);
    }
}

void wakeup_close(struct wakeup *wakeup)
{
    if (wakeup->inotify_fd >= 0)
        close(wakeup->inotify_fd);
    if (wakeup->signal_fd >= 0)
        close(wakeup->signal_fd);
    *wakeup = WAKEUP_NONE;
}
