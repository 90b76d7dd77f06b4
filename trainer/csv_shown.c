#include "trainer/csv_shown.h"

#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/utf8.h"

#define ELLIPSIS "…"

/* How much of a cell fits, no character of it torn. */
static size_t fitting(const struct csv_cell *cell, size_t most)
{
    size_t size = cell->size;

    if (size <= most)
        return size;
    size = most;
    while (size > 0 && ((unsigned char)cell->text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

const char *csv_shown(const struct csv_cell *cell, char text[CSV_SHOWN_BYTES])
{
    size_t size = fitting(cell, CSV_SHOWN_BYTES - sizeof ELLIPSIS);

    memcpy(text, cell->text, size);
    utf8_show(text, size);
    strcpy(text + size, size < cell->size ? ELLIPSIS : "");
    return text;
}

/* A number is no formula, nor is a sign alone, as some write for nothing. */
static bool is_signed_number(const char *text)
{
    char *end = NULL;

    if ((text[0] != '-' && text[0] != '+') || text[1] == '\0')
        return text[0] == '-' || text[0] == '+';
    if (text[1] != '.' && (text[1] < '0' || text[1] > '9'))
        return false;
    (void)strtod(text, &end);
    return *end == '\0';
}

void csv_print_shown(FILE *out, const struct csv_cell *cell)
{
    char text[CSV_CELL_MOST_BYTES + 1];
    size_t size = fitting(cell, CSV_CELL_MOST_BYTES);

    memcpy(text, cell->text, size);
    text[size] = '\0';
    utf8_show(text, size);
    if (is_signed_number(text))
        csv_cell(out, text);
    else
        csv_guarded_cell(out, text);
}
