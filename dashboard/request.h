/* One request as a handler sees it: parsed, bounded, its sender known. All of it is the service's.
 */
#ifndef DASHBOARD_REQUEST_H
#define DASHBOARD_REQUEST_H

#include "common/error.h"
#include "common/ip_address.h"
#include "dashboard/json_request.h"
#include "dashboard/role.h"
#include "dashboard/target.h"

#define BODY_JSON_MAX_BYTES   (1024 * 1024)
#define BODY_STREAM_MAX_BYTES (256 * 1024 * 1024)

enum http_method { HTTP_GET, HTTP_POST, HTTP_DELETE };

/*
 * BODY_STREAM: the handler is called first before a byte of the body was read (it may refuse), then
 * for each piece, then at the end, when it answers. What it refuses in between is sent when the
 * client pauses or has sent all; the rest of the body goes nowhere. Other routes: always AT_END.
 */
enum upload_phase { UPLOAD_BEGINS, UPLOAD_PIECE, UPLOAD_ENDS };

/* What a handler keeps between its calls for one request. destroy(context): when that ends, however
 * it ends. */
struct kept {
    void *context;
    void (*destroy)(void *context);
};

struct route;
struct session;

struct request {
    const struct route *route;
    const char *path; /* as sent, without the query */
    const char
        *parameter; /* the path's {part}, decoded UTF-8 without control characters, or NULL */
    const struct query *query;
    json_t *json;    /* BODY_JSON: an object or array */
    const char *who; /* the name of the signed-in person, or of a token; "" for nobody */
    enum role role;
    struct ip_address address;     /* who connected; none on a Unix socket */
    const struct session *session; /* NULL: a bearer token, or nobody */
    const char *session_identity;  /* its cookie, likewise */
    bool gzip;                     /* the client takes gzip */
    const char *if_none_match;     /* or NULL */
    int64_t now_us;                /* UTC */

    enum upload_phase upload;
    const char *bytes; /* of this piece */
    size_t size;
    struct kept *kept;
};

/*
 * The value of a query parameter, decoded; NULL when it was not given. Those that the route's row
 * does not name, and those that are given twice, were refused before.
 */
const char *request_query(const struct request *request, const char *name);

/* The same as a number within bounds; `otherwise` when not given. False: reply is a refusal. */
struct reply;
bool request_query_integer(const struct request *request, const char *name, int64_t minimum,
                           int64_t maximum, int64_t otherwise, int64_t *value,
                           struct reply *reply) MUST_USE;

/* A moment, 0 to LOGIN_TIME_MAX_US: RFC 3339, epoch seconds, or a span such as 24h before now.
 * False: as above. */
bool request_query_time(const struct request *request, const char *name, int64_t otherwise_us,
                        int64_t *time_us, struct reply *reply) MUST_USE;

#endif
