#include "dashboard/exchange.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/access.h"
#include "dashboard/framing.h"
#include "dashboard/respond.h"
#include "dashboard/waker.h"

/* What a client may send on after it was refused, before the connection ends under it. */
#define PATIENCE_BYTES (16 * 1024 * 1024)

struct exchange {
    struct dashboard *dashboard;
    char *target; /* NULL: too long */
    bool has_head;
    bool refused; /* the rest of the body goes nowhere */
    struct framing framing;
    struct query query;
    char parameter[REQUEST_PARAMETER_MAX];
    char allow[32];
    struct access access;
    struct request request;
    struct kept kept;
    struct reply reply;
    struct reply_body reply_body;
    char *body;
    size_t body_size, body_capacity;
    int64_t received;
};

struct exchange *exchange_create(struct dashboard *dashboard, const char *target)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    exchange->dashboard = dashboard;
    if (strlen(target) < TARGET_MAX_BYTES)
        exchange->target = strdup(target);
    exchange->request = (struct request){.who = exchange->access.session.who,
                                         .query = &exchange->query,
                                         .kept = &exchange->kept,
                                         .upload = UPLOAD_ENDS};
    if (reply_begin(&exchange->reply, &exchange->reply_body))
        return exchange;
    free(exchange->target);
    free(exchange);
    return NULL;
}

void exchange_destroy(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;

    if (reply->waker != NULL)
        waker_forget(reply->waker);
    if (reply->destroy != NULL)
        reply->destroy(reply->context);
    if (exchange->kept.destroy != NULL)
        exchange->kept.destroy(exchange->kept.context);
    if (reply->json.out != NULL)
        fclose(reply->json.out);
    reply_body_free(&exchange->reply_body);
    json_decref(exchange->request.json);
    if (exchange->body != NULL)
        explicit_bzero(exchange->body, exchange->body_capacity);
    free(exchange->body);
    explicit_bzero(&exchange->access, sizeof(exchange->access));
    free(exchange->target);
    free(exchange);
}

/* Sends what stands in the reply. A stream's waker is the stream's from now on. */
static enum MHD_Result send_reply(struct exchange *exchange, struct MHD_Connection *connection,
                                  bool ends)
{
    struct reply *reply = &exchange->reply;
    struct error error = ERROR_NONE;

    if (!reply_end(reply, &exchange->reply_body, &error)) {
        reply_body_free(&exchange->reply_body);
        if (!reply_begin(reply, &exchange->reply_body))
            return MHD_NO;
        reply_refuse(reply, 503, "%s", error.text);
        if (!reply_end(reply, &exchange->reply_body, &error))
            return MHD_NO;
    }
    enum MHD_Result result =
        respond(connection, &exchange->request, reply, &exchange->reply_body, ends);
    reply->waker = NULL;
    atomic_fetch_add(&exchange->dashboard->answers[reply->status / 100 % ANSWER_CLASSES], 1);
    return result;
}

/*
 * Before any of the body was read: who sends one is answered at once and hung up on. The others are
 * answered when it is their turn, and may go on.
 */
static enum MHD_Result refuse(struct exchange *exchange, struct MHD_Connection *connection,
                              unsigned status, const char *sentence)
{
    bool has_body = exchange->framing.chunked || exchange->framing.content_length > 0 ||
                    exchange->framing.refusal != 0;

    reply_refuse(&exchange->reply, status, "%s", sentence);
    if (has_body)
        return send_reply(exchange, connection, true);
    exchange->refused = true;
    return MHD_YES;
}

/* The table knows GET, POST and DELETE; HEAD is GET without a body. */
static bool parse_method(const char *text, enum http_method *method)
{
    static const struct {
        const char *text;
        enum http_method method;
    } METHODS[] = {
        {"GET", HTTP_GET}, {"HEAD", HTTP_GET}, {"POST", HTTP_POST}, {"DELETE", HTTP_DELETE}};

    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        if (strcmp(text, METHODS[i].text) == 0) {
            *method = METHODS[i].method;
            return true;
        }
    }
    return false;
}

/* Each check_ function: 0, or the status of a refusal whose sentence is in the error. */

static unsigned check_target(struct exchange *exchange, struct error *error)
{
    if (exchange->target == NULL) {
        error_set(error, FAULT_NONE, "the address is longer than %d bytes", TARGET_MAX_BYTES - 1);
        return 414;
    }
    if (!target_parse(exchange->target, &exchange->query, error))
        return 400;
    exchange->request.path = exchange->target;
    return 0;
}

