#include "bench/numeric_csv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned count_cells(const char *line)
{
    unsigned cells = 1;
    for (; *line != '\0'; line++)
        cells += *line == ',' ? 1 : 0;
    return cells;
}

/* A cell, from *at on, which moves to the next. */
static bool read_cell(const char **at, float *value)
{
    char *end;
    *value = strtof(*at, &end);
    if (end == *at)
        *value = NAN;
    *at = *end == ',' ? end + 1 : end;
    return *end == ',' || *end == '\n' || *end == '\r' || *end == '\0';
}

static bool make_room(struct numeric_csv *csv, size_t *capacity)
{
    if (csv->rows < *capacity)
        return true;
    size_t wanted = *capacity * 2 + 1024;
    float *table = realloc(csv->table, wanted * csv->columns * sizeof *table);
    csv->table = table != NULL ? table : csv->table;
    uint8_t *labels = realloc(csv->labels, wanted);
    csv->labels = labels != NULL ? labels : csv->labels;
    *capacity = wanted;
    return table != NULL && labels != NULL;
}

static bool read_row(struct numeric_csv *csv, const char *path, const char *line,
                     struct error *error)
{
    const char *at = line;
    float label = NAN;
    bool sound = count_cells(line) == csv->columns + 1;
    for (unsigned i = 0; sound && i < csv->columns; i++)
        sound = read_cell(&at, &csv->table[csv->rows * csv->columns + i]);
    if (!sound || !read_cell(&at, &label) || (label != 0 && label != 1))
        return error_set(error, FAULT_MODEL, "%s: line %zu is not %u numbers and a label 0 or 1",
                         path, csv->rows + 2, csv->columns);
    csv->labels[csv->rows++] = label != 0;
    return true;
}

static bool read_lines(FILE *file, const char *path, struct numeric_csv *csv, struct error *error)
{
    char *line = NULL;
    size_t line_bytes = 0, capacity = 0;
    bool read = getline(&line, &line_bytes, file) > 0;
    csv->columns = read ? count_cells(line) - 1 : 0;
    if (csv->columns == 0)
        read = error_set(error, FAULT_MODEL, "%s has no line of column names", path);
    while (read && getline(&line, &line_bytes, file) > 0)
        read = (make_room(csv, &capacity) ||
                error_set_errno(error, FAULT_MODEL, ENOMEM, "%s", path)) &&
               read_row(csv, path, line, error);
    free(line);
    return read;
}

bool numeric_csv_read(const char *path, struct numeric_csv *csv, struct error *error)
{
    FILE *file = fopen(path, "r");
    *csv = (struct numeric_csv){.table = NULL};
    if (file == NULL)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot open %s", path);
    bool read = read_lines(file, path, csv, error);
    (void)fclose(file);
    return read;
}
