/* What a table model is, as JSON: what commands print and the dashboard answers. */
#ifndef STORE_TABLE_MODEL_JSON_H
#define STORE_TABLE_MODEL_JSON_H

#include "common/json_writer.h"
#include "scorer/table_model.h"

/* Members of an open object; of the model only its front is read. */
void table_model_json_members(struct json_writer *json, const struct table_model *model);

#endif
