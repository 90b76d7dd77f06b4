#include "dashboard/target.h"

#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* UTF-8 without control characters. */
static bool is_text(const char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length) {
        length = utf8_length(text + at, size - at);
        uint32_t point = length > 0 ? utf8_code_point(text + at, length) : 0;
        if (point < 0x20 || (point >= 0x7f && point < 0xa0))
            return false;
    }
    return true;
}

bool target_decode(const char *text, size_t size, bool plus, char *decoded, size_t capacity)
{
    size_t used = 0;

    for (size_t at = 0; at < size; at++) {
        char byte = text[at];

        if (byte == '%') {
            int high = at + 2 < size ? hex_value(text[at + 1]) : -1;
            int low = high >= 0 ? hex_value(text[at + 2]) : -1;

            if (low < 0)
                return false;
            byte = (char)(high << 4 | low);
            at += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (used + 1 >= capacity)
            return false;
        decoded[used++] = byte;
    }
    if (used >= capacity)
        return false;
    decoded[used] = '\0';
    return is_text(decoded, used);
}

/* One "name=value" in place. */
static bool parse_pair(char *pair, struct query *query, struct error *error)
{
    size_t name_size = strcspn(pair, "=");
    bool has_value = pair[name_size] == '=';
    char *value = pair + name_size + (has_value ? 1 : 0);
    size_t value_size = strlen(value);

    if (query->count == QUERY_MAX)
        return error_set(error, FAULT_NONE, "the query has more than %d parameters", QUERY_MAX);
    pair[name_size] = '\0';
    /* Decoded text is never longer, so that it fits where it stood. */
    if (name_size == 0 || !target_decode(pair, name_size, true, pair, name_size + 1))
        return error_set(error, FAULT_NONE, "the query has a parameter whose name is not text");
    if (value_size >= REQUEST_PARAMETER_MAX)
        return error_set(error, FAULT_NONE, "the query's parameter %s is longer than %d bytes",
                         pair, REQUEST_PARAMETER_MAX - 1);
    if (!target_decode(value, value_size, true, value, value_size + 1))
        return error_set(error, FAULT_NONE,
                         "the query's parameter %s is not percent-encoded UTF-8 without control "
                         "characters",
                         pair);
    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->values[i].name, pair) == 0)
            return error_set(error, FAULT_NONE, "the query's parameter %s is given twice", pair);
    }
    query->values[query->count++] = (struct query_value){pair, value};
    return true;
}

bool target_parse(char *target, struct query *query, struct error *error)
{
    char *rest;

    query->count = 0;
    if (target[0] != '/')
        return error_set(error, FAULT_NONE, "the request's target does not begin with /");
    for (const char *at = target; *at != '\0'; at++) {
        if (*at <= 0x20 || *at == 0x7f || *at == '#')
            return error_set(error, FAULT_NONE,
                             "the request's target has bytes that belong in no "
                             "address");
    }
    rest = strchr(target, '?');
    if (rest == NULL)
        return true;
    *rest++ = '\0';
    while (*rest != '\0') {
        char *end = rest + strcspn(rest, "&");
        bool last = *end == '\0';

        *end = '\0';
        if (!parse_pair(rest, query, error))
            return false;
        rest = last ? end : end + 1;
    }
    return true;
}
