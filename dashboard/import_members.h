/* What the replies on an analysis say of its import into the store. */
#ifndef DASHBOARD_IMPORT_MEMBERS_H
#define DASHBOARD_IMPORT_MEMBERS_H

#include "dashboard/reply.h"
#include "dashboard/request.h"
#include "dashboard/worker.h"

/* Has the store asked about imports that wait, if any does. */
bool imports_refresh(struct worker *worker, struct error *error) MUST_USE;

/*
 * Members of an open object: import (imports.h), and import_refused: why one cannot be asked for,
 * or null.
 */
bool import_members(struct worker *worker, const char *id, struct json_writer *json,
                    struct error *error) MUST_USE;

/*
 * 404 for the analysis that the request names and that there is not, with what came of its import
 * if one was asked for in the last days.
 */
bool import_of_gone(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error) MUST_USE;

#endif
