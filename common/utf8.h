/* UTF-8 (RFC 3629). */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at text, of which `size` are there; 0 for none. */
size_t utf8_length(const unsigned char *text, size_t size);

/* Well-formed throughout and without control characters: a line that a terminal may show. */
bool utf8_is_plain(const char *text);

#endif
