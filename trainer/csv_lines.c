#include "trainer/csv_lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES           (UINT32_C(1) << 20)
#define BYTE_ORDER_MARK       "\xef\xbb\xbf" /* of UTF-8 */
#define BYTE_ORDER_MARK_BYTES 3
#define MOST_DIGITS           19
#define EXACT_DIGITS          22 /* powers of ten that a double holds exactly */

bool csv_lines_over(struct csv_lines *lines, const struct input *input, struct error *error)
{
    *lines = (struct csv_lines){
        .input = *input, .path = input->name, .next_line = 1, .capacity = 2 * PIECE_BYTES};
    lines->buffer = malloc(lines->capacity + 1);
    return lines->buffer != NULL ||
           error_set_errno(error, FAULT_MODEL, ENOMEM, "cannot read %s", input->name);
}

bool csv_lines_open(struct csv_lines *lines, const char *path, struct error *error)
{
    struct input input;

    *lines = (struct csv_lines){.buffer = NULL};
    if (!input_open(&input, path, error))
        return false;
    bool opened = csv_lines_over(lines, &input, error);
    lines->owns_input = true;
    if (!opened)
        csv_lines_close(lines);
    return opened;
}

void csv_lines_close(struct csv_lines *lines)
{
    if (lines->owns_input)
        input_close(&lines->input);
    free(lines->buffer);
    lines->buffer = NULL;
}

/* Makes room by moving what is unread to the front, by growing when that is not enough. */
static bool make_room(struct csv_lines *lines, struct error *error)
{
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    if (lines->end >= CSV_MOST_RECORD_BYTES)
        return error_set(error, FAULT_MODEL,
                         "%s line %llu is longer than %u bytes; is a quote left open?", lines->path,
                         (unsigned long long)lines->line, CSV_MOST_RECORD_BYTES);
    if (lines->capacity - lines->end >= PIECE_BYTES)
        return true;
    char *wider = realloc(lines->buffer, 2 * lines->capacity + 1);
    if (wider == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "cannot read %s", lines->path);
    lines->buffer = wider;
    lines->capacity *= 2;
    return true;
}

static bool read_piece(struct csv_lines *lines, struct error *error)
{
    if (!make_room(lines, error))
        return false;
    size_t got = 0;
    if (!input_read(&lines->input, lines->buffer + lines->end, PIECE_BYTES, &got, error))
        return false;
    lines->ended = got == 0;
    lines->end += got;
    return true;
}

/* Whether a quote is open at the end of text, a line of the record, when one was or was not before.
 */
static bool quote_open(const char *record, const char *text, const char *end, bool open)
{
    while ((text = memchr(text, '"', (size_t)(end - text))) != NULL) {
        if (!open)
            open = text == record || text[-1] == ',';
        else if (text + 1 < end && text[1] == '"')
            text++;
        else
            open = false;
        text++;
    }
    return open;
}

/* The size of the record at start with its line end; 0: more must be read. */
static size_t record_size(struct csv_lines *lines, bool *open)
{
    char *from = lines->buffer + lines->start, *end = lines->buffer + lines->end, *at = from;
    uint64_t line_count = 0;

    *open = false;
    while (at < end) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL && !lines->ended)
            return 0;
        char *next = stop == NULL ? end : stop + 1;
        *open = quote_open(from, at, next, *open);
        at = next;
        line_count++;
        if (!*open || (at == end && lines->ended)) {
            lines->next_line = lines->line + line_count;
            return (size_t)(at - from);
        }
    }
    return 0;
}

/* A record that is there whole, without its line end, and without the mark that some editors put
 * before the first one. */
static bool take_record(struct csv_lines *lines, size_t bytes, bool open, char **text, size_t *size,
                        struct error *error)
{
    char *record = lines->buffer + lines->start;

