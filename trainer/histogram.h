/* Sums of a node's rows by bin, and the best split they show. */
#ifndef TRAINER_HISTOGRAM_H
#define TRAINER_HISTOGRAM_H

#include "trainer/histogram_tree.h"

/* of each bin: the sum of weights in the low half, of positives' weights in the high half. */
struct histogram {
    uint64_t sums[256];
    uint32_t rows[256]; /* as often as drawn; filled for weighted rows only */
};

struct node_sums {
    uint64_t weight, positive, rows;
};

/* SAMPLE_AHEAD rows behind the last one may be read, to fetch what will be needed. */
struct rows_view {
    const struct sample_row *rows;
    uint32_t count;
    const uint8_t *matrix;
    size_t stride;
    bool weighted;
};

/* score: the sum over both sides of positive^2 / weight, as a fraction. */
struct split {
    double numerator, denominator;
    struct node_sums left;
    unsigned column, cut;
    bool missing_right, found;
};

/* What a split must be better than: the node as it is. */
struct split split_none(const struct node_sums *total);

/* One histogram for each of the columns. */
void histograms_fill(struct histogram *histograms, const struct rows_view *view,
                     const uint16_t *columns, unsigned column_count,
                     const struct column_bins *bins);

/*
 * Looks at every cut, with the missing values on either side, and keeps the first best one that is
 * better than *best and leaves smallest_leaf rows on both sides. Where nothing is missing, missing
 * values will go to the heavier side.
 */
void histogram_split(const struct histogram *histogram, const struct column_bins *bins,
                     unsigned column, const struct node_sums *total, bool weighted,
                     unsigned smallest_leaf, struct split *best);

#endif
