#include "scorer/risk_model.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/model_head.h"
#include "scorer/risk_layout.h"
#include "scorer/risk_walk.h"

#define MOST_WEIGHT 1e6 /* of the stack, so that no sum of it overflows */
#define MOST_BASE   (INT64_C(1) << 42)

static_assert(sizeof(struct risk_model_header) == 272 + 4 * RISK_MODEL_QUANTILES,
              "struct risk_model_header has no padding");

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "the model file %s", why);
}

uint64_t risk_header_checksum(const struct risk_model_header *header)
{
    return model_head_checksum(header, sizeof *header);
}

/* ---- where things are ----------------------------------------------------------------------- */

struct risk_layout risk_layout_of(const struct risk_model_header *header)
{
    struct risk_layout layout;
    uint64_t body = 0;
    layout.forest_nodes = body;
    body += header->forest_nodes * sizeof(struct tree_node);
    layout.isolation_nodes = body;
    body += header->isolation_nodes * sizeof(struct tree_node);
    layout.forest_values = body;
    body += header->forest_nodes * sizeof(int32_t);
    layout.isolation_values = body;
    body += header->isolation_nodes * sizeof(int32_t);
    layout.summary = body;
    body += header->summary_bytes;
    layout.blocks = (body + RISK_MODEL_BLOCK - 1) / RISK_MODEL_BLOCK;
    uint64_t front = sizeof *header + layout.blocks * sizeof(uint32_t);
    layout.body = (front + RISK_MODEL_BLOCK - 1) / RISK_MODEL_BLOCK * RISK_MODEL_BLOCK;
    layout.file_bytes = layout.body + body;
    return layout;
}

static void find_parts(struct risk_model *model, const void *bytes)
{
    const struct risk_model_header *header = bytes;
    struct risk_layout layout = risk_layout_of(header);
    const char *body = (const char *)bytes + layout.body;

    model->header = header;
    model->checks = (const void *)(header + 1);
    model->body = body;
    model->forest = (struct forest){
        .kind = (enum forest_kind)header->forest_kind,
        .trees = {.nodes = (const void *)(body + layout.forest_nodes),
                  .values = (const void *)(body + layout.forest_values),
                  .node_count = header->forest_nodes,
                  .tree_count = header->forest_trees,
                  .column_count = FEATURE_COUNT},
        .bias = header->forest_bias,
    };
    model->isolation = (struct isolation_forest){
        .trees = {.nodes = (const void *)(body + layout.isolation_nodes),
                  .values = (const void *)(body + layout.isolation_values),
                  .node_count = header->isolation_nodes,
                  .tree_count = header->isolation_trees,
                  .column_count = FEATURE_COUNT},
        .sample_rows = header->isolation_sample,
    };
    model->summary = body + layout.summary;
    model->blocks = NULL;
}

/* ---- the header ----------------------------------------------------------------------------- */

static const struct model_format FORMAT = {
    .magic = RISK_MODEL_MAGIC,
    .version = RISK_MODEL_VERSION,
    .header_bytes = sizeof(struct risk_model_header),
    .foreign = "is not a model of pam_anomaly: train one with anomaly-trainer",
};

static bool check_features(const struct risk_model_header *header, struct error *error)
{
    return (header->feature_count == FEATURE_COUNT &&
            header->feature_hash == feature_table_hash()) ||
           refuse(error, "was trained for other features than this program's: train it again");
}

static bool check_counts(const struct risk_model_header *header, size_t size, struct error *error)
{
    const struct trees forest = {.node_count = header->forest_nodes,
                                 .tree_count = header->forest_trees,
                                 .column_count = FEATURE_COUNT};
    const struct trees isolation = {.node_count = header->isolation_nodes,
                                    .tree_count = header->isolation_trees,
                                    .column_count = FEATURE_COUNT};
    if (!trees_check_sizes(&forest, error) || !trees_check_sizes(&isolation, error))
        return false;
    if (header->forest_trees > RISK_MODEL_MOST_TREES ||
        header->isolation_trees > RISK_MODEL_MOST_TREES)
        return refuse(error, "has too many trees");
    if (header->forest_kind >= FOREST_KIND_COUNT)
        return refuse(error, "has a forest of an unknown kind");
    if (header->isolation_sample < 2 || header->isolation_sample > ISOLATION_MAX_SAMPLE)
        return refuse(error, "has isolation trees of a sample that cannot be");
    if (header->unused != 0 || risk_layout_of(header).file_bytes != size)
        return refuse(error, "holds another number of bytes than its header says");
    return true;
}

static bool is_share(float value)
{
    return value >= 0 && value <= 1;
}

