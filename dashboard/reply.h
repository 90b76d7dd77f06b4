/* What a request is answered: a status and a body that grows in memory, or a stream. */
#ifndef DASHBOARD_REPLY_H
#define DASHBOARD_REPLY_H

#include <sys/types.h>

#include "common/json_writer.h"

#define REPLY_MAX_BYTES (32 * 1024 * 1024)

/*
 * A sleeping reply's way to be woken, by any thread. It lies inside what the handler made
 * (reply->context or request->kept->context), zeroed, and serves one reply. Nothing may wake it
 * any more once destroy(context) has returned: who does must have been told by then.
 */
struct reply_waker {
    void *connection; /* the service's, as all of this */
    struct reply_waker *previous, *next;
    int64_t wake_at_us;
    int descriptor;
    bool asleep, woken, gone;
};

/*
 * Continues the reply that sleeps there. May come at any time, also before it sleeps (it then does
 * not), and more than once; never blocks for long. May be called with the caller's own lock held,
 * when its producer and destroy() do not hold that lock while they call this.
 */
void reply_wake(struct reply_waker *waker);

/*
 * Produces the next piece of a body that is made as it is sent: up to `capacity` bytes (at least
 * one: a text that does not fit is continued in the next call). 0: the end. REPLY_WAITS: nothing
 * now, call again after reply_wake(reply->waker), or when reply->wake_after_ms have passed; no
 * thread is held meanwhile. REPLY_FAILED: the connection ends. Never waits itself: others are
 * served by the same thread.
 */
#define REPLY_FAILED (-1)
#define REPLY_WAITS  (-2)
typedef ssize_t reply_producer(void *context, char *bytes, size_t capacity);

struct asset;
struct reply_body;

struct reply {
    unsigned status;         /* 200 unless set */
    const char *type;        /* a static text; "application/json" unless set */
    const char *file_name;   /* of a download: Content-Disposition; NULL: none */
    struct json_writer json; /* writes into the body; json.out is a stream for other texts */

    /* A streamed body instead. destroy(context) is called when it ends, however it ends. */
    reply_producer *produce;
    void *context;
    void (*destroy)(void *context);

    /*
     * Of a stream that at times waits. Without produce: the handler has no answer yet; it is called
     * again for the same request when woken (it finds its own again in request->kept).
     */
    struct reply_waker *waker;
    int64_t wake_after_ms; /* at most so long a sleep; 0: no such bound */

    struct reply_body *body;   /* what json writes into; the service's */
    const struct asset *asset; /* a file of the program instead */
    char cookie[160];          /* Set-Cookie; "": none */
    const char *allow;         /* of 405; the service's */
    int64_t retry_after_s;     /* of 429 and 503; 0: not said */
};

/*
 * Forgets what was written and answers a client's mistake: {"error":{"status":…,"message":"…"}},
 * one sentence: what, where, what to do. Always true, so that a handler can return it.
 */
bool reply_refuse(struct reply *reply, unsigned status, const char *format, ...) PRINTF_LIKE(3, 4);

/* 404 in the words of what was not found, with the same shape. Always true. */
bool reply_not_found(struct reply *reply, const char *what, const char *which);

#endif
