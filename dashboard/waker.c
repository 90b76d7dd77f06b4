#include "dashboard/waker.h"

#include <poll.h>
#include <pthread.h>

#include "common/clock.h"

/* One lock for all: it is held for a few instructions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct reply_waker *sleepers;
static bool stopped;

static void unlink_waker(struct reply_waker *waker)
{
    if (waker->previous != NULL)
        waker->previous->next = waker->next;
    else
        sleepers = waker->next;
    if (waker->next != NULL)
        waker->next->previous = waker->previous;
    waker->previous = waker->next = NULL;
    waker->asleep = false;
}

/* With the lock held. */
static void wake(struct reply_waker *waker)
{
    if (!waker->asleep) {
        waker->woken = true;
        return;
    }
    unlink_waker(waker);
    MHD_resume_connection(waker->connection);
}

bool waker_sleep(struct reply_waker *waker, struct MHD_Connection *connection,
                 int64_t wake_after_ms)
{
    bool sleeps;

    pthread_mutex_lock(&lock);
    sleeps = !waker->woken && !stopped;
    waker->woken = false;
    if (sleeps) {
        waker->connection = connection;
        waker->descriptor =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        waker->wake_at_us =
            wake_after_ms > 0 ? clock_monotonic_us() + wake_after_ms * 1000 : INT64_MAX;
        waker->asleep = true;
        waker->previous = NULL;
        waker->next = sleepers;
        if (sleepers != NULL)
            sleepers->previous = waker;
        sleepers = waker;
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&lock);
    return sleeps;
}

void reply_wake(struct reply_waker *waker)
{
    pthread_mutex_lock(&lock);
    wake(waker);
    pthread_mutex_unlock(&lock);
}

void waker_forget(struct reply_waker *waker)
{
    pthread_mutex_lock(&lock);
    if (waker->asleep)
        unlink_waker(waker);
    pthread_mutex_unlock(&lock);
}

/* The library does not look at a connection that sleeps: nothing would be sent to tell. */
static bool client_has_gone(const struct reply_waker *waker)
{
    struct pollfd ends = {.fd = waker->descriptor, .events = POLLRDHUP};

    return poll(&ends, 1, 0) == 1;
}

void wakers_tick(int64_t now_us)
{
    pthread_mutex_lock(&lock);
    for (struct reply_waker *waker = sleepers; waker != NULL;) {
        struct reply_waker *next = waker->next;

        waker->gone = client_has_gone(waker);
        if (waker->gone || waker->wake_at_us <= now_us)
            wake(waker);
        waker = next;
    }
    pthread_mutex_unlock(&lock);
}

bool waker_is_gone(struct reply_waker *waker)
{
    pthread_mutex_lock(&lock);
    bool gone = waker->gone;
    pthread_mutex_unlock(&lock);
    return gone;
}

void wakers_stop(void)
{
    pthread_mutex_lock(&lock);
    stopped = true;
    while (sleepers != NULL)
        wake(sleepers);
    pthread_mutex_unlock(&lock);
}

bool wakers_are_stopped(void)
{
    pthread_mutex_lock(&lock);
    bool are = stopped;
    pthread_mutex_unlock(&lock);
    return are;
}
