#include "dashboard/exchange.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard/head.h"
#include "dashboard/respond.h"
#include "dashboard/waker.h"

/* What a client may send on after it was refused, before the connection ends under it. */
#define PATIENCE_BYTES (16 * 1024 * 1024)

struct exchange {
    struct dashboard *dashboard;
    bool has_head;
    bool refused; /* the rest of the body goes nowhere */
    bool answered;
    struct head head;
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
        exchange->head.target = strdup(target);
    exchange->request = (struct request){.kept = &exchange->kept, .upload = UPLOAD_ENDS};
    if (reply_begin(&exchange->reply, &exchange->reply_body))
        return exchange;
    free(exchange->head.target);
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
    explicit_bzero(&exchange->head.access, sizeof(exchange->head.access));
    free(exchange->head.target);
    free(exchange);
}

/* Sends what stands in the reply. A stream's waker is the stream's from now on. */
static enum MHD_Result send_reply(struct exchange *exchange, struct MHD_Connection *connection,
                                  bool ends)
{
    struct reply *reply = &exchange->reply;
    struct error error = ERROR_NONE;

    exchange->answered = true;
    if (!reply_end(reply, &exchange->reply_body, &error)) {
        reply_body_free(&exchange->reply_body);
        if (!reply_begin(reply, &exchange->reply_body))
            return MHD_NO;
        reply_refuse(reply, 503, "%s", error.text);
        if (!reply_end(reply, &exchange->reply_body, &error))
            return MHD_NO;
    }
    connection_expect(exchange->dashboard->connections, connection,
                      reply->produce == NULL ? LIMIT_REPLY_S
                      : reply->waker == NULL ? LIMIT_EXPORT_S
                                             : LIMIT_FOREVER_S);
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
    reply_refuse(&exchange->reply, status, "%s", sentence);
    if (status == 405)
        exchange->reply.allow = exchange->head.allow;
    if (head_has_body(&exchange->head))
        return send_reply(exchange, connection, true);
    exchange->refused = true;
    return MHD_YES;
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

    connection_expect(exchange->dashboard->connections, connection, LIMIT_BODY_S);
    status = head_check(&exchange->head, exchange->dashboard, connection, method,
                        &exchange->request, &error);
    if (status != 0)
        return refuse(exchange, connection, status, error.text);
    if (exchange->request.route->body == BODY_STREAM) {
        connection_expect(exchange->dashboard->connections, connection, LIMIT_UPLOAD_S);
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
    /* The library's room for it, which it reads no more: there may be a password in it. */
    explicit_bzero((char *)(uintptr_t)bytes, size);
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
    if (reply->waker != NULL && waker_is_gone(reply->waker))
        return MHD_NO;
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
    /* While it is being stopped, the library forgets what it was given and asks again. */
    if (exchange->answered)
        return MHD_NO;
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
