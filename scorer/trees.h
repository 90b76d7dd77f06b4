/*
 * Binary trees as one array that needs no parsing: what random forests, boosted trees and isolation
 * forests are scored with, in memory and mapped from a model file. What a row makes of them is the
 * sum of the values of the leaves that it falls into, one leaf a tree.
 *
 * A walk compares integers and branches nowhere. A row is first written out as keys, integers in
 * the order of its values, two for each column: for nodes that send a missing value left and for
 * those that send it right. Each node names one of them, and goes to its child, or to the one
 * behind that when the row's key is greater than its own. A leaf names a key that never is, and its
 * child is itself. Key and link of a node are compared and followed as one 64-bit word.
 *
 * Children stand behind their parents, so that no walk can loop. The roots come first, then pairs
 * of siblings, those that training rows reached most often first: what a row visits lies in few
 * cache lines and pages.
 */
#ifndef SCORER_TREES_H
#define SCORER_TREES_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define TREES_MOST_COLUMNS 2047
#define TREES_MOST_COUNT   4096
#define TREES_MOST_NODES   (UINT32_C(1) << 24) /* with more than TREES_NARROW_COLUMNS: 1 << 20 */
#define TREES_VALUE_ONE    (INT32_C(1) << 24)  /* values are integers: no sum depends on an order */
#define TREES_VALUE_UNIT   (1.0 / TREES_VALUE_ONE)

/* Nodes of tables of so few columns have 8 bits for the key they name, others 12. */
#define TREES_NARROW_COLUMNS 127

struct tree_node {
    uint32_t link; /* tree_link() */
    uint32_t key;  /* tree_key() of the threshold; of a leaf tree_leaf_key() of its value */
};

/* Tree t's root is node t. */
struct trees {
    const struct tree_node *nodes; /* the owner's, node_count long */
    const int32_t *values;         /* of every node, in TREES_VALUE_UNITs: what would be told of
                                      the training rows that came here if it were a leaf */
    uint32_t node_count, tree_count, column_count;
};

/* A row, written out: keys by slot; 64-bit, so that they compare with a whole node. */
#define TREES_MOST_SLOTS   4096
#define TREES_NARROW_SLOTS 256

/* How many nodes the links of tables of so many columns can tell apart. */
uint32_t trees_most_nodes(uint32_t column_count);

/* Integers in the order of finite and infinite floats; -0 and 0 are one. Not for NAN. */
uint32_t tree_key(float value);
uint32_t tree_leaf_key(int32_t value);

/* Of an inner node; of the leaf that is node `at`. */
uint32_t tree_link(uint32_t column_count, uint32_t child, unsigned column, bool missing_right);
uint32_t tree_leaf_link(uint32_t column_count, uint32_t at);

bool tree_is_leaf(const struct trees *trees, uint32_t at);
int32_t tree_leaf_value(const struct trees *trees, uint32_t at); /* of a leaf */
uint32_t tree_child(const struct trees *trees, uint32_t at);
unsigned tree_column(const struct trees *trees, uint32_t at); /* that an inner node asks */

/* What values can be, in TREES_VALUE_UNITs. */
struct tree_bounds {
    int32_t least, most;
};

/*
 * False with a FAULT_MODEL sentence unless every walk stays in the array and ends, and every value
 * is within its bounds. trees_sum() and trees_attribute() ask nothing any more.
 */
bool trees_check(const struct trees *trees, struct tree_bounds bounds,
                 struct error *error) MUST_USE;

/* The counts alone. */
bool trees_check_sizes(const struct trees *trees, struct error *error) MUST_USE;

/* Why node `at`, or its value, is unsound; NULL when it is sound: a walk may go on from it then. */
const char *tree_unsound(const struct trees *trees, uint32_t at, struct tree_bounds bounds);
const char *tree_value_unsound(const struct trees *trees, uint32_t at, struct tree_bounds bounds);

/* row: column_count values, NAN where missing. keys: TREES_MOST_SLOTS, or TREES_NARROW_SLOTS. */
void trees_write_keys(uint32_t column_count, const float *row, uint64_t *keys);

/* Where a walk goes on from node `at`; a leaf's next is itself. */
uint32_t tree_next(const struct trees *trees, uint32_t at, const uint64_t *keys);

/* The leaves' values summed over all trees, in TREES_VALUE_UNITs. */
int64_t trees_sum(const struct trees *trees, const uint64_t *keys);

/* What a row's sum says; context: whatever it needs to know. */
typedef double tree_score(const void *context, int64_t sum);

/* That of each of `rows` rows of column_count values that follow one another. */
void trees_score_rows(const struct trees *trees, const float *table, size_t rows, tree_score *score,
                      const void *context, double *scores);

/*
 * What each column did to that sum: along each path, the change of the node's value is given to the
 * column that was asked (Saabas 2014, "Interpreting random forests"). Added to contributions, which
 * then add up to trees_sum() - the roots' values summed.
 */
void trees_attribute(const struct trees *trees, const uint64_t *keys, int64_t *contributions);

/* The roots' values summed: the sum before any evidence. */
int64_t trees_base(const struct trees *trees);

#endif
