#include "scorer/risk_walk.h"

#include <assert.h>

#include "common/hash.h"

#define VALUE_ONE     (INT32_C(1) << 24)
#define MOST_LOG_ODDS 64 /* of a boosted tree's leaf */
#define MOST_PATH     64 /* a sample of 2^16 rows gives 16 levels and a mean path of 22 */

static_assert(VALUE_ONE * TREES_VALUE_UNIT == 1, "a share of 1 in units");
static_assert(2 * TREES_NARROW_COLUMNS + 1 <= RISK_KEYS, "keys of a narrow table");
static_assert((int)FEATURE_COUNT <= TREES_NARROW_COLUMNS, "the feature table is a narrow one");

struct tree_bounds risk_forest_bounds(const struct risk_model *model)
{
    if (model->forest.kind == FOREST_BAGGED)
        return (struct tree_bounds){0, VALUE_ONE};
    return (struct tree_bounds){-MOST_LOG_ODDS * VALUE_ONE, MOST_LOG_ODDS * VALUE_ONE};
}

struct tree_bounds risk_isolation_bounds(void)
{
    return (struct tree_bounds){0, MOST_PATH * VALUE_ONE};
}

/* ---- pages ---------------------------------------------------------------------------------- */

bool risk_page_check(const struct risk_model *model, size_t page, struct error *error)
{
    const char *begin = model->body + page * RISK_MODEL_PAGE;
    size_t left = (size_t)((const char *)model->header + model->header->file_bytes - begin);
    size_t bytes = left < RISK_MODEL_PAGE ? left : RISK_MODEL_PAGE;
    if (hash_bytes(begin, bytes) != model->page_hashes[page])
        return error_set(error, FAULT_MODEL,
                         "the model file is damaged: the checksum of its page %zu does not match",
                         page);
    if (model->pages != NULL)
        model->pages->sound[page / 64] |= UINT64_C(1) << page % 64;
    return true;
}

static inline bool is_readable(const struct risk_model *model, const void *at, struct error *error)
{
    size_t page = (size_t)((const char *)at - model->body) / RISK_MODEL_PAGE;
    return (model->pages->sound[page / 64] >> page % 64 & 1) != 0 ||
           risk_page_check(model, page, error);
}

/* ---- careful walks -------------------------------------------------------------------------- */

struct careful {
    const struct risk_model *model;
    const struct trees *trees;
    struct tree_bounds bounds;
    const uint64_t *keys;
    struct error *error;
};

static bool node_sound(const struct careful *careful, uint32_t at)
{
    if (!is_readable(careful->model, &careful->trees->nodes[at], careful->error))
        return false;
    const char *why = tree_unsound(careful->trees, at, careful->bounds);
    return why == NULL ||
           error_set(careful->error, FAULT_MODEL, "the model file's node %u %s", at, why);
}

static bool value_sound(const struct careful *careful, uint32_t at)
{
    if (!is_readable(careful->model, &careful->trees->values[at], careful->error))
        return false;
    const char *why = tree_value_unsound(careful->trees, at, careful->bounds);
    return why == NULL ||
           error_set(careful->error, FAULT_MODEL, "the model file's node %u %s", at, why);
}

static bool sum_leaves(const struct careful *careful, int64_t *sum)
{
    *sum = 0;
    for (uint32_t tree = 0; tree < careful->trees->tree_count; tree++) {
        uint32_t at = tree;
        if (!node_sound(careful, at))
            return false;
        while (!tree_is_leaf(careful->trees, at)) {
            at = tree_next(careful->trees, at, careful->keys);
            if (!node_sound(careful, at))
                return false;
        }
        *sum += tree_leaf_value(careful->trees, at);
    }
    return true;
}

static bool attribute(const struct careful *careful, int64_t *contributions)
{
    for (uint32_t tree = 0; tree < careful->trees->tree_count; tree++) {
        uint32_t at = tree;
        bool sound = node_sound(careful, at) && value_sound(careful, at);
        while (sound && !tree_is_leaf(careful->trees, at)) {
            uint32_t next = tree_next(careful->trees, at, careful->keys);
            sound = node_sound(careful, next) && value_sound(careful, next);
            if (sound)
                contributions[tree_column(careful->trees, at)] +=
                    (int64_t)careful->trees->values[next] - careful->trees->values[at];
            at = next;
        }
        if (!sound)
            return false;
    }
    return true;
}

bool risk_walk(const struct risk_model *model, const uint64_t *keys, struct risk_sums *sums,
               struct error *error)
{
    const struct trees *forest = &model->forest.trees, *isolation = &model->isolation.trees;
    if (model->pages == NULL) {
        *sums = (struct risk_sums){trees_sum(forest, keys), trees_sum(isolation, keys)};
        return true;
    }
    struct careful in_forest = {model, forest, risk_forest_bounds(model), keys, error};
    struct careful in_isolation = {model, isolation, risk_isolation_bounds(), keys, error};
    return sum_leaves(&in_forest, &sums->forest) && sum_leaves(&in_isolation, &sums->isolation);
}

bool risk_walk_attribute(const struct risk_model *model, const uint64_t *keys, int64_t *forest,
                         int64_t *isolation, struct error *error)
{
    struct careful in_forest = {model, &model->forest.trees, risk_forest_bounds(model), keys,
                                error};
    struct careful in_isolation = {model, &model->isolation.trees, risk_isolation_bounds(), keys,
                                   error};
    if (model->pages != NULL)
        return attribute(&in_forest, forest) && attribute(&in_isolation, isolation);
    trees_attribute(&model->forest.trees, keys, forest);
    trees_attribute(&model->isolation.trees, keys, isolation);
    return true;
}
