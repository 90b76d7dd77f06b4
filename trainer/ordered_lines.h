/* Lines that become known in any order, written in the order of their numbers. */
#ifndef TRAINER_ORDERED_LINES_H
#define TRAINER_ORDERED_LINES_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

struct ordered_lines {
    FILE *out;       /* the caller's */
    uint64_t next;   /* the number to be written next, from 0 */
    char **waiting;  /* by number modulo capacity; NULL: not known yet */
    size_t capacity; /* a power of two, or 0 */
    FILE *line;      /* the one being composed, when it must wait */
    char *text;
    size_t size;
};

void ordered_lines_init(struct ordered_lines *lines, FILE *out);
void ordered_lines_finish(struct ordered_lines *lines);

/* Where line `number` is to be printed; NULL: out of memory. ordered_lines_end() ends it. */
FILE *ordered_lines_begin(struct ordered_lines *lines, uint64_t number,
                          struct error *error) MUST_USE;
bool ordered_lines_end(struct ordered_lines *lines, uint64_t number, struct error *error) MUST_USE;

#endif
