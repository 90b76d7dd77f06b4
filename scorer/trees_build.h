/* Grown trees into the array of scorer/trees.h. */
#ifndef SCORER_TREES_BUILD_H
#define SCORER_TREES_BUILD_H

#include "scorer/trees.h"

/* A node of one grown tree. Its children may stand anywhere in the same array but at its root, 0.
 */
struct grown_node {
    uint32_t left, right; /* indices in this tree's array; both 0: a leaf */
    uint16_t column;      /* not looked at in a leaf */
    bool missing_right;   /* where NAN goes */
    float threshold;      /* value <= threshold goes left */
    float value;          /* what is told of the training rows here; a leaf's is what rows get */
    float visits;         /* training rows that came here: no more than to its parent */
};

struct grown_tree {
    const struct grown_node *nodes; /* nodes[0] is the root */
    uint32_t count;
};

/* Trees and all that they point to are the maker's to free; grown_trees_free() does it. */
void grown_trees_free(struct grown_tree *trees, uint32_t count);

/* How many nodes the trees have together; false with a sentence when no array can hold them. */
bool trees_count_nodes(const struct grown_tree *trees, uint32_t tree_count, uint32_t column_count,
                       uint32_t *node_count, struct error *error) MUST_USE;

/*
 * Lays the trees out into room that the caller has for as many nodes and values as
 * trees_count_nodes() said. What it makes passes trees_check(); false with a FAULT_MODEL sentence
 * when the trees are no sound ones.
 */
bool trees_lay_out(const struct grown_tree *trees, uint32_t tree_count, uint32_t column_count,
                   struct tree_node *nodes, int32_t *values, struct error *error) MUST_USE;

/* Both, into memory of its own: *trees is the caller's to give to trees_free(). */
bool trees_build(const struct grown_tree *grown, uint32_t tree_count, uint32_t column_count,
                 struct trees *trees, struct error *error) MUST_USE;
void trees_free(struct trees *trees);

#endif
