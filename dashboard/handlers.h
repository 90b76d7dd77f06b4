/* The handlers of all routes, from their table. */
#ifndef DASHBOARD_HANDLERS_H
#define DASHBOARD_HANDLERS_H

#include "dashboard/route.h"

#define ROUTE(method, path, role, body, handler, parameters, summary) route_handler handler;
#include "dashboard/routes.def"
#undef ROUTE

#endif
