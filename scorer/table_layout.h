/* Where the parts of a table model file are, by its header's counts. The scorer's own. */
#ifndef SCORER_TABLE_LAYOUT_H
#define SCORER_TABLE_LAYOUT_H

#include "scorer/table_model.h"

/* From the file's begin. */
struct table_layout {
    uint64_t columns, words, terms, steps, text, front_bytes;
    uint64_t nodes, values, file_bytes;
};

/* Counts must be within their limits. */
struct table_layout table_layout_of(const struct table_model_header *header);

#endif
