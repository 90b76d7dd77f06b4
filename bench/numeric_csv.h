/*
 * A CSV of numbers for the benches: a line of column names, then one row a line, its last cell the
 * label, 0 or 1. An empty cell is missing: NAN.
 */
#ifndef BENCH_NUMERIC_CSV_H
#define BENCH_NUMERIC_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct numeric_csv {
    float *table; /* rows × columns, row after row; the caller's, as labels, to free() */
    uint8_t *labels;
    size_t rows;
    unsigned columns; /* without the label */
};

bool numeric_csv_read(const char *path, struct numeric_csv *csv, struct error *error) MUST_USE;

#endif
