/*
 * One classification tree over binned rows, split by weighted Gini impurity (Breiman 1984) on
 * histograms. All sums are integers: they come out the same in whatever order they are added.
 */
#ifndef TRAINER_HISTOGRAM_TREE_H
#define TRAINER_HISTOGRAM_TREE_H

#include "trainer/draw.h"
#include "trainer/table_bins.h"

/* A node of a grown tree; the root is node 0. */
struct histogram_node {
    uint32_t child;        /* the left one, the right one follows it; 0: a leaf */
    uint16_t column;       /* of an inner node: a bin <= cut goes left */
    uint8_t cut;           /* a bin number: the threshold is the column's cut[cut] */
    uint8_t missing_right; /* where a missing value goes */
    float value;           /* share of positives, by weight; see tree_options */
    uint32_t visits;       /* distinct rows of the sample that came here */
};

struct histogram_tree {
    struct histogram_node *nodes;
    uint32_t count;
};

struct tree_options {
    unsigned depth;
    unsigned smallest_leaf; /* rows, each counted as often as it was drawn */
    unsigned columns_tried; /* at each split, at random; more, one by one, while none helps */

    /*
     * What is added to each node's rows at its parent's share of positives (m-estimate of
     * probability, Cestnik 1990). Without it a deep tree's leaves mostly say 0 or 1, and so does a
     * forest where all of them agree: a certainty that no sample supports, at any price in log
     * loss.
     */
    double parent_weight;
};

/* A row of the sample: where it stands, how often it was drawn, its weight and its label. */
#define SAMPLE_MOST_DRAWN  15
#define SAMPLE_MOST_WEIGHT ((UINT32_C(1) << 24) - 1)
#define SAMPLE_AHEAD       16 /* rows behind the last one, fetched before their turn */
struct sample_row {
    uint32_t row;
    uint32_t weight : 24, drawn : 7, positive : 1;
};

/* What one thread needs to grow one tree after the other. */
struct tree_grower;
bool tree_grower_create(struct tree_grower **grower, const struct table_bins *bins,
                        const struct tree_options *options, bool weighted,
                        struct error *error) MUST_USE;
void tree_grower_destroy(struct tree_grower *grower);

/* Room for as many rows as the table has, to be filled in ascending order. */
struct sample_row *tree_grower_sample(struct tree_grower *grower);

/*
 * A tree is grown in parts, so that several threads can: the trunk, on the first count rows of the
 * sample, which it uses up; then each of its subtrees, in any order and by several threads at once,
 * in the room of this grower or of a helper of the same table and options, which may hold a trunk
 * of its own. tree_finish() makes one tree of them, the same whoever grew them; tree->nodes is the
 * caller's to free(). The sum of weight times drawn must be below 2^32. Unless the grower is
 * weighted all weights must be 1. False when there is no memory.
 */
bool tree_grow_trunk(struct tree_grower *grower, struct draw *draw, uint32_t count) MUST_USE;
uint32_t tree_subtree_count(const struct tree_grower *grower);
bool tree_grow_subtree(struct tree_grower *grower, uint32_t number,
                       struct tree_grower *helper) MUST_USE;
bool tree_finish(struct tree_grower *grower, struct histogram_tree *tree) MUST_USE;

/* The leaf that a row of bins falls into. */
const struct histogram_node *tree_leaf(const struct histogram_tree *tree, const uint8_t *bins);

#endif
