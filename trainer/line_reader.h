/* An input's lines, in memory of a fixed size however long they are. */
#ifndef TRAINER_LINE_READER_H
#define TRAINER_LINE_READER_H

#include <stdint.h>

#include "trainer/input.h"

struct line_reader {
    struct input *input; /* the caller's */
    char *buffer;
    size_t start, end, capacity, longest;
    int64_t number; /* of the last line handed out, from 1 */
    bool ended;
};

struct input_line {
    char *text; /* ended by NUL, without its line end; NUL bytes inside became '?'. NULL: no more */
    size_t length;
    bool too_long; /* longer than the longest: text is its beginning */
};

/* longest: in bytes. */
bool line_reader_open(struct line_reader *reader, struct input *input, size_t longest,
                      struct error *error) MUST_USE;
void line_reader_close(struct line_reader *reader);

/* The line lasts until the next call. */
bool line_reader_next(struct line_reader *reader, struct input_line *line,
                      struct error *error) MUST_USE;

/* Begins anew with the first line. */
bool line_reader_rewind(struct line_reader *reader, struct error *error) MUST_USE;

#endif
