#include "scorer/risk_walk.h"

#include <assert.h>

#include "common/hash.h"
#include "scorer/risk_layout.h"
#include "scorer/tree_step.h"

#define CAREFUL_BATCH 20

static_assert((int)FEATURE_COUNT <= TREES_NARROW_COLUMNS, "the feature table is a narrow one");

/* ---- blocks ---------------------------------------------------------------------------------- */

uint32_t risk_block_hash(const void *bytes, size_t size)
{
    return (uint32_t)hash_bytes(bytes, size);
}

bool risk_block_check(const struct risk_model *model, size_t block, struct error *error)
{
    const char *begin = model->body + block * RISK_MODEL_BLOCK;
    size_t left = (size_t)((const char *)model->header + model->header->file_bytes - begin);
    size_t bytes = left < RISK_MODEL_BLOCK ? left : RISK_MODEL_BLOCK;
    if (risk_block_hash(begin, bytes) != model->checks[block])
        return error_set(error, FAULT_MODEL,
                         "the model file is damaged: the checksum of its block %zu does not match",
                         block);
    if (model->blocks != NULL)
        model->blocks->sound[block / 64] |= UINT64_C(1) << block % 64;
    return true;
}

TREE_ALWAYS_HERE bool is_readable(const struct risk_model *model, const void *at,
                                  struct error *error)
{
    size_t block = (size_t)((const char *)at - model->body) / RISK_MODEL_BLOCK;
    return (model->blocks->sound[block / 64] >> block % 64 & 1) != 0 ||
           risk_block_check(model, block, error);
}

/* ---- careful walks -------------------------------------------------------------------------- */

struct careful {
    const struct risk_model *model;
    const struct trees *trees;
    struct tree_bounds bounds;
    const uint64_t *keys;
    struct error *error;
};

static bool refuse_node(const struct careful *careful, uint32_t at, const char *why)
{
    return error_set(careful->error, FAULT_MODEL, "the model file's node %u %s", at, why);
}

/* Whether a walk may go on from node `at`, all of which is in *word then. */
TREE_ALWAYS_HERE bool read_node(const struct careful *careful, uint32_t at, uint64_t *word)
{
    const struct trees *trees = careful->trees;
    if (!is_readable(careful->model, &trees->nodes[at], careful->error))
        return false;
    *word = tree_word(&trees->nodes[at]);
    uint32_t slot = (uint32_t)*word & (TREES_NARROW_SLOTS - 1);
    uint32_t child = (uint32_t)*word >> TREE_NARROW_BITS, key = (uint32_t)(*word >> 32);
    bool has_children =
        (child > at) & (child >= trees->tree_count) & (child < trees->node_count - 1);
    bool asks = (slot < 2 * FEATURE_COUNT) & (key < TREE_INFINITE_KEY) & (key > ~TREE_INFINITE_KEY);
    bool is_leaf = (slot == TREE_LEAF_SLOT(TREE_NARROW_BITS)) & (child == at);
    if ((has_children & asks) | is_leaf)
        return true;
    const char *why = tree_unsound(trees, at, careful->bounds);
    return refuse_node(careful, at, why != NULL ? why : "leads astray");
}

/* A node and its check, which are far away in memory more often than not. */
TREE_ALWAYS_HERE void prefetch(const struct careful *careful, uint32_t at)
{
    const char *node = (const char *)&careful->trees->nodes[at];
    __builtin_prefetch(node);
    __builtin_prefetch(
        &careful->model->checks[(size_t)(node - careful->model->body) / RISK_MODEL_BLOCK]);
}

