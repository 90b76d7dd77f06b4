#include "scorer/forest_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

/* Where a node of the file comes from. */
struct origin {
    uint32_t tree, node;
};

struct layout {
    const struct forest_tree *trees;
    uint32_t tree_count;
    struct origin *origins; /* in the file's order: filled at the end, read from the start */
    uint32_t node_count;    /* room; reached when every node has been laid out once */
    uint32_t filled;
    uint32_t *waiting; /* a heap: nodes whose children are to be laid out, the most visited first */
    uint32_t waiting_count;
    struct forest_node *nodes;
    float *values;
};

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "no model can be made of these trees: %s", why);
}

static bool count_nodes(const struct forest_tree *trees, uint32_t tree_count, uint32_t *node_count,
                        struct error *error)
{
    uint64_t nodes = 0;
    if (tree_count < 1 || tree_count > FOREST_MAX_TREES)
        return error_set(error, FAULT_MODEL, "a model has 1 to %d trees, not %u", FOREST_MAX_TREES,
                         tree_count);
    for (uint32_t i = 0; i < tree_count; i++) {
        if (trees[i].count == 0)
            return error_set(error, FAULT_MODEL, "tree %u has no nodes", i);
        nodes += trees[i].count;
    }
    if (nodes > FOREST_MAX_NODES)
        return error_set(error, FAULT_MODEL,
                         "a model has at most %u nodes: grow fewer or shallower trees",
                         FOREST_MAX_NODES);
    *node_count = (uint32_t)nodes;
    return true;
}

static const struct forest_tree_node *grown(const struct layout *layout, uint32_t at)
{
    const struct origin *origin = &layout->origins[at];
    return &layout->trees[origin->tree].nodes[origin->node];
}

/* ---- the nodes whose children wait, most visited first, then in the file's order ------------ */

static bool comes_before(const struct layout *layout, uint32_t a, uint32_t b)
{
    float a_visits = grown(layout, a)->visits, b_visits = grown(layout, b)->visits;
    return a_visits > b_visits || (a_visits == b_visits && a < b);
}

