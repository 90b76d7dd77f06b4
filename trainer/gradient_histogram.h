/*
 * Sums of a node's gradients by bin, and the best split they show (Chen and Guestrin 2016, section
 * 2.2). All sums are integers, in the units of gradient_rows.h.
 */
#ifndef TRAINER_GRADIENT_HISTOGRAM_H
#define TRAINER_GRADIENT_HISTOGRAM_H

#include "trainer/gradient_rows.h"
#include "trainer/table_bins.h"

/* The columns a tree may split, and where each one's bins begin: its cuts', then the missing. */
struct gradient_columns {
    const struct table_bins *bins;
    uint16_t *number;
    uint32_t *first;
    unsigned count;
    uint32_t bin_count; /* of all of them together */
};

/* Packed sums of one block of rows: 256 bins a column. */
typedef uint64_t gradient_block[256];

/*
 * Adds count rows, at most GRADIENT_BLOCK_ROWS, to a block that is all zero, and moves what they
 * come to into sums, which has bin_count bins. packed: of each row of the table.
 */
void gradient_block_fill(gradient_block *block, const struct gradient_columns *columns,
                         const uint32_t *rows, uint32_t count, const uint64_t *packed);
void gradient_block_move(gradient_block *block, const struct gradient_columns *columns,
                         struct gradient_sums *sums);

/* In units of gradient^2 / hessian, and of hessian. */
struct gradient_limits {
    double lambda, least_hessian, least_gain;
};

/* score: the sum over both sides of gradient^2 / (hessian + lambda), as a fraction. */
struct gradient_split {
    double numerator, denominator;
    struct gradient_sums left;
    uint16_t column;
    uint8_t cut;
    bool missing_right, found;
};

/*
 * The first best cut of all columns, missing values on either side, that gains least_gain and
 * leaves least_hessian on both sides. Where nothing is missing, missing values will go to the
 * heavier side.
 */
struct gradient_split gradient_split_find(const struct gradient_sums *sums,
                                          const struct gradient_columns *columns,
                                          const struct gradient_sums *total,
                                          const struct gradient_limits *limits);

#endif
