/* What a table model is, for people and for programs. */
#ifndef TRAINER_TABLE_MODEL_PRINT_H
#define TRAINER_TABLE_MODEL_PRINT_H

#include "scorer/table_model.h"

bool table_model_print(const struct table_model *model, const char *path, bool utc,
                       struct error *error) MUST_USE;
bool table_model_print_json(const struct table_model *model, const char *path,
                            struct error *error) MUST_USE;

#endif
