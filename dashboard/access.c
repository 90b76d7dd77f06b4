#include "dashboard/access.h"

#include <string.h>
#include <strings.h>

#include "common/clock.h"

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool refuse(unsigned *status, unsigned is, struct error *error, const char *sentence)
{
    *status = is;
    return error_set(error, FAULT_NONE, "%s", sentence);
}

static bool read_token(struct dashboard *dashboard, const char *authorization, int64_t now_us,
                       struct access *access, unsigned *status, struct error *error)
{
    static const char SCHEME[] = "Bearer ";
    struct token token;

    if (strncasecmp(authorization, SCHEME, strlen(SCHEME)) != 0)
        return refuse(status, 401, error, "the only Authorization known here is Bearer TOKEN");
    if (!token_find(dashboard->tokens, authorization + strlen(SCHEME), false, now_us / US_PER_S,
                    &token, error))
        return refuse(status, 401, error, "this token is not known, revoked or over");
    snprintf(access->session.who, sizeof(access->session.who), "%s", token.name);
    access->session.role = token.role;
    return true;
}

static void read_session(struct dashboard *dashboard, struct MHD_Connection *connection,
                         struct access *access)
{
    const char *identity = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, COOKIE_NAME);

    if (identity == NULL ||
        !session_find(dashboard->sessions, identity, clock_monotonic_us(), &access->session))
        return;
    access->identity = identity;
}

/* A page of another site can make a browser send the cookie at most, never this header. */
static bool csrf_holds(struct MHD_Connection *connection, const struct access *access)
{
    const char *given = header(connection, "X-CSRF-Token");

    return given != NULL && secret_text_equal(access->session.csrf, given);
}

bool access_check(struct dashboard *dashboard, struct MHD_Connection *connection,
                  const struct route *route, int64_t now_us, struct access *access,
                  unsigned *status, struct error *error)
{
    const char *authorization = header(connection, "Authorization");

    *access = (struct access){.session = {.role = ROLE_NONE}};
    if (route->role == ROLE_NONE && authorization == NULL) {
        read_session(dashboard, connection, access);
        return true;
    }
    if (authorization != NULL) {
        if (!read_token(dashboard, authorization, now_us, access, status, error))
            return false;
    } else {
        read_session(dashboard, connection, access);
        if (access->identity == NULL)
            return refuse(status, 401, error, "sign in first");
        if (route->method != HTTP_GET && !csrf_holds(connection, access))
            return refuse(status, 403, error,
                          "the header X-CSRF-Token is not the one of this session: load the page "
                          "anew");
    }
    if (access->session.role < route->role) {
        *status = 403;
        return error_set(error, FAULT_NONE, "this needs the role %s; yours is %s",
                         role_name(route->role), role_name(access->session.role));
    }
    return true;
}
