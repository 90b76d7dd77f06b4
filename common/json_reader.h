/*
 * Values looked up in JSON text (RFC 8259) that the caller keeps; no memory of its own. Whatever
 * the text is, nothing is read beyond its end: what is not JSON has no values.
 */
#ifndef COMMON_JSON_READER_H
#define COMMON_JSON_READER_H

#include <stddef.h>

#define JSON_MOST_DEPTH 32

/* A value's text, checked; both NULL: not there. */
struct json_value {
    const char *begin, *end;
};

/* The value that the text holds, alone. Not there when it nests deeper than JSON_MOST_DEPTH. */
struct json_value json_parse(const char *text, size_t size);

/*
 * Of an object, of an array; not there in anything else. Names are compared as they are written:
 * one with an escape is not found. Of members with one name the first is taken.
 */
struct json_value json_member(struct json_value object, const char *name);
struct json_value json_element(struct json_value array, size_t index);

double json_to_number(struct json_value value); /* NAN for what is no number */

#endif
