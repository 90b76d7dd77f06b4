/*
 * A random forest (Breiman 2001): each tree on a bootstrap sample, each split the best of a random
 * subset of sqrt(features) by weighted Gini impurity, on histograms of at most 255 quantile bins.
 * Missing values form a bin of their own and go to whichever side is better. Deterministic for a
 * seed, whatever the number of threads.
 */
#ifndef TRAINER_GROW_FOREST_H
#define TRAINER_GROW_FOREST_H

#include "scorer/trees_build.h"
#include "trainer/rows.h"

struct forest_options {
    unsigned trees, depth, threads;
    unsigned smallest_leaf; /* rows, each counted as often as it was drawn */
    uint64_t seed;
};

/* *trees: options->trees of them, the caller's to give to grown_trees_free(). */
bool grow_forest(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct grown_tree **trees,
                 struct error *error) MUST_USE;

#endif
