#include "dashboard/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "dashboard/live_news.h"

#define IDLE_MS 1000

/* An event's bytes. */
struct live_event {
    char *text;
    size_t size;
    enum verdict verdict;
};

struct live_watcher {
    struct live *live;
    struct live_watcher *next, **link;
    enum verdict at_least;
    uint64_t number; /* of the next event to read */
    void (*wake)(void *);
    void *context;
};

struct live {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool stop;
    struct config config; /* of which the store stays */

    /* under the lock */
    struct live_watcher *watchers;
    size_t watcher_count;
    unsigned watch, looking; /* the watch that goes on, the one that is looked for now: a watch
                                begins with somebody where nobody was */
    struct live_event events[LIVE_EVENTS];
    uint64_t number; /* of the next event; event n is at n % LIVE_EVENTS */

    /* the thread's own */
    struct live_news news;
    int64_t heartbeat_us; /* monotonic, of the next one */
};

/* ---- events ---- */

/* Takes the text. What a look of an earlier watch finds was there before this one. */
static void add_event(void *context, char *text, size_t size, enum verdict verdict)
{
    struct live *live = context;

    pthread_mutex_lock(&live->lock);
    if (live->looking != live->watch) {
        pthread_mutex_unlock(&live->lock);
        free(text);
        return;
    }
    struct live_event *place = &live->events[live->number++ % LIVE_EVENTS];
    free(place->text);
    *place = (struct live_event){.text = text, .size = size, .verdict = verdict};
    for (struct live_watcher *watcher = live->watchers; watcher != NULL; watcher = watcher->next)
        watcher->wake(watcher->context);
    pthread_mutex_unlock(&live->lock);
}

static void beat(struct live *live)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < live->heartbeat_us)
        return;
    live->heartbeat_us = now_us + LIVE_HEARTBEAT_S * US_PER_S;
    char *comment = strdup(":\n\n");
    if (comment != NULL)
        add_event(live, comment, strlen(comment), VERDICT_DENY);
}

/* ---- the thread ---- */

static void wait_ms(struct live *live, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&live->change, &live->lock, &until);
}

static void *work(void *context)
{
    struct live *live = context;

    pthread_mutex_lock(&live->lock);
    while (!live->stop) {
        if (live->watchers == NULL) {
            wait_ms(live, IDLE_MS);
            continue;
        }
        if (live->looking != live->watch)
            live_news_begin_anew(&live->news);
        live->looking = live->watch;
        pthread_mutex_unlock(&live->lock);
        live_news_look(&live->news);
        beat(live);
        pthread_mutex_lock(&live->lock);
        wait_ms(live, LIVE_LOOK_MS);
    }
    pthread_mutex_unlock(&live->lock);
    live_news_finish(&live->news);
    return NULL;
}

static bool start(struct live *live, struct error *error)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&live->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&live->change, &attributes);
    pthread_condattr_destroy(&attributes);
    int code = pthread_create(&live->thread, NULL, work, live);
    if (code == 0)
        return true;
    return error_set_errno(error, FAULT_STORE, code, "cannot start the thread of live events");
}

bool live_create(struct live **live, const struct config *config, struct error *error)
{
    *live = calloc(1, sizeof **live);
    if (*live == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep live events");
    (*live)->config = *config;
    (*live)->news =
        (struct live_news){.config = &(*live)->config, .tell = add_event, .context = *live};
    if (start(*live, error))
        return true;
    free(*live);
    *live = NULL;
    return false;
}

void live_destroy(struct live *live)
{
    if (live == NULL)
        return;
    pthread_mutex_lock(&live->lock);
    live->stop = true;
    pthread_cond_signal(&live->change);
    pthread_mutex_unlock(&live->lock);
    pthread_join(live->thread, NULL);
    for (size_t i = 0; i < LIVE_EVENTS; i++)
        free(live->events[i].text);
    pthread_cond_destroy(&live->change);
    pthread_mutex_destroy(&live->lock);
    free(live);
}

/* ---- watchers ---- */

struct live_watcher *live_watch(struct live *live, enum verdict at_least, void (*wake)(void *),
                                void *context, struct error *error)
{
    struct live_watcher *watcher = malloc(sizeof *watcher);

    if (watcher == NULL) {
        error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep another watcher");
        return NULL;
    }
    pthread_mutex_lock(&live->lock);
    bool room = live->watcher_count < LIVE_WATCHERS;
    if (room) {
        *watcher = (struct live_watcher){.live = live,
                                         .next = live->watchers,
                                         .link = &live->watchers,
                                         .at_least = at_least,
                                         .number = live->number,
                                         .wake = wake,
                                         .context = context};
        if (watcher->next != NULL)
            watcher->next->link = &watcher->next;
        live->watchers = watcher;
        live->watch += live->watcher_count++ == 0;
        pthread_cond_signal(&live->change);
    }
    pthread_mutex_unlock(&live->lock);
    if (room)
        return watcher;
    free(watcher);
    error_set(error, FAULT_STORE, "%d watchers are there already, which is the most",
              LIVE_WATCHERS);
    return NULL;
}

void live_unwatch(struct live_watcher *watcher)
{
    struct live *live = watcher->live;

    pthread_mutex_lock(&live->lock);
    *watcher->link = watcher->next;
    if (watcher->next != NULL)
        watcher->next->link = watcher->link;
    live->watcher_count--;
    pthread_mutex_unlock(&live->lock);
    free(watcher);
}

size_t live_watcher_count(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    size_t count = live->watcher_count;
    pthread_mutex_unlock(&live->lock);
    return count;
}

static bool is_for(const struct live_event *event, const struct live_watcher *watcher,
                   size_t capacity)
{
    return event->text != NULL && event->verdict >= watcher->at_least && event->size <= capacity;
}

size_t live_read(struct live_watcher *watcher, char *bytes, size_t capacity)
{
    struct live *live = watcher->live;
    size_t used = 0;

    pthread_mutex_lock(&live->lock);
    if (live->number > LIVE_EVENTS && watcher->number < live->number - LIVE_EVENTS)
        watcher->number = live->number - LIVE_EVENTS;
    for (; watcher->number < live->number; watcher->number++) {
        const struct live_event *event = &live->events[watcher->number % LIVE_EVENTS];
        if (!is_for(event, watcher, capacity))
            continue;
        if (event->size > capacity - used)
            break;
        memcpy(bytes + used, event->text, event->size);
        used += event->size;
    }
    pthread_mutex_unlock(&live->lock);
    return used;
}
