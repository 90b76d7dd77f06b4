/*
 * Rows with the gradient and the hessian of their logistic loss as integers, so that their sums are
 * the same in whatever order they are added. What is lost in rounding is dithered by a Weyl
 * sequence: a sum of many small gradients keeps its expectation.
 */
#ifndef TRAINER_GRADIENT_ROWS_H
#define TRAINER_GRADIENT_ROWS_H

#include "trainer/draw.h"
#include "trainer/table_labels.h"

/* Sums of so many rows fit into 32 bits each. */
#define GRADIENT_BLOCK_ROWS 8192
#define GRADIENT_MOST       ((1 << 18) - 1)
#define HESSIAN_MOST        ((1 << 19) - 1)

struct gradient_row {
    uint32_t row, hessian;
    int32_t gradient;
};

/* What gradients are computed from, and in what unit they are counted. */
struct gradient_source {
    const struct table_labels *labels;
    const double *class_weight; /* of two classes, as in table_labels.h */
    float *margins;             /* log-odds of each row by the trees so far */
    double gradient_unit, hessian_unit;
    double row_share; /* of the rows, drawn for each tree; 1: all */
    uint64_t seed;
};

/* Finds units such that no row of `count` exceeds what a block has room for. */
void gradient_units(struct gradient_source *source, size_t count);

/* The rows of block `number` among `rows` that belong to the tree's sample; returns how many. */
uint32_t gradient_rows_make(const struct gradient_source *source, unsigned tree, unsigned number,
                            uint32_t rows, struct gradient_row made[GRADIENT_BLOCK_ROWS]);

#endif
