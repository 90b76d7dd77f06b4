/*
 * Models of tables that the administrator put into one directory, as NAME.model: those that a
 * viewer may have a table judged by. A name is up to 64 letters, digits, '.', '_' and '-', the
 * first of them no dot; what is called otherwise is not looked at.
 */
#ifndef DASHBOARD_TABLE_MODELS_H
#define DASHBOARD_TABLE_MODELS_H

#include "common/config.h"
#include "common/json_writer.h"

#define TABLE_MODELS_MOST       64 /* that are listed, by name */
#define TABLE_MODEL_NAME_BYTES  65
#define TABLE_MODELS_PATH_BYTES 1024

/* Members of an open object: "directory", a "message" where it cannot be read, and "items": of each
 * its name and what it is, or a message that says what is wrong with it. */
void table_models_write(const struct config *config, struct json_writer *json);

/*
 * The file of the model of that name. *found is false when there is none. False with a sentence
 * when it is no sound one; what scores in it is not looked at.
 */
bool table_models_find(const struct config *config, const char *name,
                       char path[TABLE_MODELS_PATH_BYTES], bool *found,
                       struct error *error) MUST_USE;

#endif
