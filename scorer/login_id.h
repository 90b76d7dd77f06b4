/*
 * The name of one attempt to log in: 48 bits of UTC milliseconds, then 48 random bits, so that ids
 * sort by time. As text: 20 characters of Crockford's base 32 in lower case.
 */
#ifndef SCORER_LOGIN_ID_H
#define SCORER_LOGIN_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define LOGIN_ID_BYTES      12
#define LOGIN_ID_TEXT_BYTES 21

struct login_id {
    uint8_t bytes[LOGIN_ID_BYTES];
};

/* random: 48 bits of the caller's randomness (for an import: a hash of what identifies the line).
 */
struct login_id login_id_make(int64_t time_us, uint64_t random);
const char *login_id_format(const struct login_id *id, char text[LOGIN_ID_TEXT_BYTES]);
/* Either case; o, i and l are read as 0, 1 and 1. */
bool login_id_parse(const char *text, struct login_id *id) MUST_USE;
bool login_id_equal(const struct login_id *a, const struct login_id *b);
bool login_id_is_none(const struct login_id *id); /* all zero */

#endif
