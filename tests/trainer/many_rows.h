/* A table of many rows whose labels are drawn with known chances, for the learners' tests. */
#ifndef TESTS_TRAINER_MANY_ROWS_H
#define TESTS_TRAINER_MANY_ROWS_H

#include "trainer/histogram_tree.h"
#include "trainer/table_bins.h"

#define MANY_ROWS    40000
#define MANY_COLUMNS 27

/* Logistic in the first three columns, one with values missing where the label is more often 1. */
struct many_rows {
    float values[MANY_COLUMNS][MANY_ROWS];
    const float *columns[MANY_COLUMNS];
    uint8_t positive[MANY_ROWS];
    float chance[MANY_ROWS], weights[MANY_ROWS];
    struct table_view view;
};

void many_rows_make(struct many_rows *many, uint64_t seed);

/* The mean distance of scores from the chances. */
double many_rows_error(const struct many_rows *many, const float *scores);

bool same_trees(const struct histogram_tree *one, unsigned one_count,
                const struct histogram_tree *other, unsigned other_count);

#endif
