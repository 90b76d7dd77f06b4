/*
 * The model that a login is scored with: a file's, of which what is read is checked when it is
 * read, or the embedded one.
 */
#ifndef CHECK_MODEL_H
#define CHECK_MODEL_H

#include "common/config.h"
#include "common/file_identity.h"
#include "scorer/risk_model.h"

#define MODEL_PATH_BYTES 1024

struct model {
    struct risk_model risk;
    struct risk_blocks blocks;
    void *bytes; /* a mapped file, or NULL */
    size_t size;
    char path[MODEL_PATH_BYTES];   /* where a file is looked for; empty: nowhere */
    struct file_identity identity; /* before it was opened */
};

/*
 * As the option model says: "builtin", "auto" (model.forest in the store, else the embedded one) or
 * a file. FAULT_MODEL on an error; nothing is to be closed then.
 */
bool model_open(struct model *model, const struct config *config, struct error *error) MUST_USE;

void model_close(struct model *model);

/* Whether opening it would still find the very file that is open, or none. */
bool model_is_current(const struct model *model, const struct config *config);

#endif
