/* The binary tables that make_table writes: rows of BINARY_TABLE_COLUMNS floats and a label. */
#ifndef BENCH_BINARY_TABLE_H
#define BENCH_BINARY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINARY_TABLE_COLUMNS 20

struct binary_table {
    size_t rows;
    unsigned columns;
    float *row_major;
    const float *column[BINARY_TABLE_COLUMNS]; /* the same, column after column */
    uint8_t *labels;
};

/* False, with a line on stderr, when there is no such file or no room. */
bool binary_table_read(const char *path, struct binary_table *table);
void binary_table_finish(struct binary_table *table);

#endif
