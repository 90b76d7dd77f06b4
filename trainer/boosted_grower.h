/* What boosted_tree.c and boosted_rows.c share: a tree that grows, level by level. */
#ifndef TRAINER_BOOSTED_GROWER_H
#define TRAINER_BOOSTED_GROWER_H

#include <stdatomic.h>

#include "trainer/boosted_tree.h"
#include "trainer/histogram_pool.h"
#include "trainer/work_queue.h"

/* A node of the level that is grown; its rows stand together in the level's order. */
struct open_node {
    uint32_t node, first, count;
    bool may_split;
    struct gradient_sums total;
    struct kept_histogram *histogram; /* NULL: not kept */
    struct gradient_split split;
    atomic_uint left, right; /* how many rows have gone to either side */
};

struct row_block {
    struct open_node *open;
    const uint32_t *rows;
    uint32_t count;
};

struct boosted_grower {
    struct boosted_tree_options options;
    const struct gradient_source *source;
    unsigned number;
    struct gradient_limits limits;
    struct gradient_columns columns;
    uint16_t *candidates; /* the columns that can be split */
    unsigned candidate_count;
    uint32_t *rows, *child_rows; /* in the order of the level, and of the next one */
    uint64_t *packed;            /* of each row of the table */
    uint8_t *by_column;          /* the table's bins again: a split asks one column of all rows */
    struct open_node *level;     /* those that will be split */
    struct open_node *children;  /* of level[i]: 2 * i and the one after it */
    uint32_t level_count;
    struct row_block *blocks;
    uint32_t block_count, block_capacity;
    struct histogram_pool pool;
    gradient_block *block_sums[WORK_MOST_THREADS];
    struct gradient_sums *small_sums[WORK_MOST_THREADS]; /* of a node that keeps none */
    struct histogram_node *nodes;
    uint32_t node_count, node_capacity;
};

/* Fills by_column. */
void boosted_rows_turn(struct boosted_grower *grower);

/* Appends blocks of the node's rows, which stand in rows, to those that the next run is about. */
bool boosted_rows_add(struct boosted_grower *grower, struct open_node *open,
                      const uint32_t *rows) MUST_USE;

/* Fills packed, child_rows, and the sums and the histogram of the root, children[0]. */
void boosted_rows_make(struct boosted_grower *grower);

/* Those that follow work on the blocks that were added, and forget them. */

/* Adds the rows to the histograms of their nodes. */
void boosted_rows_fill(struct boosted_grower *grower);

/* Moves the rows of nodes of the level from rows into child_rows, and counts the left ones. */
void boosted_rows_part(struct boosted_grower *grower);

/* Counts the left ones as well; children are leaves: their values go into the margins. */
void boosted_rows_part_last(struct boosted_grower *grower);

/* Their nodes are leaves. */
void boosted_rows_settle(struct boosted_grower *grower);

#endif
