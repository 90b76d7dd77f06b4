/* Records and cells of a CSV input (RFC 4180), read in large pieces, split in place. */
#ifndef TRAINER_CSV_LINES_H
#define TRAINER_CSV_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "trainer/input.h"

#define CSV_MOST_RECORD_BYTES (UINT32_C(16) << 20)

struct csv_lines {
    struct input input;
    const char *path; /* for sentences; the caller's */
    bool owns_input;
    char *buffer;
    size_t start, end, capacity;
    uint64_t line; /* where the current record begins, from 1 */
    uint64_t next_line;
    bool ended;
};

struct csv_cell {
    char *text; /* not ended by NUL; quotes are gone, and so are blanks around what had none */
    size_t size;
    bool torn; /* something else than a comma follows its closing quote */
};

/* Opens a file, plain or gzip. */
bool csv_lines_open(struct csv_lines *lines, const char *path, struct error *error) MUST_USE;
/* Reads what the caller has opened and closes; nobody else reads it meanwhile. */
bool csv_lines_over(struct csv_lines *lines, const struct input *input,
                    struct error *error) MUST_USE;
void csv_lines_close(struct csv_lines *lines);

/*
 * The next record that is not empty, without its line end: *text lasts until the next call, and the
 * byte behind its end may be written to. *text is NULL at the end of the file. A quote opens at the
 * beginning of a cell alone. Refused: a NUL byte, a quote that is not closed, a record too long.
 */
bool csv_lines_next(struct csv_lines *lines, char **text, size_t *size,
                    struct error *error) MUST_USE;

/* Splits a record; returns how many cells it has, of which at most `most` are written. */
size_t csv_split(char *text, size_t size, struct csv_cell *cells, size_t most);

/*
 * A decimal number as strtod() would read it, rounded to float; false when the cell is anything
 * else. The byte behind the cell must be writable. An empty cell is no number.
 */
bool csv_number(const struct csv_cell *cell, float *value);

#endif
