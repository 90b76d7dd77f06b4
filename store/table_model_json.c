#include "store/table_model_json.h"

#include <inttypes.h>

static void write_columns(struct json_writer *json, const struct table_model *model)
{
    json_array_begin(json, "columns");
    for (uint32_t c = 0; c < model->header->column_count; c++) {
        const struct table_model_column *column = &model->columns[c];
        json_object_begin(json, NULL);
        json_text(json, "name", table_model_column_name(model, c));
        json_text(json, "kind", table_column_kind_name((enum table_column_kind)column->kind));
        if (column->kind == TABLE_WORDS)
            json_integer(json, "words", column->word_count);
        json_object_end(json);
    }
    json_array_end(json);
}

void table_model_json_members(struct json_writer *json, const struct table_model *model)
{
    const struct table_model_header *header = model->header;
    char checksum[20];

    snprintf(checksum, sizeof checksum, "%016" PRIx64, header->checksum);
    json_text(json, "learner", table_learner_name((enum table_learner_kind)header->learner));
    json_text(json, "checksum", checksum);
    json_integer(json, "bytes", (int64_t)header->file_bytes);
    json_time(json, "trained", header->trained_us);
    json_integer(json, "rows", (int64_t)header->trained_rows);
    write_columns(json, model);
    json_text(json, "label", table_model_label(model));
    json_text(json, "positive", table_model_positive(model));
    json_text(json, "measured_on",
              table_measured_on_name((enum table_measured_on)header->measured_on));
    json_number(json, "auc", header->auc);
    json_number(json, "average_precision", header->average_precision);
    json_integer(json, "trees", header->tree_count);
    json_integer(json, "nodes", header->node_count);
    json_integer(json, "terms", header->term_count);
}
