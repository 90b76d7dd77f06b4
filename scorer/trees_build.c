#include "scorer/trees_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 64

/* Where a node of the array comes from. */
struct origin {
    uint32_t tree, node;
};

/* A node of the array whose children are to be laid out; with what orders them, to be near. */
struct waiting {
    float visits;
    uint32_t at;
};

struct layout {
    const struct grown_tree *trees;
    uint32_t tree_count, column_count;
    uint32_t node_count;    /* room; reached when every node has been laid out once */
    struct origin *origins; /* in the array's order: filled at the end, read from the start */
    uint32_t filled;
    struct waiting *waiting; /* a heap, the most visited first */
    uint32_t waiting_count;
    struct tree_node *nodes;
    int32_t *values;
};

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "no model can be made of these trees: %s", why);
}

bool trees_count_nodes(const struct grown_tree *trees, uint32_t tree_count, uint32_t column_count,
                       uint32_t *node_count, struct error *error)
{
    uint64_t nodes = 0;
    if (tree_count < 1 || tree_count > TREES_MOST_COUNT || column_count < 1 ||
        column_count > TREES_MOST_COLUMNS)
        return error_set(error, FAULT_MODEL,
                         "there can be 1 to %d trees of 1 to %d columns, not %u of %u",
                         TREES_MOST_COUNT, TREES_MOST_COLUMNS, tree_count, column_count);
    for (uint32_t i = 0; i < tree_count; i++) {
        if (trees[i].count == 0)
            return error_set(error, FAULT_MODEL, "tree %u has no nodes", i);
        nodes += trees[i].count;
    }
    if (nodes > trees_most_nodes(column_count))
        return error_set(error, FAULT_MODEL,
                         "%llu nodes are more than the %u that there can be: grow fewer or "
                         "shallower trees",
                         (unsigned long long)nodes, trees_most_nodes(column_count));
    *node_count = (uint32_t)nodes;
    return true;
}

static const struct grown_node *grown(const struct layout *layout, uint32_t at)
{
    const struct origin *origin = &layout->origins[at];
    return &layout->trees[origin->tree].nodes[origin->node];
}

/* ---- the nodes whose children wait, most visited first, then in the array's order ----------- */

static bool comes_before(struct waiting a, struct waiting b)
{
    return a.visits > b.visits || (a.visits == b.visits && a.at < b.at);
}

static void wait_add(struct layout *layout, struct waiting added)
{
    struct waiting *waiting = layout->waiting;
    uint32_t hole = layout->waiting_count++;
    while (hole > 0 && comes_before(added, waiting[(hole - 1) / 2])) {
        waiting[hole] = waiting[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    waiting[hole] = added;
}

static uint32_t wait_take(struct layout *layout)
{
    struct waiting *waiting = layout->waiting;
    uint32_t taken = waiting[0].at, hole = 0, count = --layout->waiting_count;
    const struct waiting last = waiting[count];
    for (uint32_t child = 1; child < count; child = 2 * hole + 1) {
        if (child + 1 < count && comes_before(waiting[child + 1], waiting[child]))
            child++;
        if (!comes_before(waiting[child], last))
            break;
        waiting[hole] = waiting[child];
        hole = child;
    }
    waiting[hole] = last;
    return taken;
}

/* ---- laying out ----------------------------------------------------------------------------- */

static bool lay_node(struct layout *layout, uint32_t tree, uint32_t node, struct error *error)
{
    uint32_t at = layout->filled;
    if (at == layout->node_count)
        return refuse(error, "a node has two parents");
    layout->origins[layout->filled++] = (struct origin){tree, node};
    const struct grown_node *from = grown(layout, at);
    struct tree_node *to = &layout->nodes[at];
    double value = (double)from->value / TREES_VALUE_UNIT;
    if (!(fabs(value) <= INT32_MAX))
        return refuse(error, "a node's value is out of bounds");
    layout->values[at] = (int32_t)lrint(value);
    if (from->left == 0 && from->right == 0) {
        to->key = tree_leaf_key(layout->values[at]);
        to->link = tree_leaf_link(layout->column_count, at);
        return true;
    }
    if (from->column >= layout->column_count)
        return refuse(error, "a node asks a column that is not there");
    if (!isfinite(from->threshold))
        return refuse(error, "a node compares with no finite number");
    to->key = tree_key(from->threshold);
    wait_add(layout, (struct waiting){from->visits, at});
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
        const struct grown_node *from = grown(layout, at);
        layout->nodes[at].link =
            tree_link(layout->column_count, layout->filled, from->column, from->missing_right);
        if (!lay_child(layout, tree, from->left, error) ||
            !lay_child(layout, tree, from->right, error))
            return false;
    }
    return layout->filled == layout->node_count || refuse(error, "a node has no parent");
}

bool trees_lay_out(const struct grown_tree *trees, uint32_t tree_count, uint32_t column_count,
                   struct tree_node *nodes, int32_t *values, struct error *error)
{
    struct layout layout = {.trees = trees,
                            .tree_count = tree_count,
                            .column_count = column_count,
                            .nodes = nodes,
                            .values = values};
    if (!trees_count_nodes(trees, tree_count, column_count, &layout.node_count, error))
        return false;
    layout.origins = calloc(layout.node_count, sizeof *layout.origins);
    layout.waiting = calloc(layout.node_count, sizeof *layout.waiting);
    bool laid = layout.origins != NULL && layout.waiting != NULL;
    if (laid)
        laid = lay_nodes(&layout, error);
    else
        error_set_errno(error, FAULT_MODEL, ENOMEM, "%u nodes cannot be laid out",
                        layout.node_count);
    free(layout.origins);
    free(layout.waiting);
    return laid;
}

bool trees_build(const struct grown_tree *grown_trees, uint32_t tree_count, uint32_t column_count,
                 struct trees *trees, struct error *error)
{
    *trees = (struct trees){.tree_count = tree_count, .column_count = column_count};
    if (!trees_count_nodes(grown_trees, tree_count, column_count, &trees->node_count, error))
        return false;
    size_t lines = (trees->node_count * sizeof *trees->nodes + LINE_BYTES - 1) / LINE_BYTES;
    struct tree_node *nodes = aligned_alloc(LINE_BYTES, lines * LINE_BYTES);
    int32_t *values = calloc(trees->node_count, sizeof *values);
    trees->nodes = nodes;
    trees->values = values;
    bool built = nodes != NULL && values != NULL;
    if (built)
        built = trees_lay_out(grown_trees, tree_count, column_count, nodes, values, error);
    else
        error_set_errno(error, FAULT_MODEL, ENOMEM, "%u nodes cannot be laid out",
                        trees->node_count);
    if (!built)
        trees_free(trees);
    return built;
}

void trees_free(struct trees *trees)
{
    free((void *)(uintptr_t)trees->nodes);
    free((void *)(uintptr_t)trees->values);
    *trees = (struct trees){.nodes = NULL};
}

void grown_trees_free(struct grown_tree *trees, uint32_t count)
{
    for (uint32_t i = 0; trees != NULL && i < count; i++)
        free((void *)(uintptr_t)trees[i].nodes);
    free(trees);
}
