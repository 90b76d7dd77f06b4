/*
 * The target of a request (RFC 9112, origin form) taken apart: "/path?name=value&…". Percent
 * escapes must be whole, what they give UTF-8 without control characters.
 */
#ifndef DASHBOARD_TARGET_H
#define DASHBOARD_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define TARGET_MAX_BYTES      8192
#define REQUEST_PARAMETER_MAX 1024 /* of a decoded value, with its NUL */
#define QUERY_MAX             32

struct query_value {
    const char *name, *value;
};

struct query {
    struct query_value values[QUERY_MAX];
    size_t count;
};

/*
 * Decodes size bytes of text into `decoded`. plus: a '+' is a blank. False: a broken escape, a
 * control character, not UTF-8, or no room.
 */
bool target_decode(const char *text, size_t size, bool plus, char *decoded,
                   size_t capacity) MUST_USE;

/*
 * Takes target apart in place: its path is cut off before '?' and stays as sent; names and values
 * of the query are decoded and point into target. False with a sentence for the client.
 */
bool target_parse(char *target, struct query *query, struct error *error) MUST_USE;

#endif
