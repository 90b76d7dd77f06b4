/*
 * All of a list of logins as a file: CSV (RFC 4180) or JSON lines in the fields of the Elastic
 * Common Schema, made as it is sent, at most EXPORT_ROWS_MOST. A text that a spreadsheet would take
 * for a formula has an apostrophe before it.
 */
#ifndef DASHBOARD_EXPORT_H
#define DASHBOARD_EXPORT_H

#include "dashboard/list.h"
#include "dashboard/route.h"

#define EXPORT_ROWS_MOST 1000000
#define EXPORTS_MOST     32 /* at a time: each has the store open */

/* Whether the request wants a file: format=csv or format=ecs. */
bool export_asked(const struct request *request);

/* Answers with the file. */
bool export_logins(struct worker *worker, const struct request *request,
                   const struct list_filter *filter, struct reply *reply,
                   struct error *error) MUST_USE;

/* One login as a line of each. */
void export_csv_heading(FILE *out);
void export_csv_login(FILE *out, const struct stored_login *login);
void export_ecs_login(FILE *out, const struct stored_login *login);

#endif
