/*
 * A random forest (Breiman 2001) over any table of numbers: each tree on a bootstrap sample, drawn
 * by giving each row a Poisson(1) count; each split the best of a random subset of columns.
 * Deterministic for a seed, whatever the number of threads.
 */
#ifndef TRAINER_TABLE_FOREST_H
#define TRAINER_TABLE_FOREST_H

#include "trainer/histogram_tree.h"
#include "trainer/table_labels.h"

struct table_forest_options {
    unsigned trees, depth, threads;
    unsigned smallest_leaf; /* rows, each counted as often as it was drawn */
    unsigned columns_tried; /* at each split; 0: the square root of their number, rounded up */
    uint64_t seed;
    double class_weight[2]; /* of rows labelled 0 and 1; both 0: 1 */
    bool every_row;         /* each tree on all rows, each once, instead of a bootstrap sample */
    bool plain_shares;      /* of positives in each node, instead of one row more at its parent's */
};

struct table_forest {
    struct histogram_tree *trees;
    unsigned count;
};

/*
 * out_of_bag: NULL, or room for each row's mean over the trees that did not see it, NAN for a row
 * that all have seen. False when there is no memory, no row, or more than 2^31 - 1 rows.
 */
bool table_forest_grow(struct table_forest *forest, const struct table_bins *bins,
                       const struct table_labels *labels,
                       const struct table_forest_options *options, float *out_of_bag,
                       struct error *error) MUST_USE;
void table_forest_finish(struct table_forest *forest);

/* Each row's mean leaf value over the trees; bins must be cut as those the forest was grown on. */
void table_forest_score(const struct table_forest *forest, const struct table_bins *bins,
                        unsigned threads, float *scores);

#endif
