/* A reply as MHD sends it, with the headers that every reply has. */
#ifndef DASHBOARD_RESPOND_H
#define DASHBOARD_RESPOND_H

#include <microhttpd.h>

#include "dashboard/reply_body.h"
#include "dashboard/request.h"

/* Sends it; the body and a stream's context go with it. ends: the connection, too. */
enum MHD_Result respond(struct MHD_Connection *connection, const struct request *request,
                        struct reply *reply, struct reply_body *body, bool ends);

#endif
