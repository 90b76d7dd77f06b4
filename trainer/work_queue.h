/* Numbered jobs, taken by threads one after the other until none is left. */
#ifndef TRAINER_WORK_QUEUE_H
#define TRAINER_WORK_QUEUE_H

#define WORK_MOST_THREADS 64

/* worker: 0 to threads - 1, the same for all jobs of one thread. */
typedef void work_job(void *context, unsigned number, unsigned worker);

/* At most WORK_MOST_THREADS, at least 1. */
unsigned work_thread_count(unsigned wanted);

/*
 * Runs job for each number below count in work_thread_count(threads) threads and returns when all
 * are done. The calling thread works too, so a thread that cannot be started only costs time.
 */
void work_run(unsigned threads, unsigned count, work_job *job, void *context);

#endif
