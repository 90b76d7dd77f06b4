#include "trainer/block_ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define MOST_BLOCKS  64
#define MOST_THREADS 64

struct block_ring {
    struct block_ring_plan plan;
    unsigned char *blocks;
    pthread_t threads[MOST_THREADS];
    unsigned thread_count;
    pthread_mutex_t lock;
    pthread_cond_t filled_more, finished_more;
    uint64_t filled, taken, finished; /* blocks ever; taken: by threads */
    bool worked[MOST_BLOCKS];         /* of those not finished */
    bool finishing;                   /* a thread is at it */
    bool ending;
    struct error failure;
};

static void *block_at(const struct block_ring *ring, uint64_t number)
{
    return ring->blocks + number % ring->plan.blocks * ring->plan.block_bytes;
}

/* Unless a task failed before. With the lock held, but not during the task. */
static void run_task(struct block_ring *ring, block_task *task, uint64_t number)
{
    struct error error = ERROR_NONE;

    if (task == NULL || ring->failure.fault != FAULT_NONE)
        return;
    pthread_mutex_unlock(&ring->lock);
    bool done = task(ring->plan.context, block_at(ring, number), &error);
    pthread_mutex_lock(&ring->lock);
    if (!done && ring->failure.fault == FAULT_NONE)
        ring->failure = error;
}

/* The blocks whose turn it is, unless another thread is at it: that one looks again. */
static void finish_blocks(struct block_ring *ring)
{
    if (ring->finishing)
        return;
    ring->finishing = true;
    while (ring->worked[ring->finished % ring->plan.blocks]) {
        run_task(ring, ring->plan.finish, ring->finished);
        ring->worked[ring->finished % ring->plan.blocks] = false;
        ring->finished++;
        pthread_cond_signal(&ring->finished_more);
    }
    ring->finishing = false;
}

static void *run_thread(void *argument)
{
    struct block_ring *ring = argument;

    pthread_mutex_lock(&ring->lock);
    for (;;) {
        while (ring->taken == ring->filled && !ring->ending)
            pthread_cond_wait(&ring->filled_more, &ring->lock);
        if (ring->ending)
            break;
        uint64_t number = ring->taken++;
        run_task(ring, ring->plan.work, number);
        ring->worked[number % ring->plan.blocks] = true;
        finish_blocks(ring);
    }
    pthread_mutex_unlock(&ring->lock);
    return NULL;
}

static bool start_threads(struct block_ring *ring, struct error *error)
{
    for (; ring->thread_count < ring->plan.threads; ring->thread_count++) {
        int code = pthread_create(&ring->threads[ring->thread_count], NULL, run_thread, ring);
        if (code != 0)
            return error_set_errno(error, FAULT_STORE, code, "cannot start a thread");
    }
    return true;
}

bool block_ring_create(struct block_ring **ring, const struct block_ring_plan *plan,
                       struct error *error)
{
    *ring = calloc(1, sizeof **ring);
    if (*ring == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot make room to work in");
    (*ring)->plan = *plan;
    (*ring)->plan.threads = plan->threads < MOST_THREADS ? plan->threads : MOST_THREADS;
    (*ring)->plan.blocks = plan->blocks < MOST_BLOCKS ? plan->blocks : MOST_BLOCKS;
    (*ring)->failure = ERROR_NONE;
    (*ring)->blocks = calloc((*ring)->plan.blocks, plan->block_bytes);
    pthread_mutex_init(&(*ring)->lock, NULL);
    pthread_cond_init(&(*ring)->filled_more, NULL);
    pthread_cond_init(&(*ring)->finished_more, NULL);
    if ((*ring)->blocks == NULL)
        error_set_errno(error, FAULT_STORE, ENOMEM, "cannot make room to work in");
    else if (start_threads(*ring, error))
        return true;
    block_ring_destroy(*ring);
    *ring = NULL;
    return false;
}

void block_ring_destroy(struct block_ring *ring)
{
    if (ring == NULL)
        return;
    pthread_mutex_lock(&ring->lock);
    ring->ending = true;
    pthread_cond_broadcast(&ring->filled_more);
    pthread_mutex_unlock(&ring->lock);
    for (unsigned i = 0; i < ring->thread_count; i++)
        pthread_join(ring->threads[i], NULL);
    pthread_cond_destroy(&ring->filled_more);
    pthread_cond_destroy(&ring->finished_more);
    pthread_mutex_destroy(&ring->lock);
    free(ring->blocks);
    free(ring);
}

/* Until at most so many blocks are not finished. False: a task failed. */
static bool wait_for_rest(struct block_ring *ring, unsigned rest, struct error *error)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->filled - ring->finished > rest)
        pthread_cond_wait(&ring->finished_more, &ring->lock);
    bool sound = ring->failure.fault == FAULT_NONE;
    if (!sound)
        *error = ring->failure;
    pthread_mutex_unlock(&ring->lock);
    return sound;
}

void *block_ring_next(struct block_ring *ring, struct error *error)
{
    if (!wait_for_rest(ring, ring->plan.blocks - 1, error))
        return NULL;
    return block_at(ring, ring->filled);
}

void block_ring_submit(struct block_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->filled++;
    pthread_cond_signal(&ring->filled_more);
    pthread_mutex_unlock(&ring->lock);
}

bool block_ring_finish(struct block_ring *ring, struct error *error)
{
    return wait_for_rest(ring, 0, error);
}
