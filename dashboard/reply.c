#include "dashboard/reply.h"

#include <stdarg.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard/reply_body.h"

#define FIRST_BYTES 4096

static ssize_t body_write(void *cookie, const char *bytes, size_t size)
{
    struct reply_body *body = cookie;
    size_t needed = body->size + size;

    if (needed > REPLY_MAX_BYTES) {
        body->too_large = true;
        return 0;
    }
    if (needed > body->capacity) {
        size_t capacity = body->capacity != 0 ? body->capacity : FIRST_BYTES;
        while (capacity < needed)
            capacity *= 2;
        char *grown = realloc(body->bytes, capacity);
        if (grown == NULL)
            return 0;
        body->bytes = grown;
        body->capacity = capacity;
    }
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
    return (ssize_t)size;
}

bool reply_begin(struct reply *reply, struct reply_body *body)
{
    static const cookie_io_functions_t INTO_MEMORY = {.write = body_write};
    FILE *out;

    *body = (struct reply_body){0};
    out = fopencookie(body, "w", INTO_MEMORY);
    if (out == NULL)
        return false;
    *reply = (struct reply){
        .status = 200, .type = "application/json", .json = json_writer_to(out), .body = body};
    return true;
}

bool reply_end(struct reply *reply, struct reply_body *body, struct error *error)
{
    bool written = fclose(reply->json.out) == 0;

    reply->json.out = NULL;
    if (written && !body->too_large)
        return true;
    return error_set(error, FAULT_NONE,
                     body->too_large ? "the answer is larger than %d MiB: ask for less"
                                     : "no memory for the answer",
                     REPLY_MAX_BYTES >> 20);
}

void reply_body_free(struct reply_body *body)
{
    free(body->bytes);
    *body = (struct reply_body){0};
}

static void refuse(struct reply *reply, unsigned status, const char *message)
{
    struct json_writer *json = &reply->json;

    __fpurge(json->out);
    reply->body->size = 0;
    reply->body->too_large = false;
    json->separate = false;
    reply->status = status;
    reply->type = "application/json";
    reply->file_name = NULL;
    json_object_begin(json, NULL);
    json_object_begin(json, "error");
    json_integer(json, "status", status);
    json_text(json, "message", message);
    json_object_end(json);
    json_object_end(json);
}

bool reply_refuse(struct reply *reply, unsigned status, const char *format, ...)
{
    char message[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(message, sizeof(message), format, arguments) < 0)
        message[0] = '\0';
    va_end(arguments);
    refuse(reply, status, message);
    return true;
}

bool reply_not_found(struct reply *reply, const char *what, const char *which)
{
    return reply_refuse(reply, 404, "there is no %s %s", what, which);
}
