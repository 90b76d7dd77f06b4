#include "trainer/ordered_lines.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 1024

void ordered_lines_init(struct ordered_lines *lines, FILE *out)
{
    *lines = (struct ordered_lines){.out = out};
}

void ordered_lines_finish(struct ordered_lines *lines)
{
    if (lines->line != NULL)
        (void)fclose(lines->line);
    free(lines->text);
    for (size_t i = 0; i < lines->capacity; i++)
        free(lines->waiting[i]);
    free(lines->waiting);
    ordered_lines_init(lines, lines->out);
}

static bool no_memory(struct error *error)
{
    return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep what is to be written");
}

FILE *ordered_lines_begin(struct ordered_lines *lines, uint64_t number, struct error *error)
{
    if (number == lines->next)
        return lines->out;
    lines->line = open_memstream(&lines->text, &lines->size);
    if (lines->line == NULL)
        no_memory(error);
    return lines->line;
}

static bool make_room(struct ordered_lines *lines, uint64_t number, struct error *error)
{
    size_t capacity = lines->capacity == 0 ? FIRST_CAPACITY : lines->capacity;

    while (number - lines->next >= capacity)
        capacity *= 2;
    if (capacity == lines->capacity)
        return true;
    char **waiting = calloc(capacity, sizeof *waiting);
    if (waiting == NULL)
        return no_memory(error);
    for (size_t i = 0; i < lines->capacity; i++) {
        uint64_t moved = lines->next + i;
        waiting[moved % capacity] = lines->waiting[moved % lines->capacity];
    }
    free(lines->waiting);
    lines->waiting = waiting;
    lines->capacity = capacity;
    return true;
}

static bool keep_line(struct ordered_lines *lines, uint64_t number, struct error *error)
{
    bool composed = fclose(lines->line) == 0;

    lines->line = NULL;
    if (!composed)
        return no_memory(error);
    if (!make_room(lines, number, error))
        return false;
    lines->waiting[number % lines->capacity] = lines->text;
    lines->text = NULL;
    return true;
}

bool ordered_lines_end(struct ordered_lines *lines, uint64_t number, struct error *error)
{
    if (number != lines->next)
        return keep_line(lines, number, error);
    for (lines->next++; lines->capacity > 0; lines->next++) {
        char **line = &lines->waiting[lines->next % lines->capacity];
        if (*line == NULL)
            break;
        fputs(*line, lines->out);
        free(*line);
        *line = NULL;
    }
    return !ferror(lines->out) ||
           error_set_errno(error, FAULT_STORE, errno, "cannot write the scores");
}
