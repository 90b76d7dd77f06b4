#include "trainer/table_model_print.h"

#include <inttypes.h>
#include <math.h>

#include "common/clock.h"
#include "common/text_table.h"
#include "store/table_model_json.h"

bool table_model_print_json(const struct table_model *model, const char *path, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_text(&json, "model", path);
    json_text(&json, "kind", "table");
    json_bool(&json, "sound", true);
    table_model_json_members(&json, model);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static void show_learner(struct text_table *table, const struct table_model_header *header)
{
    const char *name = table_learner_name((enum table_learner_kind)header->learner);

    text_table_cell(table, "learner");
    if (header->learner == TABLE_LOGISTIC)
        text_table_cell(table, "%s: %" PRIu32 " terms", name, header->term_count);
    else
        text_table_cell(table, "%s: %" PRIu32 " trees, %" PRIu32 " nodes", name, header->tree_count,
                        header->node_count);
    text_table_cell(table, "size");
    text_table_cell(table, "%" PRIu64 " bytes", header->file_bytes);
}

static void show_label(struct text_table *table, const struct table_model *model)
{
    const char *label = table_model_label(model);

    text_table_cell(table, "label");
    if (label == NULL)
        text_table_cell(table, "none");
    else
        text_table_cell(table, "anomalies are those with %s \"%s\"", label,
                        table_model_positive(model));
}

static void show_measure(struct text_table *table, const struct table_model_header *header)
{
    static const char *const ON[] = {
        [TABLE_OUT_OF_BAG] = "each row by the trees that have not seen it",
        [TABLE_TRAIN] = "the rows that it learned from",
        [TABLE_TEST] = "other rows",
    };

    if (header->measured_on == TABLE_MEASURED_NOT)
        return;
    text_table_cell(table, "measured on");
    text_table_cell(table, "%s", ON[header->measured_on]);
    text_table_cell(table, "AUC");
    text_table_cell(table, "%.4f, average precision %.4f", header->auc, header->average_precision);
}

static bool print_table(struct text_table *table, struct error *error)
{
    bool printed = text_table_print(table, false, stdout, error);
    text_table_finish(table);
    return printed;
}

bool table_model_print(const struct table_model *model, const char *path, bool utc,
                       struct error *error)
{
    const struct table_model_header *header = model->header;
    char time[CLOCK_TEXT_BYTES];
    struct text_table table;

    text_table_init(&table, "ll");
    text_table_cell(&table, "model");
    text_table_cell(&table, "%s, of a table", path);
    text_table_cell(&table, "trained");
    text_table_cell(&table, "%s, on %" PRIu64 " rows", clock_format(header->trained_us, utc, time),
                    header->trained_rows);
    show_learner(&table, header);
    show_label(&table, model);
    show_measure(&table, header);
    if (!print_table(&table, error))
        return false;
    putchar('\n');
    text_table_init(&table, "llr");
    text_table_cell(&table, "column");
    text_table_cell(&table, "holds");
    text_table_cell(&table, "words");
    for (uint32_t c = 0; c < header->column_count; c++) {
        const struct table_model_column *column = &model->columns[c];
        text_table_cell(&table, "%s", table_model_column_name(model, c));
        text_table_cell(&table, "%s", table_column_kind_name((enum table_column_kind)column->kind));
        if (column->kind == TABLE_WORDS)
            text_table_cell(&table, "%" PRIu32, column->word_count);
        else
            text_table_cell(&table, "-");
    }
    return print_table(&table, error);
}
