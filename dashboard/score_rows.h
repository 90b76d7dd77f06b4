/* A page of the rows that anomaly-trainer score wrote: time,user,ip,risk,verdict,reasons. */
#ifndef DASHBOARD_SCORE_ROWS_H
#define DASHBOARD_SCORE_ROWS_H

#include "common/json_writer.h"

/*
 * Members of an open object: "items", at most `limit` rows at or above the verdict at_least from
 * the byte `cursor` on (0: the first row), and "next", the byte where the page after begins or
 * null. At most ANALYSIS_SCAN_BYTES are looked at, so a page may hold fewer rows, even none, and
 * still have a next. A cursor that is no row's beginning gives the rows behind it.
 */
bool score_rows_write(int fd, int64_t cursor, int at_least, int64_t limit, struct json_writer *json,
                      struct error *error) MUST_USE;

#endif
