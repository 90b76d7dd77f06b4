/*
 * All of a list as a file: CSV or JSON lines (column.h), made as it is sent, a page at a time. A
 * stream that reads the store has it open.
 */
#ifndef DASHBOARD_EXPORT_H
#define DASHBOARD_EXPORT_H

#include "dashboard/list.h"

#define EXPORT_ROWS_MOST INT64_C(1000000)
#define EXPORTS_MOST     32 /* at a time */

/* Whether the request wants a file: format=csv or format=ecs. */
bool export_asked(const struct request *request);

/* Answers with the file. Takes the state over, also when it fails. */
bool export_list(struct worker *worker, const struct request *request, const struct list *list,
                 void *state, struct reply *reply, struct error *error) MUST_USE;

#endif
