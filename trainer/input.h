/*
 * The bytes of a history: a file or standard input, plain or gzip (recognised by its first bytes),
 * read once from begin to end or, where a format needs it, twice.
 */
#ifndef TRAINER_INPUT_H
#define TRAINER_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct input {
    void *stream;      /* gzFile */
    const char *name;  /* for sentences; the caller's */
    int64_t newest_us; /* when a regular file was last written to, else now */
    bool is_regular;
};

/* "-": standard input. */
bool input_open(struct input *input, const char *name, struct error *error) MUST_USE;
void input_close(struct input *input);

/* Up to capacity bytes; *got 0: the end. A gzip file that is cut short or damaged is an error. */
bool input_read(struct input *input, void *bytes, size_t capacity, size_t *got,
                struct error *error) MUST_USE;

/* Makes what is no regular file one by copying it, so that input_rewind() works. Before reading. */
bool input_spool(struct input *input, struct error *error) MUST_USE;
bool input_rewind(struct input *input, struct error *error) MUST_USE;

#endif
