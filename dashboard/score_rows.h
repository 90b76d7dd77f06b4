/* The rows that anomaly-trainer score wrote: time,user,ip,risk,verdict,reasons. */
#ifndef DASHBOARD_SCORE_ROWS_H
#define DASHBOARD_SCORE_ROWS_H

#include "dashboard/list_item.h"
#include "scorer/policy.h"

/* Return false to stop (not an error). */
typedef bool scored_row_visitor(void *context, const struct scored_row *row);

/*
 * A page of csv_rows_read(): rows at or above the verdict at_least. Names are without the guard
 * that they have in the file (common/csv.h).
 */
bool score_rows_read(int fd, int64_t *cursor, enum verdict at_least, size_t limit, bool *more,
                     scored_row_visitor *visit, void *context, struct error *error) MUST_USE;

#endif
