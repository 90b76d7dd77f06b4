#include "dashboard/score_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/csv.h"
#include "dashboard/csv_row.h"

enum column { COLUMN_TIME, COLUMN_USER, COLUMN_IP, COLUMN_RISK, COLUMN_VERDICT, COLUMN_REASONS };
#define COLUMNS 6

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

bool score_rows_read(int fd, int64_t *cursor, enum verdict at_least, size_t limit, bool *more,
                     scored_row_visitor *visit, void *context, struct error *error)
{
    char *bytes = malloc(SCORE_ROWS_SCAN_BYTES), *cells[COLUMNS + 1], *row, *end;
    bool header = *cursor == 0, wanted = true;
    struct stat status;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    ssize_t size = pread(fd, bytes, SCORE_ROWS_SCAN_BYTES, *cursor);
    if (size < 0 || fstat(fd, &status) != 0) {
        free(bytes);
        return error_set_errno(error, FAULT_STORE, errno, "scored rows cannot be read");
    }
    for (row = bytes; wanted && limit > 0 && (end = csv_row_end(row, bytes + size)) != NULL;
         row = end + 1) {
        *end = '\0';
        if (!header && csv_row_split(row, cells, COLUMNS + 1) == COLUMNS && fits(cells, at_least)) {
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
