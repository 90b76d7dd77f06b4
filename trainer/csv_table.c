#include "trainer/csv_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/csv_labels.h"
#include "trainer/csv_lines.h"

#define FIRST_ROWS 4096
#define LEFT_OUT   UINT32_MAX
#define LABEL      (UINT32_MAX - 1)
#define SHOWN      60 /* bytes of a cell or a name in a sentence */

struct csv_reading {
    struct csv_lines lines;
    struct csv_table *table;
    const struct csv_table *like;
    const char *label;   /* or NULL */
    uint32_t most_words; /* of one column */
    uint32_t *place;     /* of each cell of a record: a column, LABEL or LEFT_OUT */
    struct csv_cell *cells;
    size_t cell_count;
    struct words label_words;
};

static bool no_room(const struct csv_reading *reading, struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "%s does not fit into memory",
                           reading->lines.path);
}

static bool bad_cell(const struct csv_reading *reading, const char *column,
                     const struct csv_cell *cell, const char *what, struct error *error)
{
    return error_set(error, FAULT_MODEL, "%s line %llu column \"%.*s\": \"%.*s\" %s",
                     reading->lines.path, (unsigned long long)reading->lines.line, SHOWN, column,
                     cell->size < SHOWN ? (int)cell->size : SHOWN, cell->text, what);
}

static bool same_name(const struct csv_cell *cell, const char *name)
{
    return strlen(name) == cell->size && memcmp(cell->text, name, cell->size) == 0;
}

static uint32_t find_column(const struct csv_table *table, const struct csv_cell *cell)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        if (same_name(cell, table->column[c].name))
            return c;
    }
    return LEFT_OUT;
}

static bool add_column(struct csv_reading *reading, const struct csv_cell *cell,
                       struct error *error)
{
    struct csv_table *table = reading->table;
    if (table->columns == TABLE_MOST_COLUMNS)
        return error_set(error, FAULT_MODEL, "%s has more than %d columns", reading->lines.path,
                         TABLE_MOST_COLUMNS);
    table->column[table->columns].name = strndup(cell->text, cell->size);
    return table->column[table->columns++].name != NULL || no_room(reading, error);
}

static bool copy_columns(struct csv_reading *reading, struct error *error)
{
    const struct csv_table *like = reading->like;
    for (unsigned c = 0; like != NULL && c < like->columns; c++) {
        const struct csv_cell name = {.text = like->column[c].name,
                                      .size = strlen(like->column[c].name)};
        if (!add_column(reading, &name, error))
            return false;
        reading->table->column[c].kind = like->column[c].kind;
    }
    return true;
}

static uint32_t place_of(const struct csv_reading *reading, const struct csv_cell *cell)
{
    bool is_label = reading->label != NULL && same_name(cell, reading->label);
    return is_label ? LABEL : find_column(reading->table, cell);
}

/* Each cell of the header finds its place; without a table to be like, every name is a column. */
static bool place_columns(struct csv_reading *reading, struct error *error)
{
    for (size_t i = 0; i < reading->cell_count; i++) {
        const struct csv_cell *cell = &reading->cells[i];
        if (cell->torn)
            return error_set(error, FAULT_MODEL,
                             "%s: the name of column %zu goes on behind its closing quote",
                             reading->lines.path, i + 1);
        uint32_t place = place_of(reading, cell);
        if (place == LEFT_OUT && reading->like == NULL) {
            place = reading->table->columns;
            if (!add_column(reading, cell, error))
                return false;
        }
        for (size_t before = 0; place != LEFT_OUT && before < i; before++) {
            if (reading->place[before] == place)
                return error_set(
                    error, FAULT_MODEL, "%s has two columns \"%.*s\"; their names must differ",
                    reading->lines.path, cell->size < SHOWN ? (int)cell->size : SHOWN, cell->text);
        }
        reading->place[i] = place;
    }
    return true;
}

static bool is_placed(const struct csv_reading *reading, uint32_t place)
{
    for (size_t i = 0; i < reading->cell_count; i++) {
        if (reading->place[i] == place)
            return true;
    }
    return false;
}

