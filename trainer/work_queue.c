#include "trainer/work_queue.h"

#include <pthread.h>
#include <stdatomic.h>

struct work_queue {
    work_job *job;
    void *context;
    unsigned count;
    atomic_uint next;
};

struct worker {
    struct work_queue *queue;
    unsigned number;
};

static void *work(void *argument)
{
    const struct worker *worker = argument;
    struct work_queue *queue = worker->queue;

    for (;;) {
        unsigned number = atomic_fetch_add(&queue->next, 1);
        if (number >= queue->count)
            return NULL;
        queue->job(queue->context, number, worker->number);
    }
}

unsigned work_thread_count(unsigned wanted)
{
    if (wanted == 0)
        return 1;
    return wanted < WORK_MOST_THREADS ? wanted : WORK_MOST_THREADS;
}

void work_run(unsigned threads, unsigned count, work_job *job, void *context)
{
    struct work_queue queue = {.job = job, .context = context, .count = count};
    struct worker workers[WORK_MOST_THREADS];
    pthread_t started_threads[WORK_MOST_THREADS];
    unsigned wanted = work_thread_count(threads), started = 1;

    if (wanted > count)
        wanted = count;
    workers[0] = (struct worker){&queue, 0};
    while (started < wanted) {
        workers[started] = (struct worker){&queue, started};
        if (pthread_create(&started_threads[started], NULL, work, &workers[started]) != 0)
            break;
        started++;
    }
    work(&workers[0]);
    while (started > 1)
        pthread_join(started_threads[--started], NULL);
}