/* Down from a batch of roots; several side by side, so that their cache misses overlap. */
static bool find_leaves(const struct careful *careful, uint32_t at[CAREFUL_BATCH])
{
    for (unsigned level = 0; level <= RISK_MODEL_MOST_DEPTH; level++) {
        uint32_t moved = 0;
        for (unsigned i = 0; i < CAREFUL_BATCH; i++) {
            uint64_t word;
            if (!read_node(careful, at[i], &word))
                return false;
            uint32_t next = tree_step(word, careful->keys, TREE_NARROW_BITS);
            moved |= next ^ at[i];
            at[i] = next;
            prefetch(careful, next);
        }
        if (moved == 0)
            return true;
    }
    return refuse_node(careful, at[0], "lies too deep, or others of its level do");
}

static bool sum_leaves(const struct careful *careful, int64_t *sum)
{
    uint32_t count = careful->trees->tree_count, at[CAREFUL_BATCH];
    *sum = 0;
    for (uint32_t first = 0; first < count; first += CAREFUL_BATCH) {
        for (uint32_t i = 0; i < CAREFUL_BATCH; i++)
            at[i] = first + i < count ? first + i : first;
        if (!find_leaves(careful, at))
            return false;
        for (uint32_t i = 0; i < CAREFUL_BATCH && first + i < count; i++) {
            int32_t value = tree_leaf_value(careful->trees, at[i]);
            if (value < careful->bounds.least || value > careful->bounds.most)
                return refuse_node(careful, at[i], "has a value out of bounds");
            *sum += value;
        }
    }
    return true;
}

static bool value_sound(const struct careful *careful, uint32_t at)
{
    if (!is_readable(careful->model, &careful->trees->values[at], careful->error))
        return false;
    const char *why = tree_value_unsound(careful->trees, at, careful->bounds);
    return why == NULL || refuse_node(careful, at, why);
}

static bool attribute_tree(const struct careful *careful, uint32_t root, int64_t *contributions)
{
    int64_t before = 0;
    unsigned asked = 0;
    uint32_t at = root;
    for (unsigned level = 0; level <= RISK_MODEL_MOST_DEPTH; level++) {
        uint64_t word;
        if (!read_node(careful, at, &word) || !value_sound(careful, at))
            return false;
        int64_t value = careful->trees->values[at];
        contributions[asked] += level > 0 ? value - before : 0;
        uint32_t next = tree_step(word, careful->keys, TREE_NARROW_BITS);
        if (next == at)
            return true;
        before = value;
        asked = ((uint32_t)word & (TREES_NARROW_SLOTS - 1)) / 2;
        at = next;
    }
    return refuse_node(careful, at, "lies too deep");
}

static bool attribute(const struct careful *careful, int64_t *contributions)
{
    for (uint32_t tree = 0; tree < careful->trees->tree_count; tree++) {
        if (!attribute_tree(careful, tree, contributions))
            return false;
    }
    return true;
}

bool risk_walk(const struct risk_model *model, const uint64_t *keys, struct risk_sums *sums,
               struct error *error)
{
    const struct trees *forest = &model->forest.trees, *isolation = &model->isolation.trees;
    if (model->blocks == NULL) {
        *sums = (struct risk_sums){trees_sum(forest, keys), trees_sum(isolation, keys)};
        return true;
    }
    struct careful in_forest = {model, forest, forest_bounds(model->forest.kind), keys, error};
    struct careful in_isolation = {model, isolation, isolation_bounds(), keys, error};
    return sum_leaves(&in_forest, &sums->forest) && sum_leaves(&in_isolation, &sums->isolation);
}

bool risk_walk_attribute(const struct risk_model *model, const uint64_t *keys, int64_t *forest,
                         int64_t *isolation, struct error *error)
{
    struct careful in_forest = {model, &model->forest.trees, forest_bounds(model->forest.kind),
                                keys, error};
    struct careful in_isolation = {model, &model->isolation.trees, isolation_bounds(), keys, error};
    if (model->blocks != NULL)
        return attribute(&in_forest, forest) && attribute(&in_isolation, isolation);
    trees_attribute(&model->forest.trees, keys, forest);
    trees_attribute(&model->isolation.trees, keys, isolation);
    return true;
}
