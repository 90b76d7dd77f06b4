/*
 * One regression tree over binned rows by second-order gradients (Chen and Guestrin 2016), level by
 * level: all threads share each level's rows, in blocks. A node's histogram is its parent's less
 * its sibling's.
 */
#ifndef TRAINER_BOOSTED_TREE_H
#define TRAINER_BOOSTED_TREE_H

#include "trainer/gradient_rows.h"
#include "trainer/histogram_tree.h"

struct boosted_tree_options {
    unsigned depth, threads;
    double rate;          /* each Newton step is taken times this */
    double lambda;        /* of the L2 penalty on a leaf's value */
    double least_hessian; /* of each child */
    double column_share;  /* drawn for each tree, at least one */
};

struct boosted_grower;
bool boosted_grower_create(struct boosted_grower **grower, const struct table_bins *bins,
                           const struct boosted_tree_options *options,
                           struct error *error) MUST_USE;
void boosted_grower_destroy(struct boosted_grower *grower);

/*
 * Grows tree `number` on the source's rows. If all rows are in the sample, their leaves' values are
 * added to the source's margins, otherwise that is left to the caller. tree->nodes is the caller's
 * to free(). False when there is no memory.
 */
bool boosted_tree_grow(struct boosted_grower *grower, const struct gradient_source *source,
                       unsigned number, struct histogram_tree *tree) MUST_USE;

#endif
