/*
 * Aligned tables for people. Cells are copied and utf8_show() goes over them, so that no stored
 * text can steer a terminal.
 */
#ifndef COMMON_TEXT_TABLE_H
#define COMMON_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

struct text_table {
    char **cells;
    size_t cell_count, capacity;
    size_t columns;
    const char *alignment;
    bool failed; /* memory ran out */
};

/* alignment: one letter for each column, 'l' or 'r'; must outlive the table. */
void text_table_init(struct text_table *table, const char *alignment);

/* The next cell, row by row; the first row is the heading. */
void text_table_cell(struct text_table *table, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints all full rows; bold heading when colour. False when memory ran out or writing failed. */
bool text_table_print(const struct text_table *table, bool colour, FILE *out,
                      struct error *error) MUST_USE;
void text_table_finish(struct text_table *table);

#endif
