#include "dashboard/target.h"

#include <stdint.h>
#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)(digit | 0x20);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Bytes of the well-formed sequence at text, its code point in *point; 0: there is none. */
static size_t utf8_sequence(const unsigned char *text, size_t size, uint32_t *point)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;

    if (length == 0 || length > size)
        return 0;
    *point = length == 1 ? text[0] : text[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3f);
    }
    if (*point < LEAST[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
        return 0;
    return length;
}

bool text_is_clean(const char *text, size_t size, bool lines)
{
    for (size_t at = 0; at < size;) {
        uint32_t point = 0;
        size_t length = utf8_sequence((const unsigned char *)text + at, size - at, &point);
        bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);

        if (length == 0 || (control && !(lines && (point == '\n' || point == '\t'))))
            return false;
        at += length;
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
    return text_is_clean(decoded, used, false);
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
