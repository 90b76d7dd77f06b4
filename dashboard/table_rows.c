#include "dashboard/table_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/csv.h"
#include "dashboard/csv_row.h"
#include "dashboard/dashboard.h"
#include "dashboard/list.h"
#include "dashboard/worker.h"

#define HEADER_BYTES (1 << 16)
#define CURSOR_MOST  (INT64_C(1) << 40)

enum column { COLUMN_ROW, COLUMN_SCORE, COLUMN_SHARE, COLUMN_REASONS, COLUMN_CELLS };
#define MOST_COLUMNS (COLUMN_CELLS + TABLE_ROWS_MOST_CELLS)

/* ---- a page --------------------------------------------------------------------------------- */

static void write_number(struct json_writer *json, const char *name, const char *cell)
{
    if (cell[0] != '\0')
        json_number(json, name, strtod(cell, NULL));
    else
        json_null(json, name);
}

static void write_cells(struct json_writer *json, const char *name, char *const cells[], int count)
{
    json_array_begin(json, name);
    for (int i = COLUMN_CELLS; i < count; i++)
        json_text(json, NULL, csv_unguarded(cells[i]));
    json_array_end(json);
}

static enum csv_row_use write_row(void *context, char *row)
{
    struct json_writer *json = context;
    char *cells[MOST_COLUMNS];
    int count = csv_row_split(row, cells, MOST_COLUMNS);

    if (count < COLUMN_CELLS)
        return CSV_ROW_LEFT_OUT;
    json_object_begin(json, NULL);
    json_integer(json, "row", strtoll(cells[COLUMN_ROW], NULL, 10));
    write_number(json, "score", cells[COLUMN_SCORE]);
    write_number(json, "share_above", cells[COLUMN_SHARE]);
    json_text(json, "reasons", csv_unguarded(cells[COLUMN_REASONS]));
    write_cells(json, "cells", cells, count);
    json_object_end(json);
    return CSV_ROW_TAKEN;
}

/* The names of a table's cells, from the first row. */
static bool write_names(int fd, struct json_writer *json, struct error *error)
{
    char *bytes = malloc(HEADER_BYTES), *cells[MOST_COLUMNS], *end = NULL;
    int count = 0;

    if (bytes == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read scored rows");
    ssize_t size = pread(fd, bytes, HEADER_BYTES, 0);
    if (size > 0)
        end = csv_row_end(bytes, bytes + size);
    if (end != NULL) {
        *end = '\0';
        count = csv_row_split(bytes, cells, MOST_COLUMNS);
    }
    write_cells(json, "columns", cells, count);
    free(bytes);
    return true;
}

bool table_rows_write(int fd, int64_t cursor, size_t limit, struct json_writer *json,
                      struct error *error)
{
    bool more;

    if (!write_names(fd, json, error))
        return false;
    json_array_begin(json, "items");
    if (!csv_rows_read(fd, &cursor, limit, &more, write_row, json, error))
        return false;
    json_array_end(json);
    if (more)
        json_integer(json, "next", cursor);
    else
        json_null(json, "next");
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

static ssize_t read_rows(void *context, char *bytes, size_t capacity)
{
    const int *fd = context;
    ssize_t size = read(*fd, bytes, capacity);

    return size < 0 ? REPLY_FAILED : size;
}

static void close_rows(void *context)
{
    int *fd = context;

    close(*fd);
    free(fd);
}

static bool send_file(int fd, struct reply *reply)
{
    int *kept = malloc(sizeof *kept);

    if (kept == NULL) {
        close(fd);
        return reply_refuse(reply, 503, "there is no memory to send the rows");
    }
    *kept = fd;
    reply->type = "text/csv; charset=utf-8";
    reply->file_name = "scored.csv";
    reply->produce = read_rows;
    reply->context = kept;
    reply->destroy = close_rows;
    return true;
}

bool answer_table_rows(struct worker *worker, const struct request *request, struct reply *reply,
                       struct error *error)
{
    const char *order = request_query(request, "order");
    const char *format = request_query(request, "format");
    bool worst = order != NULL && strcmp(order, "worst") == 0;
    int64_t limit, cursor;

    if (format != NULL && strcmp(format, "ecs") == 0)
        return reply_refuse(reply, 400, "rows of a table have no fields of ECS; take csv");
    if (!request_query_integer(request, "limit", 1, LIST_LIMIT_MOST, LIST_LIMIT, &limit, reply) ||
        !request_query_integer(request, "cursor", 0, CURSOR_MOST, 0, &cursor, reply))
        return true;
    int fd = analyses_open_rows(worker->dashboard->analyses, request->parameter, worst);
    if (fd < 0)
        return reply_not_found(reply, "finished analysis", request->parameter);
    if (format != NULL && strcmp(format, "csv") == 0)
        return send_file(fd, reply);
    json_object_begin(&reply->json, NULL);
    bool written = table_rows_write(fd, cursor, (size_t)limit, &reply->json, error);
    json_object_end(&reply->json);
    close(fd);
    return written;
}
