#include "dashboard/score_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/analyses.h"
#include "scorer/policy.h"

enum column { COLUMN_TIME, COLUMN_USER, COLUMN_IP, COLUMN_RISK, COLUMN_VERDICT, COLUMN_REASONS };
enum table_column { TABLE_ROW, TABLE_SCORE, TABLE_SHARE, TABLE_REASONS, TABLE_CELLS };
#define LOGIN_COLUMNS 6
#define MOST_COLUMNS  (TABLE_CELLS + SCORE_ROWS_MOST_CELLS)
#define HEADER_BYTES  (1 << 16)

/* Ends each cell of a row in place, its quotes taken away (RFC 4180). How many there are, at most
 * `most`; 0: it is no row. */
static int split(char *row, char *cells[], int most)
{
    char *at = row;

    for (int count = 0; count < most; at++) {
        bool quoted = *at == '"';
        char *to = cells[count++] = quoted ? ++at : at;
        while (*at != '\0' && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"')
                break;
            *to++ = *at++;
        }
        char end = *at;
        *to = '\0';
        if (end == '\0')
            return count;
        if (end != ',')
            return 0;
    }
    return most;
}

static const char *text_or_null(const char *cell)
{
    return cell[0] != '\0' ? cell : NULL;
}

static void write_number(struct json_writer *json, const char *name, const char *cell)
{
    if (cell[0] != '\0')
        json_number(json, name, strtod(cell, NULL));
    else
        json_null(json, name);
}

static bool write_login(char *row, enum verdict at_least, struct json_writer *json)
{
    char *cells[LOGIN_COLUMNS + 1];
    enum verdict verdict;

    if (split(row, cells, LOGIN_COLUMNS + 1) != LOGIN_COLUMNS ||
        !verdict_from_name(cells[COLUMN_VERDICT], &verdict) || verdict < at_least)
        return false;
    json_object_begin(json, NULL);
    json_text(json, "time", cells[COLUMN_TIME]);
    json_text(json, "user", cells[COLUMN_USER]);
    json_text(json, "ip", text_or_null(cells[COLUMN_IP]));
    json_number(json, "risk", strtod(cells[COLUMN_RISK], NULL));
    json_text(json, "verdict", cells[COLUMN_VERDICT]);
    json_text(json, "reasons", cells[COLUMN_REASONS]);
    json_object_end(json);
    return true;
}

static void write_cells(struct json_writer *json, const char *name, char *const cells[], int count)
{
    json_array_begin(json, name);
    for (int i = TABLE_CELLS; i < count; i++)
        json_text(json, NULL, cells[i]);
    json_array_end(json);
}

static bool write_table_row(char *row, struct json_writer *json)
{
    char *cells[MOST_COLUMNS];
    int count = split(row, cells, MOST_COLUMNS);

    if (count < TABLE_CELLS)
        return false;
    json_object_begin(json, NULL);
    json_integer(json, "row", strtoll(cells[TABLE_ROW], NULL, 10));
    write_number(json, "score", cells[TABLE_SCORE]);
    write_number(json, "share_above", cells[TABLE_SHARE]);
    json_text(json, "reasons", cells[TABLE_REASONS]);
    write_cells(json, "cells", cells, count);
    json_object_end(json);
    return true;
}

/* False: it is none, or none that is asked for. */
static bool write_row(char *row, enum rows_kind kind, const struct rows_page *page,
                      struct json_writer *json)
{
    return kind == ROWS_OF_TABLE ? write_table_row(row, json)
                                 : write_login(row, page->at_least, json);
}

/* The end of the row that begins there, a line feed outside quotes; NULL: it is not there yet. */
static char *row_end(char *row, const char *end)
{
    bool quoted = false;

    for (char *at = row; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\n' && !quoted)
            return at;
    }
    return NULL;
}

/* The names of a table's cells, from the first row. */
static void write_names(int fd, char *bytes, struct json_writer *json)
{
    char *cells[MOST_COLUMNS], *end = NULL;
    ssize_t size = pread(fd, bytes, HEADER_BYTES, 0);
    int count = 0;

    if (size > 0)
        end = row_end(bytes, bytes + size);
    if (end != NULL) {
        *end = '\0';
        count = split(bytes, cells, MOST_COLUMNS);
    }
    write_cells(json, "columns", cells, count);
}

static void write_next(int fd, int64_t next, bool moved, struct json_writer *json)
{
    struct stat status;

    if (moved && fstat(fd, &status) == 0 && next < status.st_size)
        json_integer(json, "next", next);
    else
        json_null(json, "next");
}

bool score_rows_write(int fd, enum rows_kind kind, const struct rows_page *page,
                      struct json_writer *json, struct error *error)
{
    char *bytes = malloc(ANALYSIS_SCAN_BYTES), *row, *end;
    bool first = page->cursor == 0;
    int64_t left = page->limit;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    if (kind == ROWS_OF_TABLE)
        write_names(fd, bytes, json);
    ssize_t size = pread(fd, bytes, ANALYSIS_SCAN_BYTES, page->cursor);
    if (size < 0) {
        free(bytes);
        return error_set_errno(error, FAULT_STORE, errno, "scored rows cannot be read");
    }
    json_array_begin(json, "items");
    for (row = bytes; left > 0 && (end = row_end(row, bytes + size)) != NULL; row = end + 1) {
        *end = '\0';
        left -= !first && write_row(row, kind, page, json); /* the header is none */
        first = false;
    }
    json_array_end(json);
    write_next(fd, page->cursor + (row - bytes), row > bytes, json);
    free(bytes);
    return true;
}
