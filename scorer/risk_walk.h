/*
 * Walks through a model's trees: at full speed where all of it was checked; otherwise every block
 * is checked when it is first read, and every node before it is followed. The scorer's own.
 */
#ifndef SCORER_RISK_WALK_H
#define SCORER_RISK_WALK_H

#include "scorer/risk_model.h"

struct risk_sums {
    int64_t forest, isolation; /* trees_sum() */
};

/* False with a FAULT_MODEL sentence that names the block or node. */
bool risk_walk(const struct risk_model *model, const uint64_t *keys, struct risk_sums *sums,
               struct error *error) MUST_USE;

/* trees_attribute() of both. */
bool risk_walk_attribute(const struct risk_model *model, const uint64_t *keys, int64_t *forest,
                         int64_t *isolation, struct error *error) MUST_USE;

/* Whether a block of the body is what it was when the model was made. */
bool risk_block_check(const struct risk_model *model, size_t block, struct error *error) MUST_USE;

#endif
