#include "dashboard/chores.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct chore {
    void (*run)(void *context);
    void *context;
};

struct chores {
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t threads[CHORE_THREADS];
    size_t thread_count, waiting_count;
    struct chore waiting[CHORES_MAX]; /* the first is the next */
    bool stops;
};

/* With the lock held. */
static struct chore take_out(struct chores *chores, size_t at)
{
    struct chore chore = chores->waiting[at];

    chores->waiting_count--;
    memmove(&chores->waiting[at], &chores->waiting[at + 1],
            (chores->waiting_count - at) * sizeof(chore));
    return chore;
}

static void *work(void *context)
{
    struct chores *chores = context;

    pthread_mutex_lock(&chores->lock);
    for (;;) {
        while (chores->waiting_count == 0 && !chores->stops)
            pthread_cond_wait(&chores->news, &chores->lock);
        if (chores->stops)
            break;
        struct chore chore = take_out(chores, 0);
        pthread_mutex_unlock(&chores->lock);
        chore.run(chore.context);
        pthread_mutex_lock(&chores->lock);
    }
    pthread_mutex_unlock(&chores->lock);
    return NULL;
}

bool chores_create(struct chores **chores, struct error *error)
{
    struct chores *made = calloc(1, sizeof(*made));

    *chores = NULL;
    if (made == NULL)
        return error_set(error, FAULT_NONE, "no memory");
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->news, NULL);
    while (made->thread_count < CHORE_THREADS &&
           pthread_create(&made->threads[made->thread_count], NULL, work, made) == 0)
        made->thread_count++;
    if (made->thread_count == CHORE_THREADS) {
        *chores = made;
        return true;
    }
    (void)!chores_destroy(made);
    return error_set(error, FAULT_NONE, "no thread for what takes long");
}

bool chores_add(struct chores *chores, void (*run)(void *context), void *context)
{
    pthread_mutex_lock(&chores->lock);
    bool taken = chores->waiting_count < CHORES_MAX && !chores->stops;
    if (taken) {
        chores->waiting[chores->waiting_count++] = (struct chore){run, context};
        pthread_cond_signal(&chores->news);
    }
    pthread_mutex_unlock(&chores->lock);
    return taken;
}

bool chores_cancel(struct chores *chores, const void *context)
{
    bool found = false;

    pthread_mutex_lock(&chores->lock);
    for (size_t i = 0; i < chores->waiting_count && !found; i++) {
        found = chores->waiting[i].context == context;
        if (found)
            (void)take_out(chores, i);
    }
    pthread_mutex_unlock(&chores->lock);
    return found;
}

bool chores_destroy(struct chores *chores)
{
    struct timespec end;
    bool ended = true;

    if (chores == NULL)
        return true;
    pthread_mutex_lock(&chores->lock);
    chores->stops = true;
    pthread_cond_broadcast(&chores->news);
    pthread_mutex_unlock(&chores->lock);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += CHORES_PATIENCE_S;
    for (size_t i = 0; i < chores->thread_count; i++)
        ended &= pthread_clockjoin_np(chores->threads[i], NULL, CLOCK_MONOTONIC, &end) == 0;
    if (!ended)
        return false;
    pthread_cond_destroy(&chores->news);
    pthread_mutex_destroy(&chores->lock);
    free(chores);
    return true;
}