static unsigned check_host(const struct exchange *exchange, struct error *error)
{
    if (!exchange->dashboard->loopback)
        return 0;
    if (exchange->framing.host != NULL && host_is_loopback(exchange->framing.host))
        return 0;
    /* Another site's name may have been made to lead here (DNS rebinding). */
    error_set(error, FAULT_NONE, "the header Host names another machine: use localhost");
    return 421;
}

static unsigned check_route(struct exchange *exchange, const char *method_text, struct error *error)
{
    enum http_method method;
    bool known = parse_method(method_text, &method), path_known;
    const struct route *route =
        route_find(known ? method : HTTP_GET, exchange->request.path, exchange->parameter,
                   sizeof(exchange->parameter), &path_known);

    if (!path_known) {
        error_set(error, FAULT_NONE, "there is nothing at this address");
        return 404;
    }
    if (!known || route == NULL) {
        exchange->reply.allow = route_methods(exchange->request.path, exchange->allow);
        error_set(error, FAULT_NONE, "this address takes %s", exchange->allow);
        return 405;
    }
    exchange->request.route = route;
    exchange->request.parameter = exchange->parameter[0] != '\0' ? exchange->parameter : NULL;
    return 0;
}

static unsigned check_query(const struct exchange *exchange, struct error *error)
{
    for (size_t i = 0; i < exchange->query.count; i++) {
        const struct query_value *value = &exchange->query.values[i];
        const char *known = route_parameter(exchange->request.route, value->name);

        if (known == NULL) {
            error_set(error, FAULT_NONE, "the query's parameter %s is not known here", value->name);
            return 400;
        }
        if (!route_parameter_allows(known, value->value)) {
            error_set(error, FAULT_NONE, "%s is not a value of %.*s", value->value,
                      (int)strcspn(known, " "), known);
            return 400;
        }
    }
    return 0;
}

static unsigned check_body(const struct exchange *exchange, struct error *error)
{
    const struct framing *framing = &exchange->framing;
    bool has_body = framing->chunked || framing->content_length > 0;
    int64_t most =
        exchange->request.route->body == BODY_JSON ? BODY_JSON_MAX_BYTES : BODY_STREAM_MAX_BYTES;

    if (exchange->request.route->body == BODY_NONE) {
        if (!has_body)
            return 0;
        error_set(error, FAULT_NONE, "this request takes no body");
        return 400;
    }
    if (exchange->request.route->body == BODY_JSON &&
        !framing_is_type(framing, "application/json")) {
        error_set(error, FAULT_NONE, "send JSON, with Content-Type: application/json");
        return 415;
    }
    if (framing->content_length > most) {
        error_set(error, FAULT_NONE, "the body is larger than %" PRId64 " MiB", most >> 20);
        return 413;
    }
    return 0;
}

static unsigned check_access(struct exchange *exchange, struct MHD_Connection *connection,
                             struct error *error)
{
    unsigned status = 0;

    if (!access_check(exchange->dashboard, connection, exchange->request.route,
                      exchange->request.now_us, &exchange->access, &status, error))
        return status;
    exchange->request.role = exchange->access.session.role;
    exchange->request.session_identity = exchange->access.identity;
    if (exchange->access.identity != NULL)
        exchange->request.session = &exchange->access.session;
    return 0;
}

static void read_headers(struct exchange *exchange, struct MHD_Connection *connection)
{
    struct request *request = &exchange->request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const char *encodings =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
    uint16_t port;

    request->now_us = clock_utc_us();
    request->gzip = encodings != NULL && strstr(encodings, "gzip") != NULL;
    request->if_none_match =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    if (info == NULL || info->client_addr == NULL ||
        !ip_from_sockaddr(info->client_addr, &request->address, &port))
        request->address = (struct ip_address){0};
}

/* Calls the handler; what it could not do becomes a 503, and a line of the log. */
static void answer(struct exchange *exchange, struct worker *worker)
{
    const struct request *request = &exchange->request;
    struct error error = ERROR_NONE;

    worker_refresh(worker);
    if (request->route->handle(worker, request, &exchange->reply, &error))
        return;
    fprintf(stderr, "anomaly-dashboard: %s: %s\n", request->route->path, error.text);
    reply_refuse(&exchange->reply, 503, "%s", error.text);
}

static enum MHD_Result take_head(struct exchange *exchange, struct worker *worker,
                                 struct MHD_Connection *connection, const char *method)
{
    struct error error = ERROR_NONE;
    unsigned status;

