/* A model file: refused with a sentence, when it is opened or when it is read, or safe to score
 * with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/risk.h"
#include "scorer/risk_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODE_BYTES (sizeof(struct tree_node) + sizeof(int32_t))

/* Counts that make a body of that size, so that what lies behind the frame is reached, too. */
static void fit_counts(struct risk_model_header *header, size_t body_bytes)
{
    uint32_t nodes = (uint32_t)(body_bytes / NODE_BYTES);
    header->forest_kind %= FOREST_KIND_COUNT;
    header->forest_nodes = nodes - nodes / 4;
    header->isolation_nodes = nodes / 4;
    header->forest_trees = 1 + header->forest_trees % 4;
    header->isolation_trees = 1 + header->isolation_trees % 2;
    header->isolation_sample = 2 + header->isolation_sample % 1000;
    header->summary_bytes = (uint32_t)(body_bytes % NODE_BYTES);
    header->unused = 0;
}

/* Zeros become leaves of value 0: what the fuzzer changes are sound trees. */
static void mix_with_leaves(char *at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tree_node node;
        memcpy(&node, at + i * sizeof node, sizeof node);
        node.link ^= tree_leaf_link(FEATURE_COUNT, i);
        node.key ^= tree_leaf_key(0);
        memcpy(at + i * sizeof node, &node, sizeof node);
    }
}

static void seal(struct risk_model_header *header, const struct risk_layout *layout)
{
    uint32_t *checks = (void *)(header + 1);
    memcpy(header->magic, RISK_MODEL_MAGIC, sizeof header->magic);
    header->version = RISK_MODEL_VERSION;
    header->header_bytes = sizeof *header;
    header->file_bytes = layout->file_bytes;
    header->feature_hash = feature_table_hash();
    header->feature_count = FEATURE_COUNT;
    for (size_t block = 0; block < layout->blocks; block++) {
        size_t begin = layout->body + block * RISK_MODEL_BLOCK, left = layout->file_bytes - begin;
        checks[block] = risk_block_hash((char *)header + begin,
                                        left < RISK_MODEL_BLOCK ? left : RISK_MODEL_BLOCK);
    }
    header->checks_checksum = hash_bytes(checks, layout->blocks * sizeof *checks);
    header->checksum = risk_header_checksum(header);
}

/* A model whose frame is right, around a header's facts and a body as they come; free() it. */
static void *frame(const uint8_t *data, size_t size, size_t *framed)
{
    struct risk_model_header header;
    size_t body_bytes = size - sizeof header;
    memcpy(&header, data, sizeof header);
    fit_counts(&header, body_bytes);
    struct risk_layout layout = risk_layout_of(&header);
    char *bytes = calloc(1, layout.file_bytes);
    if (bytes != NULL) {
        memcpy(bytes, &header, sizeof header);
        memcpy(bytes + layout.body, data + sizeof header, body_bytes);
        mix_with_leaves(bytes + layout.body + layout.forest_nodes, header.forest_nodes);
        mix_with_leaves(bytes + layout.body + layout.isolation_nodes, header.isolation_nodes);
        seal((void *)bytes, &layout);
    }
    *framed = layout.file_bytes;
    return bytes;
}

static void fail_without_a_sentence(const struct error *error)
{
    if (error->fault != FAULT_MODEL || error->text[0] == '\0')
        abort();
}

static void use(const struct risk_model *model, bool checked)
{
    static const float values[] = {-1e9f, 0, 1, 1e9f, NAN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct error error = ERROR_NONE;
        float features[FEATURE_COUNT];
        double shares[FEATURE_COUNT], sum = risk_base(model);
        struct risk risk;
        for (unsigned j = 0; j < FEATURE_COUNT; j++)
            features[j] = values[(i + j) % (sizeof values / sizeof *values)];
        if (!risk_assess(model, features, &risk, &error) ||
            !risk_shares(model, features, shares, &error)) {
            fail_without_a_sentence(&error);
            if (checked)
                abort();
            continue;
        }
        for (unsigned j = 0; j < FEATURE_COUNT; j++)
            sum += shares[j];
        if (!(risk.probability >= 0 && risk.probability <= 1) ||
            !(risk.isolation >= 0 && risk.isolation <= 1) ||
            (checked && !(fabs(sum - risk.probability) < 1e-4)))
            abort();
    }
    for (double budget = 1; budget > 1e-8; budget /= 3) {
        float threshold = risk_threshold_for(model, budget);
        if (!(threshold >= 0 && threshold <= 2))
            abort();
    }
}

static void open_and_use(const void *bytes, size_t size)
{
    static struct risk_blocks blocks;
    struct risk_model model;
    struct error error = ERROR_NONE;
    if (!risk_model_open(&model, bytes, size, &blocks, &error)) {
        fail_without_a_sentence(&error);
        return;
    }
    use(&model, false);
    if (risk_model_open_checked(&model, bytes, size, &error))
        use(&model, true);
    else
        fail_without_a_sentence(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t framed = size;
    void *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    open_and_use(bytes, size);
    free(bytes);
    if (size < sizeof(struct risk_model_header))
        return 0;
    bytes = frame(data, size, &framed);
    if (bytes != NULL)
        open_and_use(bytes, framed);
    free(bytes);
    return 0;
}
