#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/risk_layout.h"
#include "scorer/trees_build.h"

static bool fill_header(struct risk_model_header *header, const struct risk_model_facts *facts,
                        struct error *error)
{
    size_t summary_bytes = strlen(facts->summary);
    if (summary_bytes > RISK_MODEL_MOST_BYTES)
        return error_set(error, FAULT_MODEL, "the training summary is too long for a model");
    *header = (struct risk_model_header){
        .magic = RISK_MODEL_MAGIC,
        .version = RISK_MODEL_VERSION,
        .header_bytes = sizeof *header,
        .feature_hash = feature_table_hash(),
        .feature_count = FEATURE_COUNT,
        .forest_kind = facts->forest_kind,
        .forest_trees = facts->forest_trees,
        .isolation_trees = facts->isolation_trees,
        .isolation_sample = facts->isolation_sample,
        .summary_bytes = (uint32_t)summary_bytes,
        .forest_bias = facts->forest_bias,
        .stack = facts->stack,
        .trained_us = facts->trained_us,
        .geo_epoch = facts->geo_epoch,
    };
    memcpy(header->thresholds, facts->thresholds, sizeof header->thresholds);
    memcpy(header->geo_type, facts->geo_type, sizeof header->geo_type);
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++) {
        float quantile = facts->legitimate_quantiles[i];
        header->legitimate_quantiles[i] = quantile > 1 ? 1 : quantile;
    }
    return trees_count_nodes(facts->forest, facts->forest_trees, FEATURE_COUNT,
                             &header->forest_nodes, error) &&
           trees_count_nodes(facts->isolation, facts->isolation_trees, FEATURE_COUNT,
                             &header->isolation_nodes, error);
}

/* Children stand behind their parents: once through finds how deep each node lies. */
static bool check_depth(const struct trees *trees, struct error *error)
{
    uint8_t *depths = calloc(trees->node_count, 1);
    bool sound = depths != NULL;
    if (!sound)
        error_set_errno(error, FAULT_MODEL, ENOMEM, "no room to measure trees");
    for (uint32_t at = 0; sound && at < trees->node_count; at++) {
        if (tree_is_leaf(trees, at))
            continue;
        if (depths[at] == RISK_MODEL_MOST_DEPTH)
            sound = error_set(error, FAULT_MODEL,
                              "a model's trees are at most %d deep: grow them "
                              "less deep",
                              RISK_MODEL_MOST_DEPTH);
        uint32_t child = tree_child(trees, at);
        depths[child] = depths[child + 1] = (uint8_t)(depths[at] + 1);
    }
    free(depths);
    return sound;
}

static int64_t base_of(const int32_t *values, uint32_t tree_count)
{
    const struct trees trees = {.values = values, .tree_count = tree_count};
    return trees_base(&trees);
}

static bool fill_body(char *file, const struct risk_layout *layout,
                      const struct risk_model_facts *facts, struct error *error)
{
    struct risk_model_header *header = (void *)file;
    char *body = file + layout->body;
    int32_t *forest_values = (void *)(body + layout->forest_values);
    int32_t *isolation_values = (void *)(body + layout->isolation_values);

    if (!trees_lay_out(facts->forest, facts->forest_trees, FEATURE_COUNT,
                       (void *)(body + layout->forest_nodes), forest_values, error) ||
        !trees_lay_out(facts->isolation, facts->isolation_trees, FEATURE_COUNT,
                       (void *)(body + layout->isolation_nodes), isolation_values, error))
        return false;
    header->forest_base = base_of(forest_values, facts->forest_trees);
    header->isolation_base = base_of(isolation_values, facts->isolation_trees);
    memcpy(body + layout->summary, facts->summary, header->summary_bytes);
    return true;
}

static void seal(char *file, const struct risk_layout *layout)
{
    struct risk_model_header *header = (void *)file;
    uint32_t *checks = (void *)(header + 1);

    for (size_t block = 0; block < layout->blocks; block++) {
        size_t begin = (size_t)layout->body + block * RISK_MODEL_BLOCK;
        size_t left = (size_t)layout->file_bytes - begin;
        checks[block] =
            risk_block_hash(file + begin, left < RISK_MODEL_BLOCK ? left : RISK_MODEL_BLOCK);
    }
    header->checks_checksum = hash_bytes(checks, (size_t)layout->blocks * sizeof *checks);
    header->checksum = risk_header_checksum(header);
}

bool risk_model_build(const struct risk_model_facts *facts, void **bytes, size_t *size,
                      struct error *error)
{
    struct risk_model_header header;
    struct risk_model check;

    if (!fill_header(&header, facts, error))
        return false;
    struct risk_layout layout = risk_layout_of(&header);
    if (layout.file_bytes > RISK_MODEL_MOST_BYTES)
        return error_set(
            error, FAULT_MODEL,
            "a model of %llu bytes is larger than the %u that one can have: grow fewer "
            "or shallower trees",
            (unsigned long long)layout.file_bytes, RISK_MODEL_MOST_BYTES);
    header.file_bytes = layout.file_bytes;
    *size = (size_t)layout.file_bytes;
    char *file = calloc(1, *size);
    if (file == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for a model");
    memcpy(file, &header, sizeof header);
    bool built = fill_body(file, &layout, facts, error);
    if (built) {
        seal(file, &layout);
        built = risk_model_open_checked(&check, file, *size, error) &&
                check_depth(&check.forest.trees, error) &&
                check_depth(&check.isolation.trees, error);
    }
    if (built)
        *bytes = file;
    else
        free(file);
    return built;
}
