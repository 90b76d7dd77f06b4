/* The rows of a table that score highest, with what they held, in memory of a fixed size. */
#ifndef TRAINER_WORST_ROWS_H
#define TRAINER_WORST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define WORST_ROWS              1000
#define WORST_ROWS_RECORD_BYTES 16384 /* a longer one is kept without its record */

struct worst_row {
    float score;
    uint64_t row;
    char *record; /* not ended by NUL; NULL: it was too long */
    size_t size;
};

/* Begins as zeros. A heap, the least of them first, until worst_rows_sort(). */
struct worst_rows {
    unsigned count;
    struct worst_row at[WORST_ROWS];
};

/* Whether a row of that score, later than all before it, belongs among them. */
bool worst_rows_want(const struct worst_rows *worst, float score);

/* Takes one that does; the record is copied. */
bool worst_rows_add(struct worst_rows *worst, uint64_t row, float score, const char *record,
                    size_t size, struct error *error) MUST_USE;

/* The highest first, of equal ones the earlier. Nothing is added any more. */
void worst_rows_sort(struct worst_rows *worst);
void worst_rows_finish(struct worst_rows *worst);

#endif
