/*
 * JSON as it is written out: RFC 8259, UTF-8, members separated and text escaped here alone. Text
 * that is not UTF-8 gets U+FFFD for each bad byte. name: the member's name inside an object, NULL
 * inside an array and at the top.
 *
 *     struct json_writer json = json_writer_to(stdout);
 *     json_object_begin(&json, NULL);
 *     json_integer(&json, "logins", 3);
 *     json_object_end(&json);
 *     if (!json_writer_end(&json, &error)) …
 */
#ifndef COMMON_JSON_WRITER_H
#define COMMON_JSON_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

struct json_writer {
    FILE *out;
    bool separate; /* a comma is due before the next value */
};

struct json_writer json_writer_to(FILE *out);

void json_object_begin(struct json_writer *json, const char *name);
void json_object_end(struct json_writer *json);
void json_array_begin(struct json_writer *json, const char *name);
void json_array_end(struct json_writer *json);
void json_text(struct json_writer *json, const char *name, const char *text); /* NULL: null */
void json_text_bytes(struct json_writer *json, const char *name, const char *text, size_t size);
void json_integer(struct json_writer *json, const char *name, int64_t value);
/* The shortest text that reads back as the same number; null for what is not finite. */
void json_number(struct json_writer *json, const char *name, double value);
void json_bool(struct json_writer *json, const char *name, bool value);
void json_null(struct json_writer *json, const char *name);
/* A moment: RFC 3339 in UTC with milliseconds, "2026-03-09T13:05:11.250Z"; null for 0. */
void json_time(struct json_writer *json, const char *name, int64_t time_us);
/* A value that is JSON already. */
void json_raw(struct json_writer *json, const char *name, const char *text, size_t size);

/* A final newline and a flush; false when anything could not be written. */
bool json_writer_end(struct json_writer *json, struct error *error) MUST_USE;

#endif
