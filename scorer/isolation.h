/*
 * An isolation forest (Liu, Ting and Zhou 2008, "Isolation Forest", ICDM): how anomalous a row is,
 * told by how few random splits set it apart. An index-based array, walked without parsing,
 * allocation or I/O; trainer/grow_isolation.h grows it.
 *
 *     s(x) = 2^(-E(h(x)) / c(sample_rows))
 *
 * where h is the depth of the leaf reached plus c(rows of the training sample that ended there).
 * Near 1: an anomaly; well below 0.5: normal.
 *
 * Layout. A node is 8 bytes, so that eight share a cache line: a 32-bit key and a 32-bit link of
 * 21 bits child (2^21 nodes: 4,096 trees of 256 rows) and 11 bits slot. Thresholds are kept as
 * integers that sort as their floats do. A row is first written out as two keys a column, slot
 * 2 × column for nodes that send missing values left and 2 × column + 1 for those that send them
 * right: a missing value is the least key in the one and the greatest in the other, so that a step
 * needs no question about it. A leaf is its own child and asks a slot of the least key: a tree can
 * be walked `depth` steps without asking where it ends, and without a branch to guess wrong. Path
 * lengths are integers, so that their sum depends on no order.
 *
 * Missing values (NAN) go to each node's default side, which was drawn when the tree was grown, in
 * proportion to the sample's known values on either side. Over the trees that estimates what C4.5
 * does by sending fractions of a row down both (Quinlan 1993, "C4.5", ch. 3).
 */
#ifndef SCORER_ISOLATION_H
#define SCORER_ISOLATION_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define ISOLATION_MAX_COLUMNS 512
#define ISOLATION_MAX_DEPTH   16
#define ISOLATION_CHILD_BITS  21
#define ISOLATION_MAX_NODES   (UINT32_C(1) << ISOLATION_CHILD_BITS)
#define ISOLATION_MAX_SAMPLE  (UINT32_C(1) << ISOLATION_MAX_DEPTH)
#define ISOLATION_PATH_UNIT   0x1p-24

struct isolation_node {
    uint32_t link; /* isolation_link() */
    uint32_t key;  /* isolation_key() of the threshold; in a leaf isolation_leaf_key() */
};

/* Tree t's root is node t. Children stand at `child` (value <= threshold) and `child` + 1. */
struct isolation_forest {
    const struct isolation_node *nodes; /* the owner's, node_count long */
    uint32_t node_count, tree_count, column_count;
    uint32_t depth;       /* no leaf lies deeper */
    uint32_t sample_rows; /* each tree was grown on; 2 or more */
};

/* c(n): mean path length of an unsuccessful search in a binary search tree of n keys. */
double isolation_mean_path(uint32_t rows);

/* Keys of finite and infinite values sort as the values do; -0 and 0 have the same. */
uint32_t isolation_key(float value);

/* h of a leaf at that depth that so many rows ended in, in ISOLATION_PATH_UNITs. */
uint32_t isolation_leaf_key(uint32_t depth, uint32_t rows);

/* The link of an inner node, and of the leaf that is node `at`. */
uint32_t isolation_link(uint32_t child, unsigned column, bool missing_right);
uint32_t isolation_leaf_link(uint32_t at, uint32_t column_count);

/*
 * False with a FAULT_MODEL sentence unless every walk from a root stays in the array and ends in a
 * leaf of sound path length within `depth` steps. The functions below ask nothing any more.
 */
bool isolation_check(const struct isolation_forest *forest, struct error *error) MUST_USE;

/* 0 to 1. row: column_count values, NAN where missing. */
double isolation_score(const struct isolation_forest *forest, const float *row);

/* The same of each of `rows` rows of column_count values that follow one another. */
void isolation_score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                          double *scores);

#endif
