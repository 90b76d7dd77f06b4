/* Histograms of gradients that nodes keep for their children, used again when given back. */
#ifndef TRAINER_HISTOGRAM_POOL_H
#define TRAINER_HISTOGRAM_POOL_H

#include <pthread.h>

#include "trainer/gradient_histogram.h"

struct kept_histogram {
    pthread_mutex_t lock; /* several threads add their blocks of rows */
    struct kept_histogram *next_made, *next_spare;
    struct gradient_sums sums[];
};

struct histogram_pool {
    struct kept_histogram *made, *spare;
    size_t bins; /* of each, the same for all */
};

/* All sums 0; NULL: no memory. Not for several threads at once. */
struct kept_histogram *histogram_pool_take(struct histogram_pool *pool);

/* *histogram, which may be NULL already, becomes NULL. */
void histogram_pool_give(struct histogram_pool *pool, struct kept_histogram **histogram);

/* All that were ever taken, wherever they are. */
void histogram_pool_gather(struct histogram_pool *pool);
void histogram_pool_finish(struct histogram_pool *pool);

#endif
