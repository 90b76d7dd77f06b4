/* Tables of logins: a header that names the columns, then a login in each row. */
#include <stdio.h>
#include <string.h>

#include "trainer/csv_columns.h"
#include "trainer/csv_lines.h"

#define MOST_COLUMNS        256
#define LEFT_OUT_SHOWN      4
#define LEFT_OUT_NAME_BYTES 20

struct csv_file {
    struct import_reading *reading;
    const struct csv_column *columns;
    const char *service; /* of all logins, "" where a column may tell */
    struct csv_lines lines;
    size_t count;                              /* of cells in a row */
    const struct csv_column *at[MOST_COLUMNS]; /* NULL: left out */
    struct zone_clock zone;
    bool zone_missing, success_missing;
    size_t left_out_count;
    char left_out[LEFT_OUT_SHOWN * (LEFT_OUT_NAME_BYTES + 2) + 32];
};

static const char *end_cell(struct csv_cell *cell)
{
    cell->text[cell->size] = '\0';
    return cell->text;
}

static void add_note(struct import_reading *reading, const char *text, const char *name)
{
    size_t used = strlen(reading->note);

    snprintf(reading->note + used, sizeof reading->note - used, "%s%s%s", used > 0 ? "; " : "",
             text, name);
}

/* The first of them by name. */
static void leave_out(struct csv_file *file, const char *name)
{
    size_t used = strlen(file->left_out);

    if (file->left_out_count++ < LEFT_OUT_SHOWN)
        snprintf(file->left_out + used, sizeof file->left_out - used, "%s%.*s",
                 used > 0 ? ", " : "", LEFT_OUT_NAME_BYTES, name);
}

/* What changes the logins' meaning first, in case not all of it fits. */
static void note_what_was_assumed(struct csv_file *file)
{
    struct import_reading *reading = file->reading;
    char others[32] = "";

    if (file->zone_missing)
        add_note(reading, "times without a zone are taken for ",
                 reading->utc ? "UTC" : "the local zone's (--utc)");
    if (file->success_missing)
        add_note(reading, "without a column \"success\" all logins are successful", "");
    if (file->left_out_count > LEFT_OUT_SHOWN)
        snprintf(others, sizeof others, " and %zu more", file->left_out_count - LEFT_OUT_SHOWN);
    strcat(file->left_out, others);
    if (file->left_out_count > 0)
        add_note(reading, "columns left out: ", file->left_out);
}

static bool is_there(const struct csv_file *file, const struct csv_column *column)
{
    for (size_t i = 0; i < file->count; i++) {
        if (file->at[i] == column)
            return true;
    }
    return false;
}

static bool find_column(struct csv_file *file, size_t at, const char *name, struct error *error)
{
    const struct csv_column *column = file->columns;

    while (column->name != NULL && strcmp(column->name, name) != 0)
        column++;
    if (column->name == NULL) {
        leave_out(file, name);
        return true;
    }
    if (is_there(file, column))
        return error_set(error, FAULT_STORE, "%s has the column \"%s\" twice",
                         file->reading->input->name, name);
    file->at[at] = column;
    return true;
}

static bool read_header(struct csv_file *file, struct error *error)
{
    struct csv_cell cells[MOST_COLUMNS];
    const char *name = file->reading->input->name;
    char *text = NULL;
    size_t size = 0;

    if (!csv_lines_next(&file->lines, &text, &size, error))
        return false;
    if (text == NULL)
        return error_set(error, FAULT_STORE,
                         "%s is empty: a header with the columns' names is "
                         "its first line",
                         name);
    size_t count = csv_split(text, size, cells, MOST_COLUMNS);
    if (count > MOST_COLUMNS)
        return error_set(error, FAULT_STORE, "%s has %zu columns; at most %d are read", name, count,
                         MOST_COLUMNS);
    for (size_t i = 0; i < count; i++, file->count++) {
        if (!find_column(file, i, end_cell(&cells[i]), error))
            return false;
    }
    for (const struct csv_column *column = file->columns; column->name != NULL; column++) {
        if (column->needed && !is_there(file, column))
            return error_set(error, FAULT_STORE,
                             "%s has no column \"%s\", so it is not of this format", name,
                             column->name);
        file->success_missing |= csv_column_tells_success(column) && !is_there(file, column);
    }
    return true;
}

static bool take_cells(const struct csv_file *file, struct csv_cell *cells, struct csv_row *row)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct csv_column *column = file->at[i];
        if (column == NULL || column->take == NULL || cells[i].size == 0)
            continue;
        if (!column->take(row, end_cell(&cells[i])))
            return false;
    }
    if (row->login.record.event.user[0] == '\0')
        return csv_row_refuse(row, SKIPPED_NO_USER);
    if (row->login.record.event.time_us < 0)
        return csv_row_refuse(row, SKIPPED_NO_TIME);
    if (row->success == NOT_TOLD && !file->success_missing)
        return csv_row_refuse(row, SKIPPED_BAD_VALUE);
    if (file->success_missing)
        row->success = TOLD_YES;
    return true;
}

static bool is_torn(const struct csv_file *file, const struct csv_cell *cells)
{
    for (size_t i = 0; i < file->count; i++) {
        if (cells[i].torn)
            return true;
    }
    return false;
}

static bool on_row(struct csv_file *file, char *text, size_t size, struct error *error)
{
    struct csv_cell cells[MOST_COLUMNS];
    struct csv_row row;
    char shown[UNREAD_TEXT_BYTES];

    import_take_text(shown, sizeof shown, text, size);
    csv_row_init(&row, file->service, &file->zone);
    if (csv_split(text, size, cells, MOST_COLUMNS) != file->count || is_torn(file, cells) ||
        !take_cells(file, cells, &row)) {
        import_skip(&file->reading->counts, row.problem, (int64_t)file->lines.line, shown,
                    strlen(shown));
        return true;
    }
    file->zone_missing |= row.zone_missing;
    csv_row_complete(&row);
    return import_hand_out(file->reading, &row.login, error);
}

static bool read_rows(struct csv_file *file, struct error *error)
{
    char *text = NULL;
    size_t size = 0;

    for (;;) {
        if (!csv_lines_next(&file->lines, &text, &size, error))
            return false;
        if (text == NULL)
            return true;
        import_count_line(file->reading);
        if (!on_row(file, text, size, error))
            return false;
    }
}

static bool import_table(struct import_reading *reading, const struct csv_column *columns,
                         const char *service, struct error *error)
{
    struct csv_file file = {
        .reading = reading, .columns = columns, .service = service, .zone = {.utc = reading->utc}};

    if (!csv_lines_over(&file.lines, reading->input, error))
        return false;
    bool done = read_header(&file, error) && read_rows(&file, error);
    note_what_was_assumed(&file);
    csv_lines_close(&file.lines);
    return done;
}

bool import_csv(struct import_reading *reading, struct error *error)
{
    return import_table(reading, CSV_COLUMNS, "", error);
}

bool import_rba(struct import_reading *reading, struct error *error)
{
    return import_table(reading, RBA_COLUMNS, "web", error);
}

bool import_cloud(struct import_reading *reading, struct error *error)
{
    return import_table(reading, CLOUD_COLUMNS, "cloud", error);
}
