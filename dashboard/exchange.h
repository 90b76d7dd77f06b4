/* One request from its first line to the last byte of its reply. */
#ifndef DASHBOARD_EXCHANGE_H
#define DASHBOARD_EXCHANGE_H

#include <microhttpd.h>

#include "dashboard/dashboard.h"
#include "dashboard/worker.h"

struct exchange;

/* Begins with the raw target, before any header was read. NULL: no memory. */
struct exchange *exchange_create(struct dashboard *dashboard, const char *target);
void exchange_destroy(struct exchange *exchange);

/*
 * Goes on, as MHD's handler of requests does: headers, pieces of the body, its end. MHD_NO ends the
 * connection.
 */
enum MHD_Result exchange_continue(struct exchange *exchange, struct worker *worker,
                                  struct MHD_Connection *connection, const char *method,
                                  const char *bytes, size_t *size);

#endif
