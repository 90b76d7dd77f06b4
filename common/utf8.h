/* Text that others wrote: what of it is UTF-8, and what of that may be shown. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence that text begins with (RFC 3629, section 4); 0: of none. */
size_t utf8_length(const char *text, size_t size);

/* The character of such a sequence. */
uint32_t utf8_code_point(const char *text, size_t length);

/*
 * utf8_length(), but 0 also for what steers a terminal or the order of what is read: controls,
 * ASCII's and those from U+0080 on, line separators and marks of direction, all below U+10000.
 */
size_t utf8_printable_length(const char *text, size_t size);

/* Whether all of text is printable: a line that a terminal may show as it is. */
bool utf8_is_plain(const char *text);

/* Makes a '?' of each byte that is of nothing printable. */
void utf8_show(char *text, size_t size);

#endif
