/* Rows of a CSV file that this program's own tools wrote (RFC 4180). */
#ifndef DASHBOARD_CSV_ROW_H
#define DASHBOARD_CSV_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define CSV_ROWS_SCAN_BYTES (4 << 20) /* looked at for one page */

/* The end of the row that begins there, a line feed outside quotes; NULL: it is not there yet. */
char *csv_row_end(char *row, const char *end);

/* Ends each cell of a row in place, its quotes taken away. How many there are, at most `most`; 0:
 * it is no row. */
int csv_row_split(char *row, char *cells[], int most);

enum csv_row_use { CSV_ROW_LEFT_OUT, CSV_ROW_TAKEN, CSV_ROW_LAST }; /* taken, and it is enough */

/* A row, ended by NUL, which may be split. */
typedef enum csv_row_use csv_row_visitor(void *context, char *row);

/*
 * A page: at most `limit` rows are taken from the byte *cursor on (0: behind the header), which
 * then is where the next page begins; *more: it has any. At most CSV_ROWS_SCAN_BYTES are looked at,
 * so a page may hold fewer rows, even none, and still have more. A cursor that is no row's
 * beginning gives the rows behind it.
 */
bool csv_rows_read(int fd, int64_t *cursor, size_t limit, bool *more, csv_row_visitor *visit,
                   void *context, struct error *error) MUST_USE;

#endif
