#include "dashboard/score_rows.h"

#include <stdlib.h>

#include "common/csv.h"
#include "dashboard/csv_row.h"

enum column { COLUMN_TIME, COLUMN_USER, COLUMN_IP, COLUMN_RISK, COLUMN_VERDICT, COLUMN_REASONS };
#define COLUMNS 6

struct reading {
    enum verdict at_least;
    scored_row_visitor *visit;
    void *context;
};

static bool visit_cells(const struct reading *reading, char *const cells[COLUMNS])
{
    struct scored_row row = {.time = cells[COLUMN_TIME],
                             .user = csv_unguarded(cells[COLUMN_USER]),
                             .ip = cells[COLUMN_IP],
                             .risk = strtod(cells[COLUMN_RISK], NULL),
                             .verdict = cells[COLUMN_VERDICT],
                             .reasons = cells[COLUMN_REASONS]};

    return reading->visit(reading->context, &row);
}

static bool fits(char *const cells[COLUMNS], enum verdict at_least)
{
    enum verdict verdict;

    return verdict_from_name(cells[COLUMN_VERDICT], &verdict) && verdict >= at_least;
}

static enum csv_row_use read_row(void *context, char *row)
{
    const struct reading *reading = context;
    char *cells[COLUMNS + 1];

    if (csv_row_split(row, cells, COLUMNS + 1) != COLUMNS || !fits(cells, reading->at_least))
        return CSV_ROW_LEFT_OUT;
    return visit_cells(reading, cells) ? CSV_ROW_TAKEN : CSV_ROW_LAST;
}

bool score_rows_read(int fd, int64_t *cursor, enum verdict at_least, size_t limit, bool *more,
                     scored_row_visitor *visit, void *context, struct error *error)
{
    struct reading reading = {at_least, visit, context};

    return csv_rows_read(fd, cursor, limit, more, read_row, &reading, error);
}
