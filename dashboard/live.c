#include "dashboard/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/kept.h"
#include "common/clock.h"
#include "store/alert_json.h"
#include "store/decision.h"
#include "store/login_json.h"

#define IDLE_MS        1000
#define LIVE_DECISIONS 64 /* read at once */

/* An event's bytes. */
struct live_event {
    char *text;
    size_t size;
    enum verdict verdict;
};

/* As much of a login as tells that it changed. */
struct seen_login {
    struct login_id id;
    enum login_stage reached;
    int8_t label;
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
    struct check_kept kept;
    struct seen_login seen[2][LIVE_LOGINS]; /* the latest logins, then and now */
    size_t seen_count[2];
    int now;                           /* which of the two */
    int64_t last_alert, last_decision; /* the newest that there were */
    bool looked;                       /* in this watch */
    bool store_fails;
    int64_t heartbeat_us; /* monotonic, of the next one */
};

/* ---- events -----------------------------------------------------------------------------------
 */

/* Takes the text. What a look of an earlier watch finds was there before this one. */
static void add_event(struct live *live, char *text, size_t size, enum verdict verdict)
{
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

static void add_text(struct live *live, const char *text)
{
    char *copy = strdup(text);

    if (copy != NULL)
        add_event(live, copy, strlen(copy), VERDICT_DENY);
}

/* One that there is no memory for is as one that was missed. */
static void add_login(struct live *live, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    char id[LOGIN_ID_TEXT_BYTES], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return;
    struct json_writer json = json_writer_to(out);
    fprintf(out, "id: %s\nevent: login\ndata: ", login_id_format(&record->event.id, id));
    login_json(&json, NULL, login, false, NULL);
    fputs("\n\n", out);
    if (fclose(out) == 0)
        add_event(live, text, size, record->assessed ? record->assessment.verdict : VERDICT_ALLOW);
    else
        free(text);
}

static bool add_alert(struct live *live, struct store *store, const struct alert *alert,
                      struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return true;
    struct json_writer json = json_writer_to(out);
    fputs("event: alert\ndata: ", out);
    bool done = alert_json(&json, store, alert, error);
    fputs("\n\n", out);
    if (fclose(out) == 0 && done)
        add_event(live, text, size, VERDICT_DENY);
    else
        free(text);
    return done;
}

/* ---- looking ----------------------------------------------------------------------------------
 */

static const struct seen_login *find_seen(const struct live *live, const struct login_id *id)
{
    int then = !live->now;

    for (size_t i = 0; i < live->seen_count[then]; i++) {
        if (login_id_equal(&live->seen[then][i].id, id))
            return &live->seen[then][i];
    }
    return NULL;
}

struct looking {
    struct live *live;
    struct stored_login *fresh; /* the newest first */
    size_t count;
};

static bool look_at(void *context, const struct stored_login *login)
{
    struct looking *looking = context;
    struct live *live = looking->live;
    const struct seen_login *seen = find_seen(live, &login->record.event.id);

    live->seen[live->now][live->seen_count[live->now]++] =
        (struct seen_login){login->record.event.id, login->reached, login->label};
    if (seen == NULL || seen->reached != login->reached || seen->label != login->label)
        looking->fresh[looking->count++] = *login;
    return live->seen_count[live->now] < LIVE_LOGINS;
}

static bool read_latest(struct live *live, struct looking *looking, struct error *error)
{
    const struct login_filter filter = {.since_us = clock_utc_us() - LIVE_WINDOW_S * US_PER_S,
                                        .newest_first = true,
                                        .limit = LIVE_LOGINS};
    struct store *store;

    live->now = !live->now;
    live->seen_count[live->now] = 0;
    return check_keep_store(&live->kept, &live->config, &store, error) &&
           store_logins(store, &filter, look_at, looking, error);
}

struct looking_for_alerts {
    struct alert fresh[LIVE_ALERTS]; /* the newest first */
    size_t count;
    int64_t newest, last;
};

static bool look_at_alert(void *context, const struct alert *alert)
{
    struct looking_for_alerts *looking = context;

    if (looking->newest == 0)
        looking->newest = alert->id;
    if (alert->id <= looking->last)
        return false;
    looking->fresh[looking->count++] = *alert;
    return true;
}

static bool look_for_alerts(struct live *live, struct error *error)
{
    struct looking_for_alerts looking = {.last = live->last_alert};
    struct store *store;

    if (!check_keep_store(&live->kept, &live->config, &store, error) ||
        !store_alerts(store, ALERT_STATE_ALL, 0, LIVE_ALERTS, look_at_alert, &looking, error))
        return false;
    live->last_alert = looking.newest;
    for (size_t i = looking.count; i > 0 && live->looked; i--) {
        if (!add_alert(live, store, &looking.fresh[i - 1], error))
            return false;
    }
    return true;
}

struct looking_for_labels {
    struct live_event fresh[LIVE_DECISIONS]; /* the newest first */
    size_t count;
    int64_t newest, last;
};

static bool look_at_decision(void *context, const struct decision *decision)
{
    struct looking_for_labels *looking = context;
    struct live_event *event = &looking->fresh[looking->count];

    if (looking->newest == 0)
        looking->newest = decision->number;
    if (decision->number <= looking->last)
        return false;
    if (decision->word.kind != WORD_LABEL && decision->word.kind != WORD_LATER)
        return true;
    FILE *out = open_memstream(&event->text, &event->size);
    if (out == NULL)
        return true;
    struct json_writer json = json_writer_to(out);
    fputs("event: label\ndata: ", out);
    json_object_begin(&json, NULL);
    decision_json_members(&json, decision);
    json_object_end(&json);
    fputs("\n\n", out);
    if (fclose(out) == 0)
        looking->count++;
    else
        free(event->text);
    return true;
}

static bool look_for_labels(struct live *live, struct error *error)
{
    struct looking_for_labels looking = {.last = live->last_decision};
    struct store *store;

    bool done =
        check_keep_store(&live->kept, &live->config, &store, error) &&
        store_decisions(store, NULL, INT64_MAX, LIVE_DECISIONS, look_at_decision, &looking, error);
    if (done && looking.newest > 0)
        live->last_decision = looking.newest;
    for (size_t i = looking.count; i > 0; i--) {
        if (done && live->looked)
            add_event(live, looking.fresh[i - 1].text, looking.fresh[i - 1].size, VERDICT_DENY);
        else
            free(looking.fresh[i - 1].text);
    }
    return done;
}

/* A store that cannot be read is told of once, and looked at again. */
static void look(struct live *live)
{
    struct error error = ERROR_NONE;
    struct looking looking = {.live = live};

    looking.fresh = malloc(LIVE_LOGINS * sizeof *looking.fresh);
    if (looking.fresh == NULL)
        return;
    if (!read_latest(live, &looking, &error) || !look_for_alerts(live, &error) ||
        !look_for_labels(live, &error)) {
        check_kept_drop(&live->kept);
        live->now = !live->now;
        if (!live->store_fails)
            add_text(live, "event: state\ndata: {\"store\":false}\n\n");
        live->store_fails = true;
    } else {
        /* The first look only learns what is there: whoever read it before may read it again. */
        if (live->store_fails || !live->looked)
            add_text(live, "event: state\ndata: {\"store\":true}\n\n");
        live->store_fails = false;
        for (size_t i = looking.count; i > 0 && live->looked; i--)
            add_login(live, &looking.fresh[i - 1]);
        live->looked = true;
    }
    free(looking.fresh);
}

static void beat(struct live *live)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < live->heartbeat_us)
        return;
    live->heartbeat_us = now_us + LIVE_HEARTBEAT_S * US_PER_S;
    add_text(live, ":\n\n");
}

/* ---- the thread -------------------------------------------------------------------------------
 */

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
            live->looked = live->store_fails = false;
        live->looking = live->watch;
        pthread_mutex_unlock(&live->lock);
        look(live);
        beat(live);
        pthread_mutex_lock(&live->lock);
        wait_ms(live, LIVE_LOOK_MS);
    }
    pthread_mutex_unlock(&live->lock);
    check_kept_drop(&live->kept);
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

/* ---- watchers ---------------------------------------------------------------------------------
 */

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
