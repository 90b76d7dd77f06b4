/* The answer on one user or one address: what both have is here, the rest by their kind. */
#ifndef DASHBOARD_SUBJECT_H
#define DASHBOARD_SUBJECT_H

#include "dashboard/reply.h"
#include "dashboard/request.h"
#include "dashboard/worker.h"
#include "store/rollup.h"

#define SUBJECT_LOGINS 1000 /* the newest of his, whence what is usual is told */

struct subject {
    struct store *store; /* in a transaction for reading */
    struct rollup_subject of;
    int64_t now_us;
    struct rollup counts;    /* of his stored logins; all 0 when there is none */
    bool known;              /* read() says so: there is more of him than logins, */
    int64_t first_s, last_s; /* of these times */
    struct json_writer *json;
    struct error *error;
};

struct subject_kind {
    const char *name;
    size_t room_bytes; /* of what is read, zeroed at first */
    bool (*read)(struct subject *subject, void *room);
    /* Its members, into an open object. */
    void (*write)(const struct subject *subject, void *room);
};

/* 404 when the store has nothing of him. */
bool subject_answer(struct worker *worker, const struct request *request,
                    const struct subject_kind *kind, const struct rollup_subject *of,
                    struct reply *reply, struct error *error) MUST_USE;

#endif
