/* Any bytes as a history of one format: every line is accounted for, every login can be stored. */
#ifndef TESTS_FUZZ_IMPORT_BYTES_H
#define TESTS_FUZZ_IMPORT_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when what was read cannot be. */
void import_bytes(const char *format, const uint8_t *data, size_t size);

#endif