static bool check_places(const struct csv_reading *reading, struct error *error)
{
    const struct csv_table *table = reading->table;

    if (reading->label != NULL && !is_placed(reading, LABEL))
        return error_set(error, FAULT_MODEL, "%s has no column \"%s\" with the label%s",
                         reading->lines.path, reading->label,
                         reading->cell_count > 1 ? "" : "; commas must part its columns");
    for (unsigned c = 0; c < table->columns; c++) {
        if (!is_placed(reading, c))
            return error_set(error, FAULT_MODEL,
                             "%s lacks the column \"%s\" of the table that was learned from",
                             reading->lines.path, table->column[c].name);
    }
    return table->columns > 0 ||
           error_set(error, FAULT_MODEL, "%s has no column but the label", reading->lines.path);
}

static bool read_header(struct csv_reading *reading, struct error *error)
{
    char *text;
    size_t size;

    if (!csv_lines_next(&reading->lines, &text, &size, error))
        return false;
    if (text == NULL)
        return error_set(error, FAULT_MODEL, "%s is empty; it needs a header", reading->lines.path);
    size_t most = 1;
    for (size_t i = 0; i < size; i++)
        most += text[i] == ',';
    size_t columns = reading->like != NULL ? reading->like->columns : most;
    if (columns > TABLE_MOST_COLUMNS)
        columns = TABLE_MOST_COLUMNS;
    reading->cells = calloc(most, sizeof *reading->cells);
    reading->place = calloc(most, sizeof *reading->place);
    reading->table->column = calloc(columns, sizeof *reading->table->column);
    if (reading->cells == NULL || reading->place == NULL || reading->table->column == NULL)
        return no_room(reading, error);
    reading->cell_count = csv_split(text, size, reading->cells, most);
    return copy_columns(reading, error) && place_columns(reading, error) &&
           check_places(reading, error);
}

static bool make_room(struct csv_reading *reading, struct error *error)
{
    struct csv_table *table = reading->table;
    size_t capacity = table->capacity == 0 ? FIRST_ROWS : table->capacity + table->capacity / 2;

    if (table->rows < table->capacity)
        return true;
    if (reading->label != NULL) {
        uint8_t *labels = realloc(table->labels, capacity);
        if (labels == NULL)
            return no_room(reading, error);
        table->labels = labels;
    }
    for (unsigned c = 0; c < table->columns; c++) {
        float *values = reallocarray(table->column[c].values, capacity, sizeof *values);
        if (values == NULL)
            return no_room(reading, error);
        table->column[c].values = values;
    }
    table->capacity = capacity;
    return true;
}

static bool read_word(struct csv_reading *reading, unsigned c, const struct csv_cell *cell,
                      float *value, struct error *error)
{
    struct csv_column *column = &reading->table->column[c];
    struct words *words = &column->words;
    const struct words *known = reading->like != NULL ? &reading->like->column[c].words : words;
    bool is_full = words->count >= reading->most_words;
    uint32_t number = reading->like != NULL || is_full ? words_find(known, cell->text, cell->size)
                                                       : words_add(words, cell->text, cell->size);

    if (number != WORD_UNKNOWN) {
        *value = (float)number;
    } else if (reading->like != NULL) {
        *value = CSV_UNKNOWN_WORD;
    } else if (is_full && reading->most_words < WORDS_MOST) {
        *value = NAN;
        column->too_many_words = true;
    } else {
        return bad_cell(reading, column->name, cell, "is one different word too many", error);
    }
    return true;
}

/* NAN, however it is written, is a missing number and does not tell what the column holds. */
static bool read_number(struct csv_reading *reading, struct csv_column *column,
                        const struct csv_cell *cell, float *value, struct error *error)
{
    bool number = csv_number(cell, value);

    if (!number && column->kind == CSV_NUMBERS)
        return bad_cell(reading, column->name, cell, "is not a number, as others of it are", error);
    if (number && isinf(*value))
        return bad_cell(reading, column->name, cell,
                        "is no finite number; leave the cell empty where it is missing", error);
    if (!number || !isnan(*value))
        column->kind = number ? CSV_NUMBERS : CSV_WORDS;
    return true;
}

static bool read_cell(struct csv_reading *reading, unsigned c, const struct csv_cell *cell,
                      struct error *error)
{
    struct csv_column *column = &reading->table->column[c];
    bool was_empty = reading->like != NULL && reading->like->column[c].kind == CSV_UNDECIDED;
    float value = NAN;