    lines->start += bytes;
    if (open)
        return error_set(error, FAULT_MODEL, "%s line %llu opens a quote that is never closed",
                         lines->path, (unsigned long long)lines->line);
    if (memchr(record, '\0', bytes) != NULL)
        return error_set(error, FAULT_MODEL, "%s line %llu has a NUL byte: it is not text",
                         lines->path, (unsigned long long)lines->line);
    if (lines->line == 1 && bytes >= BYTE_ORDER_MARK_BYTES &&
        memcmp(record, BYTE_ORDER_MARK, BYTE_ORDER_MARK_BYTES) == 0) {
        record += BYTE_ORDER_MARK_BYTES;
        bytes -= BYTE_ORDER_MARK_BYTES;
    }
    while (bytes > 0 && (record[bytes - 1] == '\n' || record[bytes - 1] == '\r'))
        bytes--;
    *text = bytes > 0 ? record : NULL;
    *size = bytes;
    return true;
}

bool csv_lines_next(struct csv_lines *lines, char **text, size_t *size, struct error *error)
{
    bool open = false;

    *text = NULL;
    *size = 0;
    while (*text == NULL) {
        lines->line = lines->next_line;
        size_t bytes = record_size(lines, &open);
        if (bytes == 0 && lines->ended)
            return true;
        if (!(bytes == 0 ? read_piece(lines, error)
                         : take_record(lines, bytes, open, text, size, error)))
            return false;
    }
    return true;
}

/* Takes the quotes off a cell that begins with one; returns where the cell ends in the record. */
static char *unquote(char *text, char *end, struct csv_cell *cell)
{
    char *to = text, *from = text + 1;
    while (from < end) {
        if (*from == '"') {
            if (from + 1 == end || from[1] != '"')
                break;
            from++;
        }
        *to++ = *from++;
    }
    from += from < end;
    *cell = (struct csv_cell){text, (size_t)(to - text), from < end && *from != ','};
    char *stop = from < end ? memchr(from, ',', (size_t)(end - from)) : NULL;
    return stop != NULL ? stop : end;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct csv_cell trim(char *text, char *end)
{
    while (text < end && is_blank(*text))
        text++;
    while (text < end && is_blank(end[-1]))
        end--;
    return (struct csv_cell){text, (size_t)(end - text), false};
}

size_t csv_split(char *text, size_t size, struct csv_cell *cells, size_t most)
{
    char *end = text + size;
    size_t count = 0;

    for (;;) {
        struct csv_cell cell;
        char *stop = text;
        if (text < end && *text == '"') {
            stop = unquote(text, end, &cell);
        } else {
            while (stop < end && *stop != ',')
                stop++;
            cell = trim(text, stop);
        }
        if (count < most)
            cells[count] = cell;
        count++;
        if (stop == end)
            return count;
        text = stop + 1;
    }
}

static bool slow_number(const struct csv_cell *cell, float *value)
{
    char *end = cell->text + cell->size, *stop = NULL, behind = *end;

    *end = '\0';
    double parsed = strtod(cell->text, &stop);
    *end = behind;
    *value = (float)parsed;
    return stop == end && cell->size > 0 && !isspace((unsigned char)cell->text[0]);
}

/* Digits and a point alone: with at most 2^53 and an exact power of ten, one division rounds as
 * strtod() does (Clinger 1990). */
bool csv_number(const struct csv_cell *cell, float *value)
{
    static const double POWERS[EXACT_DIGITS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *at = cell->text, *end = cell->text + cell->size, *point = NULL;
    bool negative = at < end && *at == '-';
    uint64_t digits = 0;

    at += negative;
    const char *first = at;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit <= 9)
            digits = digits * 10 + digit;
        else if (*at == '.' && point == NULL)
            point = at;
        else
            return slow_number(cell, value);
    }
    if (end - first > MOST_DIGITS || end - first - (point != NULL) < 1 || digits >> 53 != 0)
        return slow_number(cell, value);
    double parsed = (double)digits;
    if (point != NULL)
        parsed /= POWERS[end - point - 1];
    *value = (float)(negative ? -parsed : parsed);
    return true;
}
