/*
 * A table of numbers as small integers: each column cut once at quantiles of its own values. Row by
 * row, because a node of a tree asks a few columns of rows that lie far apart: one cache line then
 * answers for all of them.
 */
#ifndef TRAINER_TABLE_BINS_H
#define TRAINER_TABLE_BINS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define BIN_MISSING        255
#define BIN_MOST_CUTS      254
#define TABLE_MOST_COLUMNS 4096

/* Numbers somebody else owns: column c of row r is column[c][r * stride]; NAN: missing. */
struct table_view {
    size_t rows;
    unsigned columns;
    const float *const *column;
    size_t stride;
};

/*
 * Bin b holds the values above cut[b - 1] and up to cut[b]; the last bin, number cut_count, those
 * up to the greatest value, which stands in cut[cut_count].
 */
struct column_bins {
    unsigned cut_count;
    bool has_missing;
    float cut[BIN_MOST_CUTS + 1];
};

struct table_bins {
    size_t rows;
    unsigned columns;
    struct column_bins *column;
    uint8_t *bins; /* of row r and column c: bins[r * columns + c] */
};

/* Cuts made from the view's values. *bins is the caller's to destroy. */
bool table_bins_create(struct table_bins **bins, const struct table_view *view, unsigned threads,
                       struct error *error) MUST_USE;

/* Other rows in the same cuts. */
bool table_bins_create_like(struct table_bins **bins, const struct table_bins *like,
                            const struct table_view *view, unsigned threads,
                            struct error *error) MUST_USE;
void table_bins_destroy(struct table_bins *bins);

#endif
