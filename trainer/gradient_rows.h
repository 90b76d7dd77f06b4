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

/* A row's gradient in the high half, its hessian in the low one; so are sums of them. */
static inline uint64_t gradient_pack(int32_t gradient, uint32_t hessian)
{
    return ((uint64_t)(uint32_t)gradient << 32) + hessian;
}

struct gradient_sums {
    int64_t gradient, hessian;
};

static inline void gradient_unpack(struct gradient_sums *sums, uint64_t packed)
{
    sums->gradient += (int32_t)(packed >> 32);
    sums->hessian += (uint32_t)packed;
}

/* What gradients are computed from, and in what unit they are counted. */
struct gradient_source {
    const struct table_labels *labels;
    const double *class_weight;               /* of two classes, as in table_labels.h */
    float *margins;                           /* log-odds of each row by the trees so far */
    bool weighted;                            /* this and the two below: by gradient_units() */
    double gradients_of_one, hessians_of_one; /* what 1 is counted as */
    double row_share;                         /* of the rows, drawn for each tree; 1: all */
    uint64_t seed;
};

/* Finds units such that no row of `count` exceeds what a block has room for. */
void gradient_units(struct gradient_source *source, size_t count);

/*
 * Of block `number` among `count` rows: which belong to the tree's sample, and packed[row] of
 * those. Returns how many.
 */
uint32_t gradient_rows_make(const struct gradient_source *source, unsigned tree, unsigned number,
                            uint32_t count, uint32_t rows[GRADIENT_BLOCK_ROWS], uint64_t *packed);

#endif
