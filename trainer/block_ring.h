/*
 * Blocks of work that go round: one thread fills them, other threads work on them, several at a
 * time, and finish them one at a time, in the order in which they were filled. What comes out does
 * not depend on how many threads there are.
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
    block_task *work;
    block_task *finish; /* afterwards, in order; NULL: nothing is left to do */
    void *context;
};

bool block_ring_create(struct block_ring **ring, const struct block_ring_plan *plan,
                       struct error *error) MUST_USE;

/* Ends the threads; what was not worked on yet is dropped. */
void block_ring_destroy(struct block_ring *ring);

/* The block to fill next, zero when it is new, else as it was finished. NULL: a task failed. */
void *block_ring_next(struct block_ring *ring, struct error *error) MUST_USE;

/* Gives that block to the threads. */
void block_ring_submit(struct block_ring *ring);

/* Waits until all blocks are finished. */
bool block_ring_finish(struct block_ring *ring, struct error *error) MUST_USE;

#endif
