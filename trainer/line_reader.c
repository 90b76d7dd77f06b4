#include "trainer/line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (1U << 17)

bool line_reader_open(struct line_reader *reader, struct input *input, size_t longest,
                      struct error *error)
{
    *reader = (struct line_reader){
        .input = input, .longest = longest, .capacity = longest + 1 + PIECE_BYTES};
    reader->buffer = malloc(reader->capacity + 1);
    return reader->buffer != NULL ||
           error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read %s", input->name);
}

void line_reader_close(struct line_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}

/* Adds a piece behind what is unread, which is at most the longest line. */
static bool fill(struct line_reader *reader, struct error *error)
{
    size_t unread = reader->end - reader->start, got = 0;

    memmove(reader->buffer, reader->buffer + reader->start, unread);
    reader->start = 0;
    reader->end = unread;
    char *piece = reader->buffer + unread;
    if (!input_read(reader->input, piece, PIECE_BYTES, &got, error))
        return false;
    for (char *at = piece; (at = memchr(at, '\0', (size_t)(piece + got - at))) != NULL; at++)
        *at = '?';
    reader->end += got;
    reader->ended = got == 0;
    return true;
}

/* Where the line that begins at start ends; NULL at a failure, at the end of the input too. */
static char *find_end(struct line_reader *reader, struct input_line *line, struct error *error)
{
    size_t searched = 0;

    for (;;) {
        char *from = reader->buffer + reader->start;
        size_t unread = reader->end - reader->start;
        char *end = memchr(from + searched, '\n', unread - searched);
        if (end != NULL)
            return end;
        if (reader->ended)
            return unread > 0 ? from + unread : NULL;
        if (unread > reader->longest) {
            line->too_long = true; /* its beginning stays, the rest is read over */
            reader->end = reader->start + reader->longest;
        }
        searched = reader->end - reader->start;
        if (!fill(reader, error))
            return NULL;
    }
}

bool line_reader_next(struct line_reader *reader, struct input_line *line, struct error *error)
{
    struct error failure = ERROR_NONE;

    *line = (struct input_line){.text = NULL};
    char *end = find_end(reader, line, &failure);
    if (end == NULL)
        return failure.fault == FAULT_NONE || error_set(error, failure.fault, "%s", failure.text);
    line->text = reader->buffer + reader->start;
    line->length = (size_t)(end - line->text);
    reader->start += line->length + (line->length < reader->end - reader->start);
    if (line->length > reader->longest) {
        line->too_long = true;
        line->length = reader->longest;
    }
    if (line->length > 0 && line->text[line->length - 1] == '\r')
        line->length--;
    line->text[line->length] = '\0';
    reader->number++;
    return true;
}

bool line_reader_rewind(struct line_reader *reader, struct error *error)
{
    reader->start = reader->end = 0;
    reader->number = 0;
    reader->ended = false;
    return input_rewind(reader->input, error);
}
