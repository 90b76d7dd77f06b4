#include "dashboard/respond.h"

#include <stdlib.h>
#include <string.h>

#include "dashboard/asset.h"
#include "dashboard/waker.h"

#define STREAM_BLOCK_BYTES (16 * 1024)

/* Nothing inline, nothing from elsewhere, nothing that text could become. */
#define CONTENT_SECURITY_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "                   \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

static const char *const ALWAYS[][2] = {
    {"Content-Security-Policy", CONTENT_SECURITY_POLICY},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

struct stream {
    struct MHD_Connection *connection;
    reply_producer *produce;
    void *context;
    void (*destroy)(void *context);
    struct reply_waker *waker;
    int64_t wake_after_ms;
};

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t capacity)
{
    struct stream *stream = context;
    (void)position;

    while (!wakers_are_stopped()) {
        if (stream->waker != NULL && waker_is_gone(stream->waker))
            return MHD_CONTENT_READER_END_WITH_ERROR;
        ssize_t size = stream->produce(stream->context, bytes, capacity);

        if (size > 0)
            return size;
        if (size == 0)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (size != REPLY_WAITS || stream->waker == NULL)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (waker_sleep(stream->waker, stream->connection, stream->wake_after_ms))
            return 0;
    }
    return MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_stream(void *context)
{
    struct stream *stream = context;

    if (stream->waker != NULL)
        waker_forget(stream->waker);
    if (stream->destroy != NULL)
        stream->destroy(stream->context);
    free(stream);
}

static struct MHD_Response *stream_response(struct MHD_Connection *connection, struct reply *reply)
{
    struct stream *stream = malloc(sizeof(*stream));
    struct MHD_Response *response;

    if (stream == NULL)
        return NULL;
    *stream = (struct stream){connection,     reply->produce, reply->context,
                              reply->destroy, reply->waker,   reply->wake_after_ms};
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_stream,
                                                 stream, free_stream);
    if (response == NULL)
        free(stream);
    else
        reply->destroy = NULL; /* the response's from now on */
    return response;
}

static struct MHD_Response *asset_response(const struct request *request, struct reply *reply)
{
    const struct asset *asset = reply->asset;
    bool packed = request->gzip && asset->gzip != NULL;
    bool same =
        request->if_none_match != NULL && strstr(request->if_none_match, asset->tag) != NULL;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        same     ? 0
        : packed ? asset->gzip_size
                 : asset->plain_size,
        (void *)(uintptr_t)(packed ? asset->gzip : asset->plain), MHD_RESPMEM_PERSISTENT);

    if (response == NULL)
        return NULL;
    if (same)
        reply->status = 304;
    reply->type = asset->type;
    MHD_add_response_header(response, "ETag", asset->tag);
    MHD_add_response_header(response, "Vary", "Accept-Encoding");
    MHD_add_response_header(response, "Cache-Control",
                            asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (packed && !same)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    return response;
}

static struct MHD_Response *make_response(struct MHD_Connection *connection,
                                          const struct request *request, struct reply *reply,
                                          struct reply_body *body)
{
    struct MHD_Response *response;

    if (reply->asset != NULL)
        return asset_response(request, reply);
    if (reply->produce != NULL) {
        response = stream_response(connection, reply);
    } else {
        response = MHD_create_response_from_buffer(body->size, body->bytes, MHD_RESPMEM_MUST_FREE);
        if (response != NULL)
            *body = (struct reply_body){0};
    }
    if (response != NULL)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    return response;
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
    char text[256];

    for (size_t i = 0; i < sizeof(ALWAYS) / sizeof(ALWAYS[0]); i++)
        MHD_add_response_header(response, ALWAYS[i][0], ALWAYS[i][1]);
    MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->file_name != NULL) {
        snprintf(text, sizeof(text), "attachment; filename=\"%s\"", reply->file_name);
        MHD_add_response_header(response, "Content-Disposition", text);
    }
    if (reply->cookie[0] != '\0')
        MHD_add_response_header(response, "Set-Cookie", reply->cookie);
    if (reply->allow != NULL)
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->status == 401)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (reply->retry_after_s > 0) {
        snprintf(text, sizeof(text), "%lld", (long long)reply->retry_after_s);
        MHD_add_response_header(response, "Retry-After", text);
    }
}

enum MHD_Result respond(struct MHD_Connection *connection, const struct request *request,
                        struct reply *reply, struct reply_body *body, bool ends)
{
    struct MHD_Response *response = make_response(connection, request, reply, body);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply);
    if (ends)
        MHD_add_response_header(response, "Connection", "close");
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}
