/*
 * A page of the rows that anomaly-trainer score wrote: of logins time,user,ip,risk,verdict,reasons;
 * of a table row,score,share_above,reasons, and behind them cells of the table itself, if any.
 */
#ifndef DASHBOARD_SCORE_ROWS_H
#define DASHBOARD_SCORE_ROWS_H

#include "common/json_writer.h"
#include "scorer/policy.h"

enum rows_kind { ROWS_OF_LOGINS, ROWS_OF_TABLE };

#define SCORE_ROWS_MOST_CELLS 100 /* of a table, that are told */

struct rows_page {
    int64_t cursor; /* 0, or where the page before said that the next begins */
    int64_t limit;
    enum verdict at_least; /* of logins */
};

/*
 * Members of an open object: "items", at most page->limit rows from the byte page->cursor on (0:
 * the first row), and "next", the byte where the page after begins or null; of a table also
 * "columns", the names of its cells. At most ANALYSIS_SCAN_BYTES are looked at, so a page may hold
 * fewer rows, even none, and still have a next. A cursor that is no row's beginning gives the rows
 * behind it.
 */
bool score_rows_write(int fd, enum rows_kind kind, const struct rows_page *page,
                      struct json_writer *json, struct error *error) MUST_USE;

#endif
