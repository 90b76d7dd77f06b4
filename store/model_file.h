/* A whole model in memory, all of it checked: for those who score often, or show it. */
#ifndef STORE_MODEL_FILE_H
#define STORE_MODEL_FILE_H

#include "common/config.h"
#include "scorer/risk_model.h"

struct model_file {
    struct risk_model risk;
    void *bytes;                      /* NULL for the built-in model */
    char path[2 * CONFIG_TEXT_BYTES]; /* "built-in" likewise */
};

/* The file that the configuration names, checked as the login checks it; owner: the store's. */
bool model_file_open(struct model_file *model, const struct config *config,
                     struct error *error) MUST_USE;

/* Any file that can be read, whoever's it is: one that was named on the command line. */
bool model_file_read(struct model_file *model, const char *path, struct error *error) MUST_USE;
void model_file_close(struct model_file *model);

#endif
