/* Rows of a CSV file that this program's own tools wrote, in memory (RFC 4180). */
#ifndef DASHBOARD_CSV_ROW_H
#define DASHBOARD_CSV_ROW_H

#include <stddef.h>

/* The end of the row that begins there, a line feed outside quotes; NULL: it is not there yet. */
char *csv_row_end(char *row, const char *end);

/* Ends each cell of a row in place, its quotes taken away. How many there are, at most `most`; 0:
 * it is no row. */
int csv_row_split(char *row, char *cells[], int most);

#endif