static void wait_add(struct layout *layout, uint32_t at)
{
    uint32_t hole = layout->waiting_count++;
    while (hole > 0 && comes_before(layout, at, layout->waiting[(hole - 1) / 2])) {
        layout->waiting[hole] = layout->waiting[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    layout->waiting[hole] = at;
}

static uint32_t wait_take(struct layout *layout)
{
    uint32_t *waiting = layout->waiting, taken = waiting[0], hole = 0;
    uint32_t count = --layout->waiting_count, last = waiting[count];
    for (uint32_t child = 1; child < count; child = 2 * hole + 1) {
        if (child + 1 < count && comes_before(layout, waiting[child + 1], waiting[child]))
            child++;
        if (!comes_before(layout, waiting[child], last))
            break;
        waiting[hole] = waiting[child];
        hole = child;
    }
    waiting[hole] = last;
    return taken;
}

/* ---- laying out -------------------------------------------------------------------------------
 */

static bool lay_node(struct layout *layout, uint32_t tree, uint32_t node, struct error *error)
{
    uint32_t at = layout->filled;
    if (at == layout->node_count)
        return refuse(error, "a node has two parents");
    layout->origins[layout->filled++] = (struct origin){tree, node};
    const struct forest_tree_node *from = grown(layout, at);
    struct forest_node *to = &layout->nodes[at];
    float value = from->value + 0.0f; /* -0 becomes 0 */
    layout->values[at] = value;
    if (from->left == 0 && from->right == 0) {
        memcpy(&to->key, &value, sizeof value);
        to->step = at << 8 | FOREST_LEAF_KEY;
        return true;
    }
    if (from->feature >= FEATURE_COUNT)
        return refuse(error, "a node asks for a feature that is not in the table");
    if (isnan(from->threshold))
        return refuse(error, "a node compares with no number");
    to->key = forest_key(from->threshold);
    to->step = (uint32_t)from->feature << 1 | from->missing_right; /* its child is not laid yet */
    wait_add(layout, at);
    return true;
}

static bool lay_child(struct layout *layout, uint32_t tree, uint32_t node, struct error *error)
{
    if (node == 0 || node >= layout->trees[tree].count)
        return refuse(error, "a node's child is not one of its tree's nodes");
    return lay_node(layout, tree, node, error);
}

static bool lay_nodes(struct layout *layout, struct error *error)
{
    for (uint32_t tree = 0; tree < layout->tree_count; tree++) {
        if (!lay_node(layout, tree, 0, error))
            return false;
    }
    while (layout->waiting_count > 0) {
        uint32_t at = wait_take(layout), tree = layout->origins[at].tree;
        const struct forest_tree_node *from = grown(layout, at);
        layout->nodes[at].step |= layout->filled << 8;
        if (!lay_child(layout, tree, from->left, error) ||
            !lay_child(layout, tree, from->right, error))
            return false;
    }
    if (layout->filled != layout->node_count)
        return refuse(error, "a node has no parent");
    return true;
}

static void fill_header(struct forest_header *header, const struct forest_header *facts,
                        const struct layout *layout, size_t size, size_t summary_bytes)
{
    double roots = 0;
    for (uint32_t tree = 0; tree < layout->tree_count; tree++)
        roots += (double)layout->values[tree];
    *header = *facts;
    memcpy(header->magic, FOREST_MAGIC, sizeof header->magic);
    header->version = FOREST_VERSION;
    header->header_bytes = sizeof *header;
    header->file_bytes = size;
    header->feature_hash = feature_table_hash();
    header->feature_count = FEATURE_COUNT;
    header->tree_count = layout->tree_count;
    header->node_count = layout->node_count;
    header->summary_bytes = (uint32_t)summary_bytes;
    header->base = (float)(roots / layout->tree_count);
    for (unsigned i = 0; i < FOREST_QUANTILES; i++) {
        if (header->legitimate_quantiles[i] > 1)
            header->legitimate_quantiles[i] = 1;
    }
    size_t covered = offsetof(struct forest_header, checksum) + sizeof header->checksum;
    header->checksum = hash_bytes((const char *)header + covered, size - covered);
}

bool forest_build(const struct forest_tree *trees, uint32_t tree_count,
                  const struct forest_header *facts, const char *summary, void **bytes,
                  size_t *size, struct error *error)
{
    struct layout layout = {.trees = trees, .tree_count = tree_count};
    size_t summary_bytes = strlen(summary);
    if (!count_nodes(trees, tree_count, &layout.node_count, error))
        return false;
    size_t node_bytes = sizeof(struct forest_node) + sizeof(float);
    size_t all = sizeof *facts + layout.node_count * node_bytes + summary_bytes;
    if (all > FOREST_MAX_BYTES)
        return refuse(error, "the summary is too long");

    bool built = false;
    struct forest_header *file = calloc(1, all);
    layout.origins = calloc(layout.node_count, sizeof *layout.origins);
    layout.waiting = calloc(layout.node_count, sizeof *layout.waiting);
    if (file == NULL || layout.origins == NULL || layout.waiting == NULL) {
        error_set(error, FAULT_MODEL, "no memory for a model of %zu bytes", all);
        goto cleanup;
    }
    layout.nodes = (void *)(file + 1);
    layout.values = (void *)(layout.nodes + layout.node_count);
    memcpy(layout.values + layout.node_count, summary, summary_bytes);
    if (!lay_nodes(&layout, error))
        goto cleanup;
    fill_header(file, facts, &layout, all, summary_bytes);
    struct forest check;
    built = forest_open(&check, file, all, error);
cleanup:
    free(layout.origins);
    free(layout.waiting);
    if (built) {
        *bytes = file;
        *size = all;
    } else {
        free(file);
    }
    return built;
}
