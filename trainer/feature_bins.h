/* Training rows as small integers: each feature cut at quantiles of its own values. */
#ifndef TRAINER_FEATURE_BINS_H
#define TRAINER_FEATURE_BINS_H

#include "trainer/rows.h"

#define BIN_MISSING   255
#define BIN_MOST_CUTS 254

/* Bin b holds the values above cuts[b - 1] and up to cuts[b]. */
struct feature_bins {
    size_t rows;
    uint8_t *bins[FEATURE_COUNT]; /* of each row */
    unsigned cut_count[FEATURE_COUNT];
    float cuts[FEATURE_COUNT][BIN_MOST_CUTS];
};

bool feature_bins_create(struct feature_bins **bins, const struct training_row *rows, size_t count,
                         struct error *error) MUST_USE;
void feature_bins_destroy(struct feature_bins *bins);

#endif
