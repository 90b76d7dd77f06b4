#include "common/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"

struct json_writer json_writer_to(FILE *out)
{
    return (struct json_writer){.out = out};
}

static void write_text(FILE *out, const char *text, size_t size)
{
    const char *at = text, *end = text + size;

    fputc('"', out);
    while (at < end) {
        size_t length = utf8_length(at, (size_t)(end - at));
        if (length == 0) {
            fputs("\\ufffd", out);
            at++;
            continue;
        }
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (utf8_printable_length(at, length) == 0)
            fprintf(out, "\\u%04" PRIx32, utf8_code_point(at, length));
        else
            fwrite(at, 1, length, out);
        at += length;
    }
    fputc('"', out);
}

static void begin_value(struct json_writer *json, const char *name)
{
    if (json->separate)
        fputs(", ", json->out);
    if (name != NULL) {
        write_text(json->out, name, strlen(name));
        fputs(": ", json->out);
    }
    json->separate = true;
}

static void open_value(struct json_writer *json, const char *name, char bracket)
{
    begin_value(json, name);
    fputc(bracket, json->out);
    json->separate = false;
}

static void close_value(struct json_writer *json, char bracket)
{
    fputc(bracket, json->out);
    json->separate = true;
}

void json_object_begin(struct json_writer *json, const char *name)
{
    open_value(json, name, '{');
}

void json_object_end(struct json_writer *json)
{
    close_value(json, '}');
}

void json_array_begin(struct json_writer *json, const char *name)
{
    open_value(json, name, '[');
}

void json_array_end(struct json_writer *json)
{
    close_value(json, ']');
}

void json_text_bytes(struct json_writer *json, const char *name, const char *text, size_t size)
{
    begin_value(json, name);
    write_text(json->out, text, size);
}

void json_text(struct json_writer *json, const char *name, const char *text)
{
    if (text == NULL)
        json_null(json, name);
    else
        json_text_bytes(json, name, text, strlen(text));
}

void json_integer(struct json_writer *json, const char *name, int64_t value)
{
    begin_value(json, name);
    fprintf(json->out, "%" PRId64, value);
}

void json_number(struct json_writer *json, const char *name, double value)
{
    char text[32];
    begin_value(json, name);
    if (!isfinite(value)) {
        fputs("null", json->out);
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, json->out);
}

void json_bool(struct json_writer *json, const char *name, bool value)
{
    begin_value(json, name);
    fputs(value ? "true" : "false", json->out);
}

void json_null(struct json_writer *json, const char *name)
{
    begin_value(json, name);
    fputs("null", json->out);
}

void json_time(struct json_writer *json, const char *name, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];

    if (time_us == 0)
        json_null(json, name);
    else
        json_text(json, name, clock_format_ms(time_us, text));
}

void json_raw(struct json_writer *json, const char *name, const char *text, size_t size)
{
    begin_value(json, name);
    fwrite(text, 1, size, json->out);
}

bool json_writer_end(struct json_writer *json, struct error *error)
{
    fputc('\n', json->out);
    if (fflush(json->out) != 0 || ferror(json->out))
        return error_set_errno(error, FAULT_STORE, errno, "cannot write the output");
    return true;
}
