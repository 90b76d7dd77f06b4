#include "trainer/table_row.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/csv_shown.h"

#define NAMES_WRITTEN 100
#define CELLS_WRITTEN 100 /* of a row as JSON */
#define LEAST_SHARE   0.005
#define LONG_SHARE    1000 /* of a logistic model's: they cancel each other out */
#define SHOWN_NAMES   200  /* bytes of a sentence */

static bool no_room(const char *path, struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the columns of %s", path);
}

/* ---- the header ----------------------------------------------------------------------------- */

static bool same_text(const struct csv_cell *cell, const char *text)
{
    return text != NULL && strlen(text) == cell->size && memcmp(cell->text, text, cell->size) == 0;
}

static bool place(struct table_match *match, const char *path, uint32_t *at, uint32_t cell,
                  struct error *error)
{
    char name[CSV_SHOWN_BYTES];

    if (*at != TABLE_ROW_NO_CELL)
        return error_set(error, FAULT_MODEL, "%s has two columns \"%s\"; their names must differ",
                         path, csv_shown(&match->names[cell], name));
    *at = cell;
    return true;
}

static bool find_columns(struct table_match *match, const char *path, struct error *error)
{
    const struct table_model *model = match->model;

    for (uint32_t cell = 0; cell < match->cell_count; cell++) {
        if (same_text(&match->names[cell], table_model_label(model)) &&
            !place(match, path, &match->label, cell, error))
            return false;
    }
    for (uint32_t c = 0; c < model->header->column_count; c++) {
        const char *name = table_model_column_name(model, c);
        match->cell_of[c] = TABLE_ROW_NO_CELL;
        for (uint32_t cell = 0; cell < match->cell_count; cell++) {
            if (same_text(&match->names[cell], name) &&
                !place(match, path, &match->cell_of[c], cell, error))
                return false;
        }
    }
    return true;
}

/* The model's first columns, for whoever has brought another table. */
static bool refuse_foreign(const struct table_match *match, const char *path, struct error *error)
{
    char names[SHOWN_NAMES] = "", name[CSV_SHOWN_BYTES];
    size_t used = 0;

    for (uint32_t c = 0; c < match->model->header->column_count && used < sizeof names - 80; c++) {
        const char *text = table_model_column_name(match->model, c);
        const struct csv_cell cell = {(char *)(uintptr_t)text, strlen(text), false};
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", c > 0 ? ", " : "",
                                 csv_shown(&cell, name));
    }
    return error_set(error, FAULT_MODEL,
                     "%s has none of the columns that the model learned from: %s", path, names);
}

bool table_match_init(struct table_match *match, const struct table_model *model, const char *path,
                      const char *header, size_t size, struct error *error)
{
    size_t most = 1;

    *match = (struct table_match){.model = model, .label = TABLE_ROW_NO_CELL};
    for (size_t i = 0; i < size; i++)
        most += header[i] == ',';
    if (most > TABLE_ROW_MOST_CELLS)
        return error_set(error, FAULT_MODEL, "%s has more than %d columns", path,
                         TABLE_ROW_MOST_CELLS);
    match->header = malloc(size + 1);
    match->names = calloc(most, sizeof *match->names);
    match->cell_of = calloc(model->header->column_count, sizeof *match->cell_of);
    bool done = match->header != NULL && match->names != NULL && match->cell_of != NULL;
    if (done) {
        memcpy(match->header, header, size);
        match->cell_count = (uint32_t)csv_split(match->header, size, match->names, most);
        done = find_columns(match, path, error) &&
               (table_match_missing(match) < model->header->column_count ||
                refuse_foreign(match, path, error));
    } else {
        no_room(path, error);
    }
    if (!done)
        table_match_finish(match);
    return done;
}

void table_match_finish(struct table_match *match)
{
    free(match->header);
    free(match->names);
    free(match->cell_of);
    *match = (struct table_match){.model = NULL};
}

unsigned table_match_missing(const struct table_match *match)
{
    unsigned missing = 0;
    for (uint32_t c = 0; c < match->model->header->column_count; c++)
        missing += match->cell_of[c] == TABLE_ROW_NO_CELL;
    return missing;
}

static bool is_used(const struct table_match *match, uint32_t cell)
{
    for (uint32_t c = 0; c < match->model->header->column_count; c++) {
        if (match->cell_of[c] == cell)
            return true;
    }
    return cell == match->label;
}

