/* Text that others chose, where a person reads it: neither a terminal nor a spreadsheet obeys it.
 */
#ifndef TRAINER_CSV_SHOWN_H
#define TRAINER_CSV_SHOWN_H

#include <stdio.h>

#include "trainer/csv_lines.h"

#define CSV_SHOWN_BYTES 128 /* with the NUL; what is longer ends in "…" */

/* A cell's text, what of it is not printable as '?'. Returns text. */
const char *csv_shown(const struct csv_cell *cell, char text[CSV_SHOWN_BYTES]);

/* The same as a cell of CSV, whole up to CSV_CELL_MOST_BYTES, quoted where it must be, an
 * apostrophe before what a spreadsheet would take for a formula. */
#define CSV_CELL_MOST_BYTES 1000
void csv_print_shown(FILE *out, const struct csv_cell *cell);

#endif
