#include "dashboard/score_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/analyses.h"
#include "scorer/policy.h"

enum column { COLUMN_TIME, COLUMN_USER, COLUMN_IP, COLUMN_RISK, COLUMN_VERDICT, COLUMN_REASONS };
#define COLUMNS 6

/* Ends each cell of a row in place, its quotes taken away (RFC 4180). False: not of six cells. */
static bool split(char *row, char *cells[COLUMNS])
{
    char *at = row;

    for (int i = 0; i < COLUMNS; i++) {
        bool quoted = *at == '"';
        char *to = cells[i] = quoted ? ++at : at;
        while (*at != '\0' && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"')
                break;
            *to++ = *at++;
        }
        char end = *at;
        *to = '\0';
        if (end != (i == COLUMNS - 1 ? '\0' : ','))
            return false;
        at++;
    }
    return true;
}

static void write_row(char *const cells[COLUMNS], struct json_writer *json)
{
    json_object_begin(json, NULL);
    json_text(json, "time", cells[COLUMN_TIME]);
    json_text(json, "user", cells[COLUMN_USER]);
    json_text(json, "ip", cells[COLUMN_IP][0] != '\0' ? cells[COLUMN_IP] : NULL);
    json_number(json, "risk", strtod(cells[COLUMN_RISK], NULL));
    json_text(json, "verdict", cells[COLUMN_VERDICT]);
    json_text(json, "reasons", cells[COLUMN_REASONS]);
    json_object_end(json);
}

static bool fits(char *const cells[COLUMNS], int at_least)
{
    enum verdict verdict;

    return verdict_from_name(cells[COLUMN_VERDICT], &verdict) && (int)verdict >= at_least;
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

bool score_rows_write(int fd, int64_t cursor, int at_least, int64_t limit, struct json_writer *json,
                      struct error *error)
{
    char *bytes = malloc(ANALYSIS_SCAN_BYTES), *cells[COLUMNS], *row, *end;
    bool first = cursor == 0;
    struct stat status;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    ssize_t size = pread(fd, bytes, ANALYSIS_SCAN_BYTES, cursor);
    if (size < 0) {
        free(bytes);
        return error_set_errno(error, FAULT_STORE, errno, "scored rows cannot be read");
    }
    json_array_begin(json, "items");
    for (row = bytes; limit > 0 && (end = row_end(row, bytes + size)) != NULL; row = end + 1) {
        *end = '\0';
        if (!first && split(row, cells) && fits(cells, at_least)) {
            write_row(cells, json);
            limit--;
        }
        first = false; /* the header */
    }
    json_array_end(json);
    if (row > bytes && fstat(fd, &status) == 0 && cursor + (row - bytes) < status.st_size)
        json_integer(json, "next", cursor + (row - bytes));
    else
        json_null(json, "next");
    free(bytes);
    return true;
}
