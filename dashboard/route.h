/*
 * The service's surface: one table of routes (routes.def). From it come dispatch, who may call
 * what, which query parameters a route knows, and the OpenAPI document.
 */
#ifndef DASHBOARD_ROUTE_H
#define DASHBOARD_ROUTE_H

#include "dashboard/reply.h"
#include "dashboard/request.h"

/* What a route takes as its body. */
enum body_kind {
    BODY_NONE,
    BODY_JSON,   /* parsed before the handler runs: request->json; at most BODY_JSON_MAX_BYTES */
    BODY_STREAM, /* an upload, handed on as it comes: see request->upload */
};

struct worker;

/*
 * Answers one request. A client's mistake: return reply_refuse(reply, status, sentence…). False
 * with an error: the service could not do it, which the client learns as 503 with the sentence of
 * the error, and the log too.
 */
typedef bool route_handler(struct worker *worker, const struct request *request,
                           struct reply *reply, struct error *error);

struct route {
    enum http_method method;
    const char *path; /* "{name}" as a whole part stands for request->parameter */
    enum role role;   /* the least that may call it */
    enum body_kind body;
    route_handler *handle;
    /* Names of parameters.def that it knows, separated by blanks; "order=newest|oldest": these
     * values only, others are refused before the handler runs; "*": any name, none is looked at. */
    const char *parameters;
    const char *summary; /* one line, for people */
};

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

/*
 * The route of a method and a path, its parameter percent-decoded into `parameter`. NULL: there is
 * none; *path_known then says whether another method would have one (405 instead of 404).
 */
const struct route *route_find(enum http_method method, const char *path, char *parameter,
                               size_t capacity, bool *path_known);

/* What a route knows of a query parameter: its place in `parameters`, or NULL. */
const char *route_parameter(const struct route *route, const char *name);

/* Whether the value is among those that the route allows for the parameter found there. */
bool route_parameter_allows(const char *parameter, const char *value);

/* The methods of a path, for Allow: "GET, HEAD, POST". Returns text. */
const char *route_methods(const char *path, char text[32]);

#endif
