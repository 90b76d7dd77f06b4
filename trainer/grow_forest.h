/*
 * Forests of training rows, on histograms of at most 255 quantile bins. Missing values form a bin
 * of their own and go to whichever side is better. Deterministic for a seed, whatever the number of
 * threads.
 */
#ifndef TRAINER_GROW_FOREST_H
#define TRAINER_GROW_FOREST_H

#include "scorer/forest.h"
#include "scorer/trees_build.h"
#include "trainer/rows.h"

struct forest_options {
    unsigned trees, depth, threads;
    /* Bagged: rows, each counted as often as it was drawn. Boosted: their sum of weight * p * (1 -
     * p), the evidence that is left to a step. */
    unsigned smallest_leaf;
    uint64_t seed;
};

struct grown_forest {
    enum forest_kind kind;
    struct grown_tree *trees;
    uint32_t count;
    double bias; /* log-odds before any tree */
};

/*
 * A random forest (Breiman 2001): each tree on a bootstrap sample, each split the best of a random
 * subset of sqrt(features) by weighted Gini impurity. *forest is the caller's to give to
 * grown_forest_finish().
 */
bool grow_bagged(const struct training_row *rows, size_t count,
                 const struct forest_options *options, struct grown_forest *forest,
                 struct error *error) MUST_USE;

/*
 * Boosted trees (Friedman 2001; Chen and Guestrin 2016): at most options->trees of them, no more
 * than lower the loss of the later rows.
 */
bool grow_boosted(const struct training_row *rows, size_t count, const struct training_row *later,
                  size_t later_count, const struct forest_options *options,
                  struct grown_forest *forest, struct error *error) MUST_USE;

void grown_forest_finish(struct grown_forest *forest);

#endif
