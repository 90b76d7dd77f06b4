/* What a request is answered: a status and a body that grows in memory, or a stream. */
#ifndef DASHBOARD_REPLY_H
#define DASHBOARD_REPLY_H

#include "common/json_writer.h"

#define REPLY_MAX_BYTES (32 * 1024 * 1024)

/*
 * Produces the next piece of a body that is made as it is sent: up to `capacity` bytes. 0: the end.
 * -1: it failed, and the connection ends.
 */
typedef ssize_t reply_producer(void *context, char *bytes, size_t capacity);

struct reply {
    unsigned status;         /* 200 unless set */
    const char *type;        /* a static text; "application/json" unless set */
    const char *file_name;   /* of a download: Content-Disposition; NULL: none */
    struct json_writer json; /* writes into the body */

    /* A streamed body instead. destroy(context) is called when it ends, however it ends. */
    reply_producer *produce;
    void *context;
    void (*destroy)(void *context);
};

/*
 * Forgets what was written and answers a client's mistake: {"error":{"status":…,"message":"…"}},
 * one sentence: what, where, what to do. Always true, so that a handler can return it.
 */
bool reply_refuse(struct reply *reply, unsigned status, const char *format, ...) PRINTF_LIKE(3, 4);

/* 404 in the words of what was not found, with the same shape. Always true. */
bool reply_not_found(struct reply *reply, const char *what, const char *which);

#endif
