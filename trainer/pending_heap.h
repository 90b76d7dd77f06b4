/* What is still to happen in a replay, the earliest first, of one time in the order of pushing. */
#ifndef TRAINER_PENDING_HEAP_H
#define TRAINER_PENDING_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "scorer/login_event.h"

enum pending_kind { PENDING_ATTEMPT, PENDING_STAGE, PENDING_MOMENT };

struct pending {
    int64_t time_us;
    uint64_t order; /* the heap's */
    void *subject;  /* the replay's */
    enum pending_kind kind;
    enum login_stage stage; /* of PENDING_STAGE */
};

/* Begins as zeros. */
struct pending_heap {
    struct pending *entries; /* to be freed; the first one is the next to happen */
    size_t count, capacity;
    uint64_t order;
};

bool pending_heap_push(struct pending_heap *heap, struct pending entry,
                       struct error *error) MUST_USE;
struct pending pending_heap_pop(struct pending_heap *heap); /* of one that is not empty */

#endif
