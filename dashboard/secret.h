/* Secrets that the service makes: random, kept as hashes, compared in a time that tells nothing. */
#ifndef DASHBOARD_SECRET_H
#define DASHBOARD_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define SECRET_TEXT_BYTES 65 /* 256 bits in hexadecimal digits, and a NUL */
#define SECRET_HASH_BYTES 32 /* SHA-256 */

/* A new one from the kernel. */
bool secret_make(char text[SECRET_TEXT_BYTES], struct error *error) MUST_USE;

/* SHA-256 of text: what is kept of a secret. */
void secret_hash(const char *text, uint8_t hash[SECRET_HASH_BYTES]);

/* Whether size bytes are the same, in a time that depends on size alone. */
bool secret_equal(const void *a, const void *b, size_t size);

/* Texts likewise; the time depends on the length of what was given. */
bool secret_text_equal(const char *expected, const char *given);

/* A hash as hexadecimal digits and back. */
void secret_hash_format(const uint8_t hash[SECRET_HASH_BYTES], char text[SECRET_TEXT_BYTES]);
bool secret_hash_parse(const char *text, uint8_t hash[SECRET_HASH_BYTES]) MUST_USE;

#endif
