#include "common/utf8.h"

#include <string.h>

/* The table of RFC 3629, section 4. */
size_t utf8_length(const unsigned char *text, size_t size)
{
    unsigned char lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        unsigned char low = 0x80, high = 0xbf;
        if (i == 1) {
            low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
            high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        }
        if (text[i] < low || text[i] > high)
            return 0;
    }
    return length;
}

/* U+0000 to U+001F, U+007F to U+009F. */
static bool is_control(const unsigned char *text)
{
    return text[0] < ' ' || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

bool utf8_is_plain(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t left = strlen(text), length;
    for (; left > 0; at += length, left -= length) {
        length = utf8_length(at, left);
        if (length == 0 || is_control(at))
            return false;
    }
    return true;
}