    if (cell->size > 0 && !was_empty) {
        if (column->kind != CSV_WORDS && !read_number(reading, column, cell, &value, error))
            return false;
        if (column->kind == CSV_WORDS && !read_word(reading, c, cell, &value, error))
            return false;
    }
    column->values[reading->table->rows] = value;
    return true;
}

static bool read_label(struct csv_reading *reading, const struct csv_cell *cell,
                       struct error *error)
{
    uint32_t number = WORD_UNKNOWN;
    if (cell->size > 0)
        number = words_add(&reading->label_words, cell->text, cell->size);
    if (number >= 2)
        return bad_cell(reading, reading->label, cell,
                        cell->size == 0 ? "is no label; each row needs one"
                                        : "is a third label; there must be two, such as 0 and 1",
                        error);
    reading->table->labels[reading->table->rows] = (uint8_t)number;
    return true;
}

static bool read_placed(struct csv_reading *reading, uint32_t place, const struct csv_cell *cell,
                        struct error *error)
{
    if (place == LEFT_OUT)
        return true;
    if (cell->torn)
        return bad_cell(reading,
                        place == LABEL ? reading->label : reading->table->column[place].name, cell,
                        "is quoted and goes on behind the closing quote", error);
    return place == LABEL ? read_label(reading, cell, error)
                          : read_cell(reading, place, cell, error);
}

static bool read_row(struct csv_reading *reading, char *text, size_t size, struct error *error)
{
    size_t found = csv_split(text, size, reading->cells, reading->cell_count);

    if (found != reading->cell_count)
        return error_set(error, FAULT_MODEL, "%s line %llu has %zu cell%s, the header has %zu",
                         reading->lines.path, (unsigned long long)reading->lines.line, found,
                         found == 1 ? "" : "s", reading->cell_count);
    if (!make_room(reading, error))
        return false;
    for (size_t i = 0; i < found; i++) {
        if (!read_placed(reading, reading->place[i], &reading->cells[i], error))
            return false;
    }
    reading->table->rows++;
    return true;
}

static bool read_all(struct csv_reading *reading, struct error *error)
{
    char *text = NULL;
    size_t size = 0;

    if (!read_header(reading, error))
        return false;
    for (;;) {
        if (!csv_lines_next(&reading->lines, &text, &size, error))
            return false;
        if (text == NULL)
            break;
        if (!read_row(reading, text, size, error))
            return false;
    }
    if (reading->table->rows == 0)
        return error_set(error, FAULT_MODEL, "%s has a header and no rows", reading->lines.path);
    const struct csv_labels labels = {&reading->label_words, reading->label, reading->lines.path};
    return reading->label == NULL ||
           csv_labels_order(reading->table, &labels, reading->like, error);
}

bool csv_table_read(struct csv_table *table, const char *path, const struct csv_table_plan *plan,
                    struct error *error)
{
    struct csv_reading reading = {
        .table = table,
        .like = plan->like,
        .label = plan->label,
        .most_words = plan->most_words > 0 ? plan->most_words : WORDS_MOST,
    };

    *table = (struct csv_table){.rows = 0};
    if (!csv_lines_open(&reading.lines, path, error))
        return false;
    bool read = read_all(&reading, error);
    csv_lines_close(&reading.lines);
    words_finish(&reading.label_words);
    free(reading.place);
    free(reading.cells);
    if (!read)
        csv_table_finish(table);
    return read;
}

uint32_t *csv_column_word_counts(const struct csv_column *column, size_t rows)
{
    uint32_t *counts = calloc((size_t)column->words.count + 1, sizeof *counts);
    for (size_t row = 0; counts != NULL && row < rows; row++) {
        if (column->values[row] >= 0)
            counts[(uint32_t)column->values[row]]++;
    }
    return counts;
}

void csv_table_drop_values(struct csv_table *table)
{
    for (unsigned c = 0; c < table->columns; c++) {
        free(table->column[c].values);
        table->column[c].values = NULL;
    }
}

void csv_table_finish(struct csv_table *table)
{
    csv_table_drop_values(table);
    for (unsigned c = 0; c < table->columns; c++) {
        free(table->column[c].name);
        words_finish(&table->column[c].words);
    }
    free(table->column);
    free(table->labels);
    free(table->label_words[0]);
    free(table->label_words[1]);
    *table = (struct csv_table){.rows = 0};
}
