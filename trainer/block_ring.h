/*
 * Blocks of work that go round: one thread fills them, other threads work on them, and the filling
 * thread gets them back in the order in which it filled them. What comes out does not depend on how
 * many threads there are.
 */
#ifndef TRAINER_BLOCK_RING_H
#define TRAINER_BLOCK_RING_H

#include <stddef.h>

#include "common/error.h"

struct block_ring;

/* False, with a sentence, ends the ring's work. */
typedef bool block_task(void *context, void *block, struct error *error);

struct block_ring_plan {
    size_t block_bytes;
    unsigned blocks;  /* how many go round */
    unsigned threads; /* that work; a single one works in the order of filling */
    block_task *work; /* in one of those threads */
    block_task *done; /* afterwards, in the filling thread, in order; NULL: nobody wants it */
    void *context;
};

bool block_ring_create(struct block_ring **ring, const struct block_ring_plan *plan,
                       struct error *error) MUST_USE;

/* Ends the threads; what was not worked on yet is dropped. */
void block_ring_destroy(struct block_ring *ring);

/* The block to fill next, zero when it is new, else as it was handed back. NULL: a task failed. */
void *block_ring_next(struct block_ring *ring, struct error *error) MUST_USE;

/* Gives that block to the threads. */
void block_ring_submit(struct block_ring *ring);

/* Waits until all blocks are worked on and handed back. */
bool block_ring_finish(struct block_ring *ring, struct error *error) MUST_USE;

#endif
