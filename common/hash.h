/*
 * Checksums and 64-bit keys (XXH3). Not for secrets: a forger can make collisions, so nothing whose
 * forging would pay is keyed by them alone.
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t size);

/* Of text without its final NUL; 0 for NULL and "" (0 means "no value" in tables of keys). */
uint64_t hash_text(const char *text);

#endif