void table_match_write(struct json_writer *json, const struct table_match *match)
{
    unsigned written = 0;

    json_array_begin(json, "missing_columns");
    for (uint32_t c = 0; c < match->model->header->column_count && written < NAMES_WRITTEN; c++) {
        if (match->cell_of[c] != TABLE_ROW_NO_CELL)
            continue;
        json_text(json, NULL, table_model_column_name(match->model, c));
        written++;
    }
    json_array_end(json);
    written = 0;
    json_array_begin(json, "unknown_columns");
    for (uint32_t cell = 0; cell < match->cell_count && written < NAMES_WRITTEN; cell++) {
        if (is_used(match, cell))
            continue;
        json_text_bytes(json, NULL, match->names[cell].text, match->names[cell].size);
        written++;
    }
    json_array_end(json);
}

/* ---- a row ---------------------------------------------------------------------------------- */

bool table_row_create(struct table_row **row, const struct table_match *match, struct error *error)
{
    uint32_t columns = match->model->header->column_count;
    struct table_row *made = *row = calloc(1, sizeof *made);

    if (made == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for a row");
    made->match = match;
    made->cells = calloc(match->cell_count, sizeof *made->cells);
    made->values = calloc(columns, sizeof *made->values);
    made->shares = calloc(columns, sizeof *made->shares);
    if (made->cells != NULL && made->values != NULL && made->shares != NULL)
        return true;
    table_row_destroy(made);
    *row = NULL;
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for a row");
}

void table_row_destroy(struct table_row *row)
{
    if (row == NULL)
        return;
    free(row->record);
    free(row->cells);
    free(row->values);
    free(row->shares);
    free(row);
}

static float read_number(struct table_row *row, const struct csv_cell *cell)
{
    float value;

    if (csv_number(cell, &value) && !isinf(value))
        return value;
    row->unread_numbers++;
    return NAN;
}

static float read_word(struct table_row *row, uint32_t column, const struct csv_cell *cell)
{
    bool known;
    float value = table_model_word_value(row->match->model, column, cell->text, cell->size, &known);

    row->unknown_words += !known;
    return value;
}

static float read_cell(struct table_row *row, uint32_t column)
{
    const struct csv_cell *cell = &row->cells[row->match->cell_of[column]];

    if (cell->size == 0 || cell->torn)
        return NAN;
    switch ((enum table_column_kind)row->match->model->columns[column].kind) {
    case TABLE_NUMBERS:
        return read_number(row, cell);
    case TABLE_WORDS:
        return read_word(row, column, cell);
    default:
        return NAN;
    }
}

static int read_label(const struct table_row *row)
{
    const struct table_match *match = row->match;
    const struct table_model *model = match->model;

    if (match->label == TABLE_ROW_NO_CELL)
        return -1;
    for (int label = 0; label < 2; label++) {
        if (same_text(&row->cells[match->label], model->text + model->header->label_words[label]))
            return label;
    }
    return -1;
}

bool table_row_read(struct table_row *row, const char *record, size_t size)
{
    const struct table_match *match = row->match;

    if (size >= row->capacity) {
        char *wider = realloc(row->record, 2 * size + 1);
        if (wider == NULL)
            return false;
        row->record = wider;
        row->capacity = 2 * size + 1;
    }
    memcpy(row->record, record, size);
    row->found = (uint32_t)csv_split(row->record, size, row->cells, match->cell_count);
    row->unread_numbers = row->unknown_words = 0;
    row->label = -1;
    if (row->found != match->cell_count)
        return true;
    for (uint32_t c = 0; c < match->model->header->column_count; c++)
        row->values[c] = match->cell_of[c] == TABLE_ROW_NO_CELL ? NAN : read_cell(row, c);
    row->label = read_label(row);
    return true;
}

/* ---- reasons -------------------------------------------------------------------------------- */

unsigned table_row_reasons(struct table_row *row, struct table_reason *reasons)
{
    const struct table_model *model = row->match->model;
    unsigned count = 0;

    table_model_shares(model, row->values, &row->scratch, row->shares);
    for (uint32_t c = 0; c < model->header->column_count; c++) {
        struct table_reason reason = {c, row->shares[c]};
        unsigned at = count;
        if (!(reason.share >= LEAST_SHARE))
            continue;
        while (at > 0 && reasons[at - 1].share < reason.share)
            at--;
        if (at == TABLE_ROW_REASONS)
            continue;
        count += count < TABLE_ROW_REASONS;
        for (unsigned i = count - 1; i > at; i--)
            reasons[i] = reasons[i - 1];
        reasons[at] = reason;
    }
    return count;
}

/* NULL: the table has none there, or it is empty. */
static const struct csv_cell *cell_of(const struct table_row *row, uint32_t column)
{
    uint32_t at = row->match->cell_of[column];
    return at == TABLE_ROW_NO_CELL || row->cells[at].size == 0 ? NULL : &row->cells[at];
}

static size_t reason_text(const struct table_row *row, const struct table_reason *reason,
                          char *text, size_t capacity)
{
    const char *name = table_model_column_name(row->match->model, reason->column);
    const struct csv_cell named = {(char *)(uintptr_t)name, strlen(name), false};
    const struct csv_cell *cell = cell_of(row, reason->column);
    char shown_name[CSV_SHOWN_BYTES], shown[CSV_SHOWN_BYTES];
    int length =
        snprintf(text, capacity, reason->share < LONG_SHARE ? "%s%s%s (%.2f)" : "%s%s%s (%.3g)",
                 csv_shown(&named, shown_name), cell != NULL ? "=" : " missing",
                 cell != NULL ? csv_shown(cell, shown) : "", reason->share);

    return length < 0 ? 0 : (size_t)length < capacity ? (size_t)length : capacity - 1;
}

static void print_reasons(const struct table_row *row, const struct table_reason *reasons,
                          unsigned count, FILE *out)
{
    char text[TABLE_ROW_REASONS * (2 * CSV_SHOWN_BYTES + 32)] = "";
    size_t used = 0;

    for (unsigned i = 0; i < count; i++) {
        if (i > 0 && used + 2 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "; ");
        used += reason_text(row, &reasons[i], text + used, sizeof text - used);
    }
    const struct csv_cell cell = {text, used, false};
    csv_print_shown(out, &cell);
}

void table_row_print(struct table_row *row, uint64_t number, float score, double share, bool why,
                     FILE *out)
{
    struct table_reason reasons[TABLE_ROW_REASONS];

    fprintf(out, "%" PRIu64 ",%.9g,%.4g,", number, (double)score, share);
    if (why)
        print_reasons(row, reasons, table_row_reasons(row, reasons), out);
}

void table_row_write_reasons(struct json_writer *json, const struct table_row *row,
                             const struct table_reason *reasons, unsigned count)
{
    char shown[CSV_SHOWN_BYTES];

    json_array_begin(json, "reasons");
    for (unsigned i = 0; i < count; i++) {
        const struct csv_cell *cell = cell_of(row, reasons[i].column);
        json_object_begin(json, NULL);
        json_text(json, "column", table_model_column_name(row->match->model, reasons[i].column));
        json_text(json, "value", cell != NULL ? csv_shown(cell, shown) : NULL);
        json_number(json, "share", reasons[i].share);
        json_object_end(json);
    }
    json_array_end(json);
}

/* ---- cells ---------------------------------------------------------------------------------- */

static void write_cells(struct json_writer *json, const char *name, const struct csv_cell *cells,
                        uint32_t count)
{
    char shown[CSV_SHOWN_BYTES];

    json_array_begin(json, name);
    for (uint32_t i = 0; i < count && i < CELLS_WRITTEN; i++)
        json_text(json, NULL, csv_shown(&cells[i], shown));
    json_array_end(json);
}

void table_match_print_names(const struct table_match *match, FILE *out)
{
    for (uint32_t cell = 0; cell < match->cell_count; cell++) {
        fputc(',', out);
        csv_print_shown(out, &match->names[cell]);
    }
}

void table_match_write_names(struct json_writer *json, const struct table_match *match)
{
    write_cells(json, "columns", match->names, match->cell_count);
}

void table_row_print_cells(const struct table_row *row, FILE *out)
{
    for (uint32_t cell = 0; cell < row->match->cell_count; cell++) {
        fputc(',', out);
        csv_print_shown(out, &row->cells[cell]);
    }
}

void table_row_write_cells(struct json_writer *json, const struct table_row *row)
{
    write_cells(json, "cells", row->cells, row->match->cell_count);
}
