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
    pthread_cond_t filled_more, worked_more;
    uint64_t filled, taken, handed_back; /* blocks ever; taken: by threads */
    bool worked[MOST_BLOCKS];            /* of those not handed back */
    bool ending;
    struct error failure;
};

static void *block_at(const struct block_ring *ring, uint64_t number)
{
    return ring->blocks + number % ring->plan.blocks * ring->plan.block_bytes;
}

/* With the lock held. */
static void work_on(struct block_ring *ring, uint64_t number)
{
    struct error error = ERROR_NONE;
    bool done = true;

    if (ring->failure.fault == FAULT_NONE) {
        pthread_mutex_unlock(&ring->lock);
        done = ring->plan.work(ring->plan.context, block_at(ring, number), &error);
        pthread_mutex_lock(&ring->lock);
    }
    if (!done && ring->failure.fault == FAULT_NONE)
        ring->failure = error;
    ring->worked[number % ring->plan.blocks] = true;
    pthread_cond_signal(&ring->worked_more);
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
        work_on(ring, ring->taken++);
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
    pthread_cond_init(&(*ring)->worked_more, NULL);
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
    pthread_cond_destroy(&ring->worked_more);
    pthread_mutex_destroy(&ring->lock);
    free(ring->blocks);
    free(ring);
}

/* The oldest block that was not handed back. */
static bool hand_back(struct block_ring *ring, struct error *error)
{
    uint64_t number = ring->handed_back;
    bool *worked = &ring->worked[number % ring->plan.blocks];

    pthread_mutex_lock(&ring->lock);
    while (!*worked)
        pthread_cond_wait(&ring->worked_more, &ring->lock);
    *worked = false;
    bool sound = ring->failure.fault == FAULT_NONE;
    if (!sound)
        *error = ring->failure;
    pthread_mutex_unlock(&ring->lock);
    ring->handed_back++;
    return sound && (ring->plan.done == NULL ||
                     ring->plan.done(ring->plan.context, block_at(ring, number), error));
}

void *block_ring_next(struct block_ring *ring, struct error *error)
{
    if (ring->filled - ring->handed_back == ring->plan.blocks && !hand_back(ring, error))
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
    while (ring->handed_back < ring->filled) {
        if (!hand_back(ring, error))
            return false;
    }
    return true;
}