    read_headers(exchange, connection);
    exchange->framing = framing_read(connection, &error);
    status = exchange->framing.refusal;
    if (status == 0)
        status = check_target(exchange, &error);
    if (status == 0)
        status = check_host(exchange, &error);
    if (status == 0)
        status = check_route(exchange, method, &error);
    if (status == 0)
        status = check_query(exchange, &error);
    if (status == 0)
        status = check_access(exchange, connection, &error);
    if (status == 0)
        status = check_body(exchange, &error);
    if (status != 0)
        return refuse(exchange, connection, status, error.text);
    if (exchange->request.route->body == BODY_STREAM) {
        exchange->request.upload = UPLOAD_BEGINS;
        answer(exchange, worker);
        if (exchange->reply.status >= 400)
            return send_reply(exchange, connection, true);
    }
    return MHD_YES;
}

/* False: no memory. */
static bool keep_json(struct exchange *exchange, const char *bytes, size_t size)
{
    if (exchange->body_size + size > exchange->body_capacity) {
        size_t capacity = exchange->body_capacity != 0 ? exchange->body_capacity : 1024;
        while (capacity < exchange->body_size + size)
            capacity *= 2;
        char *grown = malloc(capacity);
        if (grown == NULL)
            return false;
        if (exchange->body != NULL) {
            memcpy(grown, exchange->body, exchange->body_size);
            explicit_bzero(exchange->body, exchange->body_capacity);
            free(exchange->body);
        }
        exchange->body = grown;
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_size, bytes, size);
    exchange->body_size += size;
    return true;
}

static enum MHD_Result take_piece(struct exchange *exchange, struct worker *worker,
                                  const char *bytes, size_t size)
{
    bool json = exchange->request.route->body == BODY_JSON;
    int64_t most = json ? BODY_JSON_MAX_BYTES : BODY_STREAM_MAX_BYTES;

    exchange->received += (int64_t)size;
    if (exchange->received > most + PATIENCE_BYTES)
        return MHD_NO;
    if (exchange->received > most && !exchange->refused) {
        exchange->refused = true;
        reply_refuse(&exchange->reply, 413, "the body is larger than %" PRId64 " MiB", most >> 20);
    }
    if (exchange->refused)
        return MHD_YES;
    if (json)
        return keep_json(exchange, bytes, size) ? MHD_YES : MHD_NO;
    exchange->request.upload = UPLOAD_PIECE;
    exchange->request.bytes = bytes;
    exchange->request.size = size;
    answer(exchange, worker);
    exchange->refused = exchange->reply.status >= 400;
    return MHD_YES;
}

/* False: the reply is a refusal. */
static bool parse_json(struct exchange *exchange)
{
    json_error_t trouble;

    exchange->request.json = json_loadb(exchange->body != NULL ? exchange->body : "",
                                        exchange->body_size, JSON_REJECT_DUPLICATES, &trouble);
    if (exchange->request.json != NULL)
        return true;
    return !reply_refuse(&exchange->reply, 400, "the body is no JSON object or array: line %d: %s",
                         trouble.line, trouble.text);
}

static enum MHD_Result take_end(struct exchange *exchange, struct worker *worker,
                                struct MHD_Connection *connection)
{
    struct reply *reply = &exchange->reply;

    exchange->request.upload = UPLOAD_ENDS;
    if (exchange->refused)
        return send_reply(exchange, connection, exchange->received > 0);
    if (exchange->request.route->body == BODY_JSON && exchange->request.json == NULL &&
        !parse_json(exchange))
        return send_reply(exchange, connection, false);
    for (;;) {
        reply->waker = NULL;
        answer(exchange, worker);
        if (reply->waker == NULL || reply->produce != NULL || reply->status >= 400)
            return send_reply(exchange, connection, false);
        if (waker_sleep(reply->waker, connection, reply->wake_after_ms))
            return MHD_YES;
        if (wakers_are_stopped())
            return MHD_NO;
    }
}

enum MHD_Result exchange_continue(struct exchange *exchange, struct worker *worker,
                                  struct MHD_Connection *connection, const char *method,
                                  const char *bytes, size_t *size)
{
    if (!exchange->has_head) {
        exchange->has_head = true;
        return take_head(exchange, worker, connection, method);
    }
    if (*size > 0) {
        size_t taken = *size;

        *size = 0;
        return take_piece(exchange, worker, bytes, taken);
    }
    return take_end(exchange, worker, connection);
}
