#include "common/text_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

void text_table_init(struct text_table *table, const char *alignment)
{
    *table = (struct text_table){.columns = strlen(alignment), .alignment = alignment};
}

static bool make_room(struct text_table *table)
{
    if (table->cell_count < table->capacity)
        return true;
    size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
    char **cells = reallocarray(table->cells, capacity, sizeof *cells);
    if (cells == NULL)
        return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

void text_table_cell(struct text_table *table, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0 || !make_room(table)) {
        if (length >= 0)
            free(text);
        table->failed = true;
        return;
    }
    utf8_show(text, (size_t)length);
    table->cells[table->cell_count++] = text;
}

/* Code points, which is what a terminal's columns are for the scripts that names come in mostly. */
static size_t display_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct text_table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->cell_count; i += table->columns) {
        size_t cell = display_width(table->cells[i]);
        if (cell > width)
            width = cell;
    }
    return width;
}

static void print_row(const struct text_table *table, size_t row, const size_t *widths, FILE *out)
{
    for (size_t column = 0; column < table->columns; column++) {
        const char *text = table->cells[row * table->columns + column];
        int fill = (int)(widths[column] - display_width(text));
        bool last = column + 1 == table->columns;
        if (table->alignment[column] == 'r')
            fprintf(out, "%*s%s%s", fill, "", text, last ? "" : "  ");
        else
            fprintf(out, "%s%*s%s", text, last ? 0 : fill, "", last ? "" : "  ");
    }
}

bool text_table_print(const struct text_table *table, bool colour, FILE *out, struct error *error)
{
    size_t *widths = table->failed ? NULL : calloc(table->columns + 1, sizeof *widths);
    if (widths == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot print the table");
    for (size_t column = 0; column < table->columns; column++)
        widths[column] = column_width(table, column);
    for (size_t row = 0; (row + 1) * table->columns <= table->cell_count; row++) {
        bool bold = colour && row == 0;
        fputs(bold ? "\033[1m" : "", out);
        print_row(table, row, widths, out);
        fputs(bold ? "\033[0m\n" : "\n", out);
    }
    free(widths);
    if (fflush(out) != 0 || ferror(out))
        return error_set_errno(error, FAULT_STORE, errno, "cannot write the output");
    return true;
}

void text_table_finish(struct text_table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct text_table){.alignment = ""};
}
