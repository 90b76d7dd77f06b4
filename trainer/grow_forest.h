/*
 * A random forest (Breiman 2001): each tree on a bootstrap sample, each split the best of a random
 * subset of sqrt(features) by weighted Gini impurity, on histograms of at most 255 quantile bins.
 * Missing values form a bin of their own and go to whichever side is better. Deterministic for a
 * seed, whatever the number of threads.
 */
#ifndef TRAINER_GROW_FOREST_H
#define TRAINER_GROW_FOREST_H

#include "scorer/forest_build.h"
#include "trainer/rows.h"
#include "trainer/table_boosted.h"

struct forest_options {
    unsigned trees, depth, threads;
    unsigned smallest_leaf; /* rows, each counted as often as it was drawn */
    uint64_t seed;
};

/* *trees: options->trees of them, the caller's to give to grown_forest_free(). */
bool grow_forest(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct forest_tree **trees,
                 struct error *error) MUST_USE;
/*
 * Gradient boosted trees (Chen and Guestrin 2016) on the same rows and bins: a node's value is a
 * step in log-odds, and a login's are *base and its leaves' values. later: rows of a later time
 * that tell when to stop, or NULL. *count: how many trees were kept, 0 where nothing tells
 * legitimate logins from attacks; *trees is the caller's to give to grown_forest_free().
 */
bool grow_boosted(const struct training_row *rows, size_t row_count,
                  const struct training_row *later, size_t later_count,
                  const struct table_boosted_options *options, struct forest_tree **trees,
                  unsigned *count, double *base, struct error *error) MUST_USE;
void grown_forest_free(struct forest_tree *trees, unsigned count);

#endif
