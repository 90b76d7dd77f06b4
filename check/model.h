/* The model that a login is scored with: a file's forest, or the embedded one. */
#ifndef CHECK_MODEL_H
#define CHECK_MODEL_H

#include "common/config.h"
#include "scorer/forest.h"

struct model {
    struct forest forest;
    void *bytes; /* a mapped file, or NULL */
    size_t size;
};

/*
 * As the option model says: "builtin", "auto" (model.forest in the store, else the embedded one) or
 * a file. store_fd: the store's directory. FAULT_MODEL on an error; nothing is to be closed then.
 */
bool model_open(struct model *model, const struct config *config, int store_fd,
                struct error *error) MUST_USE;

void model_close(struct model *model);

#endif
