/* A model's file in memory. */
#ifndef TRAINER_READ_MODEL_H
#define TRAINER_READ_MODEL_H

#include <stddef.h>

#include "common/error.h"

/*
 * The whole file, aligned as malloc() aligns, the caller's to free(); NULL with a sentence. That
 * there is none leaves ENOENT in errno.
 */
void *read_model(const char *path, size_t *size, struct error *error);

#endif
