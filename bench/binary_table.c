#include "bench/binary_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROW_FLOATS (BINARY_TABLE_COLUMNS + 1)

static bool make_room(struct binary_table *table, float **columns)
{
    table->row_major = calloc(table->rows * BINARY_TABLE_COLUMNS + 1, sizeof(float));
    table->labels = calloc(table->rows + 1, 1);
    *columns = calloc(table->rows * BINARY_TABLE_COLUMNS + 1, sizeof(float));
    table->column[0] = *columns;
    return table->row_major != NULL && table->labels != NULL && *columns != NULL;
}

static bool read_rows(FILE *in, struct binary_table *table, float *columns)
{
    float row[ROW_FLOATS];
    for (size_t i = 0; i < table->rows; i++) {
        if (fread(row, sizeof row, 1, in) != 1)
            return false;
        memcpy(table->row_major + i * BINARY_TABLE_COLUMNS, row,
               BINARY_TABLE_COLUMNS * sizeof *row);
        for (size_t c = 0; c < BINARY_TABLE_COLUMNS; c++)
            columns[c * table->rows + i] = row[c];
        table->labels[i] = row[BINARY_TABLE_COLUMNS] > 0;
    }
    return true;
}

bool binary_table_read(const char *path, struct binary_table *table)
{
    FILE *in = fopen(path, "rb");
    struct stat status;
    float *columns = NULL;
    bool done = false;

    *table = (struct binary_table){.columns = BINARY_TABLE_COLUMNS};
    if (in != NULL && fstat(fileno(in), &status) == 0) {
        table->rows = (size_t)status.st_size / (ROW_FLOATS * sizeof(float));
        done = make_room(table, &columns) && read_rows(in, table, columns);
        for (size_t c = 0; done && c < BINARY_TABLE_COLUMNS; c++)
            table->column[c] = columns + c * table->rows;
    }
    if (!done)
        perror(path);
    if (in != NULL)
        fclose(in);
    return done;
}

void binary_table_finish(struct binary_table *table)
{
    free(table->row_major);
    free(table->labels);
    free((void *)(uintptr_t)table->column[0]);
}
