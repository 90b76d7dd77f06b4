/* The body of a reply as it grows: a stdio stream into memory, bounded. */
#ifndef DASHBOARD_REPLY_BODY_H
#define DASHBOARD_REPLY_BODY_H

#include "dashboard/reply.h"

struct reply_body {
    char *bytes;
    size_t size, capacity;
    bool too_large;
};

/* An empty reply whose json writes into body. False: no memory. Both stay where they are. */
bool reply_begin(struct reply *reply, struct reply_body *body) MUST_USE;

/* Closes the stream. False with a sentence when what was written is too large, or memory is out. */
bool reply_end(struct reply *reply, struct reply_body *body, struct error *error) MUST_USE;

void reply_body_free(struct reply_body *body);

#endif
