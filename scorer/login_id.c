#include "scorer/login_id.h"

#include <string.h>

#define ALPHABET "0123456789abcdefghjkmnpqrstvwxyz"
#define DIGITS   (LOGIN_ID_TEXT_BYTES - 1)
#define BITS_48  ((UINT64_C(1) << 48) - 1)

static void put_48_bits(uint8_t *bytes, uint64_t value)
{
    for (int i = 5; i >= 0; i--) {
        bytes[i] = (uint8_t)value;
        value >>= 8;
    }
}

struct login_id login_id_make(int64_t time_us, uint64_t random)
{
    struct login_id id;
    uint64_t milliseconds = time_us > 0 ? (uint64_t)time_us / 1000 : 0;
    put_48_bits(id.bytes, milliseconds & BITS_48);
    put_48_bits(id.bytes + 6, random & BITS_48);
    return id;
}

const char *login_id_format(const struct login_id *id, char text[LOGIN_ID_TEXT_BYTES])
{
    /* 96 bits fill the last 19 digits and one bit of the first. */
    unsigned pending = 0, pending_bits = 0;
    int at = DIGITS;
    text[at] = '\0';
    for (int i = LOGIN_ID_BYTES - 1; i >= 0; i--) {
        pending |= (unsigned)id->bytes[i] << pending_bits;
        for (pending_bits += 8; pending_bits >= 5; pending_bits -= 5) {
            text[--at] = ALPHABET[pending & 31];
            pending >>= 5;
        }
    }
    text[--at] = ALPHABET[pending & 31];
    return text;
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'o')
        return 0;
    if (c == 'i' || c == 'l')
        return 1;
    const char *found = c == '\0' ? NULL : strchr(ALPHABET, c);
    return found == NULL ? -1 : (int)(found - ALPHABET);
}

bool login_id_parse(const char *text, struct login_id *id)
{
    unsigned pending = 0, pending_bits = 0;
    size_t filled = LOGIN_ID_BYTES;
    *id = (struct login_id){0};
    if (strlen(text) != DIGITS || digit_value(text[0]) > 1)
        return false;
    for (int i = DIGITS - 1; i >= 0; i--) {
        int digit = digit_value(text[i]);
        if (digit < 0) {
            *id = (struct login_id){0};
            return false;
        }
        pending |= (unsigned)digit << pending_bits;
        pending_bits += 5;
        if (pending_bits >= 8 && filled > 0) {
            id->bytes[--filled] = (uint8_t)pending;
            pending >>= 8;
            pending_bits -= 8;
        }
    }
    return true;
}

bool login_id_equal(const struct login_id *a, const struct login_id *b)
{
    return memcmp(a->bytes, b->bytes, LOGIN_ID_BYTES) == 0;
}

bool login_id_is_none(const struct login_id *id)
{
    static const struct login_id none;
    return login_id_equal(id, &none);
}
