/* Who sends a request, and whether they may: session cookie and CSRF token, or bearer token. */
#ifndef DASHBOARD_ACCESS_H
#define DASHBOARD_ACCESS_H

#include <microhttpd.h>

#include "dashboard/dashboard.h"
#include "dashboard/route.h"

#define COOKIE_NAME "session"

struct access {
    struct session session; /* who and role; the rest of a session only */
    const char *identity;   /* of the session, or NULL */
};

/*
 * Who it is; who "" when nobody is known. False with a refusal in status and error: a token or
 * cookie that is none on a route that needs somebody, a role that is too low, a CSRF token that is
 * missing or another session's.
 */
bool access_check(struct dashboard *dashboard, struct MHD_Connection *connection,
                  const struct route *route, int64_t now_us, struct access *access,
                  unsigned *status, struct error *error) MUST_USE;

#endif
