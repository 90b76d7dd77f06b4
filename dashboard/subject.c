#include "dashboard/subject.h"

#include <stdlib.h>

#include "common/clock.h"
#include "dashboard/exceptions.h"

static bool write_common(const struct subject *subject, const struct config *config)
{
    bool is_user = subject->of.kind == ROLLUP_USER;
    const struct exceptions_wanted wanted = {.user = is_user ? subject->of.user : NULL,
                                             .address = is_user ? NULL : &subject->of.address,
                                             .now_us = subject->now_us};
    const struct rollup *counts = &subject->counts;
    struct error damage = ERROR_NONE; /* the list of all exceptions tells it */

    json_time(subject->json, "first",
              counts->first_us > 0 ? counts->first_us : subject->first_s * US_PER_S);
    json_time(subject->json, "last",
              counts->last_us > 0 ? counts->last_us : subject->last_s * US_PER_S);
    return exceptions_write(subject->store, config, subject->json, "exempt", &wanted, &damage,
                            subject->error);
}

static bool answer(struct subject *subject, const struct subject_kind *kind, void *room,
                   const struct config *config, const char *name, struct reply *reply)
{
    bool seen;

    if (!store_seen_find(subject->store, &subject->of, &subject->counts, &seen, subject->error) ||
        !kind->read(subject, room))
        return false;
    if (!seen && !subject->known)
        return reply_not_found(reply, kind->name, name);
    json_object_begin(subject->json, NULL);
    kind->write(subject, room);
    if (!write_common(subject, config))
        return false;
    json_object_end(subject->json);
    return true;
}

bool subject_answer(struct worker *worker, const struct request *request,
                    const struct subject_kind *kind, const struct rollup_subject *of,
                    struct reply *reply, struct error *error)
{
    struct subject subject = {.store = worker_store(worker, error),
                              .of = *of,
                              .now_us = request->now_us,
                              .json = &reply->json,
                              .error = error};
    void *room;
    bool done;

    if (subject.store == NULL)
        return false;
    room = calloc(1, kind->room_bytes);
    if (room == NULL)
        return error_set(error, FAULT_STORE, "no memory for what is known of a %s", kind->name);
    done = store_begin(subject.store, error);
    if (done) {
        done = answer(&subject, kind, room, worker->config, request->parameter, reply);
        store_rollback(subject.store);
    }
    free(room);
    return done;
}
