/* Where the parts of a model file are, by its header's counts. The scorer's own. */
#ifndef SCORER_RISK_LAYOUT_H
#define SCORER_RISK_LAYOUT_H

#include "scorer/risk_model.h"

struct risk_layout {
    uint64_t body; /* from the file's begin */
    uint64_t forest_nodes, isolation_nodes, forest_values, isolation_values,
        summary; /* the body's */
    uint64_t blocks, file_bytes;
};

struct risk_layout risk_layout_of(const struct risk_model_header *header);
uint64_t risk_header_checksum(const struct risk_model_header *header);

#endif
