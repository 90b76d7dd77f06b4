/*
 * The rows that anomaly-trainer score wrote of a table: row,score,share_above,reasons and, of those
 * that score highest, the table's own cells behind them.
 */
#ifndef DASHBOARD_TABLE_ROWS_H
#define DASHBOARD_TABLE_ROWS_H

#include "dashboard/route.h"

#define TABLE_ROWS_MOST_CELLS 100 /* of a row, that are told */

/*
 * Members of an open object: "columns", the names of the cells, and a page of csv_rows_read():
 * "items" and "next", the byte where the page after begins or null. Text is without the guard that
 * it has in the file (common/csv.h).
 */
bool table_rows_write(int fd, int64_t cursor, size_t limit, struct json_writer *json,
                      struct error *error) MUST_USE;

/* GET /api/analyse/{job}/rows of a table: a page, or with format=csv all of the file. */
bool answer_table_rows(struct worker *worker, const struct request *request, struct reply *reply,
                       struct error *error);

#endif
