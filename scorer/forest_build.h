/* Grown trees into the bytes of a model file: the other direction of forest_open(). */
#ifndef SCORER_FOREST_BUILD_H
#define SCORER_FOREST_BUILD_H

#include "scorer/forest.h"

/* A node of one grown tree. Its children may stand anywhere in the same array but at its root, 0.
 */
struct forest_tree_node {
    uint32_t left, right; /* indices in this tree's array; both 0: a leaf */
    uint8_t feature;      /* enum feature; not looked at in a leaf */
    bool missing_right;   /* where NAN goes */
    float threshold;      /* value <= threshold goes left */
    float value;          /* mean of the training labels here; a leaf's probability */
    float visits;         /* training rows, weighted, that came here: no more than to its parent */
};

struct forest_tree {
    const struct forest_tree_node *nodes; /* nodes[0] is the root */
    uint32_t count;
};

/*
 * Lays out the roots, then pairs of siblings in the order of their parents' visits. From facts it
 * takes thresholds, budgets, quantiles, trained_us, geo_epoch and geo_type; everything else of the
 * header is computed. A quantile above 1, as a threshold that no risk reaches, counts as 1.
 * summary: one JSON object, may be "". *bytes is the caller's to free(). What it made passes
 * forest_open(); false with a FAULT_MODEL sentence when trees or facts cannot make a sound model.
 */
bool forest_build(const struct forest_tree *trees, uint32_t tree_count,
                  const struct forest_header *facts, const char *summary, void **bytes,
                  size_t *size, struct error *error) MUST_USE;

#endif
