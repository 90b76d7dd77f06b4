#include "dashboard/score_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/csv.h"

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

static bool visit_row(char *const cells[COLUMNS], scored_row_visitor *visit, void *context)
{
    struct scored_row row = {.time = cells[COLUMN_TIME],
                             .user = csv_unguarded(cells[COLUMN_USER]),
                             .ip = cells[COLUMN_IP],
                             .risk = strtod(cells[COLUMN_RISK], NULL),
                             .verdict = cells[COLUMN_VERDICT],
                             .reasons = cells[COLUMN_REASONS]};

    return visit(context, &row);
}

static bool fits(char *const cells[COLUMNS], enum verdict at_least)
{
    enum verdict verdict;

    return verdict_from_name(cells[COLUMN_VERDICT], &verdict) && verdict >= at_least;
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

bool score_rows_read(int fd, int64_t *cursor, enum verdict at_least, size_t limit, bool *more,
                     scored_row_visitor *visit, void *context, struct error *error)
{
    char *bytes = malloc(SCORE_ROWS_SCAN_BYTES), *cells[COLUMNS], *row, *end;
    bool header = *cursor == 0, wanted = true;
    struct stat status;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    ssize_t size = pread(fd, bytes, SCORE_ROWS_SCAN_BYTES, *cursor);
    if (size < 0 || fstat(fd, &status) != 0) {
        free(bytes);
        return error_set_errno(error, FAULT_STORE, errno, "scored rows cannot be read");
    }
    for (row = bytes; wanted && limit > 0 && (end = row_end(row, bytes + size)) != NULL;
         row = end + 1) {
        *end = '\0';
        if (!header && split(row, cells) && fits(cells, at_least)) {
            wanted = visit_row(cells, visit, context);
            limit--;
        }
        header = false;
    }
    *cursor += row - bytes;
    *more = row > bytes && *cursor < status.st_size;
    free(bytes);
    return true;
}
