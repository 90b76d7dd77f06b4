/*
 * An isolation forest (Liu, Ting and Zhou 2008, "Isolation Forest", ICDM): how anomalous a row is,
 * told by how few random splits set it apart.
 *
 *     s(x) = 2^(-E(h(x)) / c(sample_rows))
 *
 * where h is the depth of the leaf reached plus c(rows of the training sample that ended there).
 * Near 1: an anomaly; well below 0.5: normal. Its trees are those of scorer/trees.h, h the value of
 * a leaf; trainer/grow_isolation.h grows them.
 *
 * Missing values (NAN) go to each node's default side, which was drawn when the tree was grown, in
 * proportion to the sample's known values on either side. Over the trees that estimates what C4.5
 * does by sending fractions of a row down both (Quinlan 1993, "C4.5", ch. 3).
 */
#ifndef SCORER_ISOLATION_H
#define SCORER_ISOLATION_H

#include "scorer/trees.h"

#define ISOLATION_MAX_SAMPLE (UINT32_C(1) << 16)

struct isolation_forest {
    struct trees trees;
    uint32_t sample_rows; /* each tree was grown on; 2 or more */
};

/* c(n): mean path length of an unsuccessful search in a binary search tree of n keys. */
double isolation_mean_path(uint32_t rows);

/* s of path lengths summed over the trees, as trees_sum() and trees_base() tell them. */
double isolation_score_of(const struct isolation_forest *forest, int64_t path_sum);

/* 0 to 1. row: column_count values, NAN where missing. */
double isolation_score(const struct isolation_forest *forest, const float *row);

/* The same of each of `rows` rows of column_count values that follow one another. */
void isolation_score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                          double *scores);

/* What path lengths of leaves and means can be. */
struct tree_bounds isolation_bounds(void);

#endif
