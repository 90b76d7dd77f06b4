/*
 * Gradient boosted trees over any table of numbers (Friedman 2001; Chen and Guestrin 2016): each
 * tree on the gradients of the logistic loss that the trees before it leave, its leaves' values
 * Newton steps with an L2 penalty, shortened by a rate. Deterministic for a seed, whatever the
 * number of threads.
 */
#ifndef TRAINER_TABLE_BOOSTED_H
#define TRAINER_TABLE_BOOSTED_H

#include "trainer/histogram_tree.h"
#include "trainer/table_labels.h"

struct table_boosted_options {
    unsigned rounds, depth, threads;
    unsigned patience; /* rounds without a smaller loss on later rows that end it; 0: all rounds */
    double rate;
    double lambda;                  /* of the L2 penalty on a leaf's value */
    double least_hessian;           /* sum of weight * p * (1 - p) that a leaf has at least */
    double row_share, column_share; /* drawn for each tree; 1: all */
    double class_weight[2];         /* of rows labelled 0 and 1; both 0: 1 */
    uint64_t seed;
};

/* Depth 6, rate 0.1, lambda 1, least_hessian 1, all rows and columns, seed 1; one thread. */
extern const struct table_boosted_options TABLE_BOOSTED_DEFAULTS;

/*
 * A row's log-odds are base and its leaves' values. A node's value is what it would add as a leaf,
 * its visits the rows of the sample that came there. Boosting starts at log-odds 0: from the share
 * of a rare label each row's hessian is small, and the first leaves take steps that are too long.
 */
struct table_boosted {
    struct histogram_tree *trees;
    unsigned count;
    double base; /* 0; where there is no tree, the log-odds of all rows together */
};

/* Rows of a later time, cut as those that are learned from. */
struct table_later {
    const struct table_bins *bins;
    struct table_labels labels;
};

/*
 * later: NULL, or what tells when to stop; the trees up to the least loss there are kept. Labels
 * that are all the same, or columns that tell nothing, give the base and no tree. False when there
 * is no memory, no row, or more than 2^31 - 1 rows.
 */
bool table_boosted_grow(struct table_boosted *boosted, const struct table_bins *bins,
                        const struct table_labels *labels, const struct table_later *later,
                        const struct table_boosted_options *options, struct error *error) MUST_USE;
void table_boosted_finish(struct table_boosted *boosted);

/* Each row's probability; bins must be cut as those the trees were grown on. */
void table_boosted_score(const struct table_boosted *boosted, const struct table_bins *bins,
                         unsigned threads, float *scores);

#endif
