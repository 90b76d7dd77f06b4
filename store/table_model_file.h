/* Table models (scorer/table_model.h) in files. */
#ifndef STORE_TABLE_MODEL_FILE_H
#define STORE_TABLE_MODEL_FILE_H

#include "scorer/table_model.h"

struct table_model_file {
    struct table_model model;
    void *bytes;
};

/* Any file that can be read, all of it checked. */
bool table_model_file_read(struct table_model_file *file, const char *path,
                           struct error *error) MUST_USE;

/* The front of it alone, which scores nothing. fd: of a regular file; path: for sentences. */
bool table_model_file_look(struct table_model_file *file, int fd, const char *path,
                           struct error *error) MUST_USE;
void table_model_file_close(struct table_model_file *file);

/* Whether it begins as one; false also where it cannot be read. */
bool table_model_file_is(const char *path);

#endif
