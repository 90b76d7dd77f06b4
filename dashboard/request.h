/* One request as a handler sees it: parsed, bounded, its sender known. All of it is the service's.
 */
#ifndef DASHBOARD_REQUEST_H
#define DASHBOARD_REQUEST_H

#include <jansson.h>

#include "common/error.h"

#define BODY_JSON_MAX_BYTES   (1024 * 1024)
#define REQUEST_PARAMETER_MAX 1024

enum http_method { HTTP_GET, HTTP_POST, HTTP_DELETE };

struct route;
enum role;

struct request {
    const struct route *route;
    const char
        *parameter;  /* the path's {part}, decoded UTF-8 without control characters, or NULL */
    json_t *json;    /* BODY_JSON: an object or array */
    const char *who; /* the name of the signed-in person, or of a token; "" for nobody */
    enum role role;
    int64_t now_us; /* UTC */
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

/* A moment: RFC 3339, epoch seconds, or a span such as 24h before now. False: as above. */
bool request_query_time(const struct request *request, const char *name, int64_t otherwise_us,
                        int64_t *time_us, struct reply *reply) MUST_USE;

#endif
