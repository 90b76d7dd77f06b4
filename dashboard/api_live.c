/* GET /api/live: a stream that tells what happens, to whom may know it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/live.h"
#include "dashboard/worker.h"

#define PIECE_BYTES 16384
#define REVIEW_US   (5 * US_PER_S) /* how often it is asked who still may watch */

struct live_reply {
    struct reply_waker waker;
    struct live_watcher *watcher;
    struct dashboard *dashboard;
    char identity[SECRET_TEXT_BYTES]; /* of the session; "": it came with a bearer token */
    char who[WHO_BYTES];
    int64_t review_us;       /* monotonic */
    char piece[PIECE_BYTES]; /* whole events, handed out from `at` on */
    size_t at, size;
};

static void wake(void *context)
{
    struct live_reply *live = context;

    reply_wake(&live->waker);
}

/* A stream outlives its request: it ends with the session or token that it came by. */
static bool may_watch(struct live_reply *live)
{
    int64_t now_us = clock_monotonic_us();

    if (now_us < live->review_us)
        return true;
    live->review_us = now_us + REVIEW_US;
    return live->identity[0] != '\0'
               ? session_holds(live->dashboard->sessions, live->identity, now_us)
               : token_holds(live->dashboard->tokens, live->who, clock_utc_us() / US_PER_S);
}

static ssize_t produce(void *context, char *bytes, size_t capacity)
{
    struct live_reply *live = context;

    if (live->at == live->size) {
        if (!may_watch(live))
            return 0;
        live->at = 0;
        live->size = live_read(live->watcher, live->piece, sizeof live->piece);
        if (live->size == 0)
            return REPLY_WAITS;
    }
    size_t size = live->size - live->at < capacity ? live->size - live->at : capacity;
    memcpy(bytes, live->piece + live->at, size);
    live->at += size;
    return (ssize_t)size;
}

static void end(void *context)
{
    struct live_reply *live = context;

    live_unwatch(live->watcher);
    explicit_bzero(live->identity, sizeof live->identity);
    free(live);
}

bool answer_live(struct worker *worker, const struct request *request, struct reply *reply,
                 struct error *error)
{
    static const char HELLO[] = "retry: 2000\n\n";
    const char *least = request_query(request, "verdict");
    enum verdict at_least = VERDICT_ALLOW;
    struct error full = ERROR_NONE;

    if (least != NULL && !verdict_from_name(least, &at_least))
        at_least = VERDICT_ALLOW; /* the table of routes lists the names */
    struct live_reply *live = calloc(1, sizeof *live);
    if (live == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep another watcher");
    live->watcher = live_watch(worker->dashboard->live, at_least, wake, live, &full);
    if (live->watcher == NULL) {
        free(live);
        return reply_refuse(reply, 503, "%s", full.text);
    }
    live->dashboard = worker->dashboard;
    live->review_us = clock_monotonic_us() + REVIEW_US;
    snprintf(live->who, sizeof live->who, "%s", request->who);
    if (request->session_identity != NULL)
        snprintf(live->identity, sizeof live->identity, "%s", request->session_identity);
    live->size = sizeof HELLO - 1;
    memcpy(live->piece, HELLO, live->size);
    reply->type = "text/event-stream";
    reply->produce = produce;
    reply->context = live;
    reply->destroy = end;
    reply->waker = &live->waker;
    return true;
}