static bool check_thresholds(const struct risk_model_header *header, struct error *error)
{
    for (unsigned i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct risk_threshold *threshold = &header->thresholds[i];
        if (!(threshold->risk >= 0 && threshold->risk <= RISK_NEVER))
            return refuse(error, "has thresholds that no risk can be compared with");
        if (!is_share(threshold->budget) || !is_share(threshold->lowest) ||
            !is_share(threshold->highest) || threshold->lowest > threshold->highest)
            return refuse(error, "has budgets that are not shares");
    }
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++) {
        const float *quantile = &header->legitimate_quantiles[i];
        if (!is_share(*quantile) || (i > 0 && *quantile < quantile[-1]))
            return refuse(error, "has quantiles of risk that are not shares in order");
    }
    return true;
}

static bool is_weight(double weight)
{
    return weight >= 0 && weight <= MOST_WEIGHT;
}

static bool check_facts(const struct risk_model_header *header, struct error *error)
{
    const struct risk_stack *stack = &header->stack;
    if (!is_weight(stack->forest) || !is_weight(stack->isolation) ||
        !is_weight(stack->likelihood) || !is_weight(fabs(stack->likelihood_mean)) ||
        !is_weight(fabs(stack->intercept)) || !is_weight(fabs(header->forest_bias)))
        return refuse(error, "stacks its parts by weights that are no sound numbers");
    if (header->forest_base < -MOST_BASE || header->forest_base > MOST_BASE ||
        header->isolation_base < 0 || header->isolation_base > MOST_BASE)
        return refuse(error, "has a base that its trees cannot have");
    if (header->trained_us < 0 || header->trained_us > LOGIN_TIME_MAX_US)
        return refuse(error, "has a time of training that cannot be");
    if (memchr(header->geo_type, '\0', sizeof header->geo_type) == NULL)
        return refuse(error, "has a name of its geolocation database that does not end");
    return true;
}

static bool open_header(struct risk_model *model, const void *bytes, size_t size,
                        struct error *error)
{
    const struct risk_model_header *header = bytes;

    if (size > RISK_MODEL_MOST_BYTES)
        return refuse(error, "is larger than any model");
    if (!model_head_check(&FORMAT, bytes, size, size, error) || !check_features(header, error) ||
        !check_counts(header, size, error) || !check_thresholds(header, error) ||
        !check_facts(header, error))
        return false;
    find_parts(model, bytes);
    return true;
}

bool risk_model_open(struct risk_model *model, const void *bytes, size_t size,
                     struct risk_blocks *blocks, struct error *error)
{
    struct risk_model found;
    if (!open_header(&found, bytes, size, error))
        return false;
    size_t block_count = (size_t)risk_layout_of(found.header).blocks;
    memset(blocks->sound, 0, (block_count / 64 + 1) * sizeof *blocks->sound);
    found.blocks = blocks;
    *model = found;
    return true;
}

/* ---- the body ------------------------------------------------------------------------------- */

static bool check_bases(const struct risk_model *model, struct error *error)
{
    if (trees_base(&model->forest.trees) != model->header->forest_base ||
        trees_base(&model->isolation.trees) != model->header->isolation_base)
        return refuse(error, "has a base that is not that of its trees");
    return true;
}

static bool check_summary(const struct risk_model *model, struct error *error)
{
    for (uint32_t i = 0; i < model->header->summary_bytes; i++) {
        unsigned char c = (unsigned char)model->summary[i];
        if (c < ' ' && c != '\n' && c != '\t')
            return refuse(error, "has control bytes in its summary");
    }
    return true;
}

static bool check_blocks(const struct risk_model *model, struct error *error)
{
    size_t block_count = (size_t)risk_layout_of(model->header).blocks;
    for (size_t block = 0; block < block_count; block++) {
        if (!risk_block_check(model, block, error))
            return false;
    }
    if (hash_bytes(model->checks, block_count * sizeof *model->checks) !=
        model->header->checks_checksum)
        return refuse(error, "is damaged: the checksum of its checksums does not match");
    return true;
}

bool risk_model_open_checked(struct risk_model *model, const void *bytes, size_t size,
                             struct error *error)
{
    struct risk_model found;
    if (!open_header(&found, bytes, size, error) || !check_blocks(&found, error) ||
        !trees_check(&found.forest.trees, forest_bounds(found.forest.kind), error) ||
        !trees_check(&found.isolation.trees, isolation_bounds(), error) ||
        !check_bases(&found, error) || !check_summary(&found, error))
        return false;
    *model = found;
    return true;
}

void risk_model_of_program(struct risk_model *model, const void *bytes)
{
    find_parts(model, bytes);
}
