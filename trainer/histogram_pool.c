#include "trainer/histogram_pool.h"

#include <stdlib.h>
#include <string.h>

struct kept_histogram *histogram_pool_take(struct histogram_pool *pool)
{
    struct kept_histogram *taken = pool->spare;

    if (taken != NULL) {
        pool->spare = taken->next_spare;
    } else {
        taken = malloc(sizeof *taken + pool->bins * sizeof taken->sums[0]);
        if (taken == NULL)
            return NULL;
        pthread_mutex_init(&taken->lock, NULL);
        taken->next_made = pool->made;
        pool->made = taken;
    }
    memset(taken->sums, 0, pool->bins * sizeof taken->sums[0]);
    return taken;
}

void histogram_pool_give(struct histogram_pool *pool, struct kept_histogram **histogram)
{
    if (*histogram == NULL)
        return;
    (*histogram)->next_spare = pool->spare;
    pool->spare = *histogram;
    *histogram = NULL;
}

void histogram_pool_gather(struct histogram_pool *pool)
{
    pool->spare = pool->made;
    for (struct kept_histogram *made = pool->made; made != NULL; made = made->next_made)
        made->next_spare = made->next_made;
}

void histogram_pool_finish(struct histogram_pool *pool)
{
    while (pool->made != NULL) {
        struct kept_histogram *made = pool->made;
        pool->made = made->next_made;
        pthread_mutex_destroy(&made->lock);
        free(made);
    }
    pool->spare = NULL;
}
