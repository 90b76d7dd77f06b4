/* What a model is, as JSON: what commands print and the dashboard answers. */
#ifndef STORE_MODEL_JSON_H
#define STORE_MODEL_JSON_H

#include "common/json_writer.h"
#include "scorer/risk_model.h"

/* Members of an open object. path: the file's, or a name for one that is no file. */
void model_json_members(struct json_writer *json, const struct risk_model *model, const char *path);

#endif
