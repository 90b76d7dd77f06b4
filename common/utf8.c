#include "common/utf8.h"

#include <string.h>

size_t utf8_length(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;
    unsigned char lead = size > 0 ? byte[0] : 0xff;
    size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (length == 0 || lead > 0xf4 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        unsigned char low = 0x80, high = 0xbf;
        if (i == 1) {
            low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
            high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        }
        if (byte[i] < low || byte[i] > high)
            return 0;
    }
    return length;
}

uint32_t utf8_code_point(const char *text, size_t length)
{
    uint32_t point = (unsigned char)text[0] & (length == 1 ? 0x7fU : 0x7fU >> length);

    for (size_t i = 1; i < length; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3fU);
    return point;
}

static bool steers(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

size_t utf8_printable_length(const char *text, size_t size)
{
    size_t length = utf8_length(text, size);

    return length > 0 && steers(utf8_code_point(text, length)) ? 0 : length;
}

bool utf8_is_plain(const char *text)
{
    size_t left = strlen(text), length;

    for (; left > 0; text += length, left -= length) {
        length = utf8_printable_length(text, left);
        if (length == 0)
            return false;
    }
    return true;
}

void utf8_show(char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length) {
        length = utf8_printable_length(text + at, size - at);
        if (length == 0) {
            text[at] = '?';
            length = 1;
        }
    }
}
