/* Files that commands write. */
#ifndef TRAINER_OUTPUT_H
#define TRAINER_OUTPUT_H

#include "common/error.h"

/*
 * Whether writing path leaves input, which is "-" for standard input, as it is; either may be NULL.
 * False with a sentence when both are one file: it would be emptied before it was read.
 */
bool output_spares(const char *path, const char *input, struct error *error) MUST_USE;

#endif
