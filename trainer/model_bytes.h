/* A model file as bytes, from wherever its reader may read. */
#ifndef TRAINER_MODEL_BYTES_H
#define TRAINER_MODEL_BYTES_H

#include <stddef.h>

#include "common/error.h"

/* The whole file, aligned as malloc() aligns, the caller's to free(); NULL with a sentence. What
 * the bytes are is for risk_model_open() to say. */
void *model_bytes_read(const char *path, size_t *size, struct error *error) MUST_USE;

#endif
