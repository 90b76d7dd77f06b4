#include "common/json_reader.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 64

/* Each of these returns where the text goes on, or NULL where it is not JSON. */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0 ? at + length : NULL;
}

static bool is_hexadecimal(char digit)
{
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') ||
           (digit >= 'A' && digit <= 'F');
}

static const char *skip_escape(const char *at, const char *end)
{
    if (at == end || *at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL)
        return NULL;
    if (*at++ != 'u')
        return at;
    for (int i = 0; i < 4; i++, at++) {
        if (at == end || !is_hexadecimal(*at))
            return NULL;
    }
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    if (at == end || *at != '"')
        return NULL;
    for (at++; at != NULL && at < end && (unsigned char)*at >= ' ';) {
        char byte = *at++;
        if (byte == '"')
            return at;
        if (byte == '\\')
            at = skip_escape(at, end);
    }
    return NULL;
}

/* NULL where there is no digit. */
static const char *skip_digits(const char *at, const char *end)
{
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > first ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
    at += at < end && *at == '-';
    at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    if (at != NULL && at < end && *at == '.')
        at = skip_digits(at + 1, end);
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = skip_digits(at, end);
    }
    return at;
}

static const char *skip_value(const char *at, const char *end, int depth);

/* The member's name and colon, up to its value. */
static const char *skip_name(const char *at, const char *end)
{
    at = skip_string(at, end);
    at = at != NULL ? skip_space(at, end) : NULL;
    return at != NULL && at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

static const char *skip_container(const char *at, const char *end, int depth)
{
    bool object = *at == '{';
    char closing = object ? '}' : ']';

    at = skip_space(at + 1, end);
    if (at < end && *at == closing)
        return at + 1;
    while (at != NULL && at < end) {
        at = object ? skip_name(at, end) : at;
        at = at != NULL ? skip_value(at, end, depth + 1) : NULL;
        at = at != NULL ? skip_space(at, end) : NULL;
        if (at == NULL || at == end || (*at != ',' && *at != closing))
            return NULL;
        if (*at == closing)
            return at + 1;
        at = skip_space(at + 1, end);
    }
    return NULL;
}

static const char *skip_value(const char *at, const char *end, int depth)
{
    if (at == end || depth > JSON_MOST_DEPTH)
        return NULL;
    switch (*at) {
    case '{':
    case '[':
        return skip_container(at, end, depth);
    case '"':
        return skip_string(at, end);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

struct json_value json_parse(const char *text, size_t size)
{
    const char *end = text + size, *begin = skip_space(text, end);
    const char *after = skip_value(begin, end, 0);
    if (after == NULL || skip_space(after, end) != end)
        return (struct json_value){NULL, NULL};
    return (struct json_value){begin, after};
}

/* Element `index` of an array, or the first member of that name. The container has been checked. */
static struct json_value find(struct json_value container, const char *name, size_t index)
{
    size_t length = name != NULL ? strlen(name) : 0;
    const char *end = container.end - 1;

    for (const char *at = skip_space(container.begin + 1, end); at < end;) {
        const char *value = name != NULL ? skip_name(at, end) : at;
        const char *after = skip_value(value, end, 0);
        if (name != NULL ? strncmp(at + 1, name, length) == 0 && at[1 + length] == '"'
                         : index-- == 0)
            return (struct json_value){value, after};
        at = skip_space(after, end);
        at = at < end ? skip_space(at + 1, end) : at;
    }
    return (struct json_value){NULL, NULL};
}

struct json_value json_member(struct json_value object, const char *name)
{
    bool is_object = object.begin != NULL && *object.begin == '{';
    return is_object ? find(object, name, 0) : (struct json_value){NULL, NULL};
}

struct json_value json_element(struct json_value array, size_t index)
{
    bool is_array = array.begin != NULL && *array.begin == '[';
    return is_array ? find(array, NULL, index) : (struct json_value){NULL, NULL};
}

double json_to_number(struct json_value value)
{
    char text[NUMBER_BYTES];
    size_t length = value.begin != NULL ? (size_t)(value.end - value.begin) : 0;

    if (length == 0 || length >= sizeof text || strchr("-0123456789", *value.begin) == NULL)
        return (double)NAN;
    memcpy(text, value.begin, length);
    text[length] = '\0';
    return strtod(text, NULL);
}
