/* The bytes of a model file, whatever it is a model of. */
#ifndef STORE_MODEL_BYTES_H
#define STORE_MODEL_BYTES_H

#include <stddef.h>

#include "common/error.h"

/* All of a regular file of 1 to `most` bytes; path: for sentences. *bytes is the caller's to
 * free().
 */
bool model_bytes_read(int fd, const char *path, size_t most, void **bytes, size_t *size,
                      struct error *error) MUST_USE;

/* The first `size` bytes of it, into room for so many. */
bool model_bytes_read_front(int fd, const char *path, void *bytes, size_t size,
                            struct error *error) MUST_USE;

#endif
