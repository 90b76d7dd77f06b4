#include "trainer/histogram_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/histogram.h"

/* Up to so many bytes of rows a node's are copied together: then all below it stays in cache. */
#define NEAR_BYTES (UINT32_C(1) << 20)

/* A node whose rows fit there: what is below it may be grown by any thread, from its own draws. */
struct subtree {
    uint32_t node, first, count;
    unsigned depth;
    uint64_t seed;
    struct node_sums total;
    struct histogram_tree grown; /* its root is the node */
};

struct tree_grower {
    const struct table_bins *bins;
    struct tree_options options;
    bool weighted;
    struct draw *draw;
    struct sample_row *sample, *scratch;
    struct sample_row *near_sample; /* of the subtree that is grown */
    uint16_t *order;                /* the columns that can be split */
    unsigned candidates;
    struct histogram *histograms; /* one for each column tried at once */
    uint8_t *near;
    uint32_t near_rows;
    const uint8_t *matrix; /* the table's bins, or near */
    struct histogram_node *nodes;
    uint32_t count, capacity;
    struct histogram_tree trunk; /* waits for its subtrees */
    struct subtree *subtrees;
    uint32_t subtree_count, subtree_capacity;
};

static void list_candidates(struct tree_grower *grower)
{
    grower->candidates = 0;
    for (unsigned c = 0; c < grower->bins->columns; c++) {
        const struct column_bins *column = &grower->bins->column[c];
        if (column->cut_count > 0 || column->has_missing)
            grower->order[grower->candidates++] = (uint16_t)c;
    }
    if (grower->options.columns_tried > grower->candidates)
        grower->options.columns_tried = grower->candidates;
}

bool tree_grower_create(struct tree_grower **grower, const struct table_bins *bins,
                        const struct tree_options *options, bool weighted, struct error *error)
{
    struct tree_grower *made = *grower = calloc(1, sizeof *made);
    if (made != NULL) {
        made->bins = bins;
        made->options = *options;
        made->weighted = weighted;
        made->near_rows = NEAR_BYTES / (bins->columns > 0 ? bins->columns : 1);
        made->sample = calloc(bins->rows + SAMPLE_AHEAD + 1, sizeof *made->sample);
        made->scratch = malloc((bins->rows + 1) * sizeof *made->scratch);
        made->order = calloc(bins->columns + 1, sizeof *made->order);
        made->histograms = malloc((options->columns_tried + 1) * sizeof *made->histograms);
        made->near = malloc((size_t)made->near_rows * bins->columns + 1);
        made->near_sample = calloc(made->near_rows + SAMPLE_AHEAD, sizeof *made->near_sample);
        if (made->sample != NULL && made->scratch != NULL && made->order != NULL &&
            made->histograms != NULL && made->near != NULL && made->near_sample != NULL)
            return true;
    }
    tree_grower_destroy(made);
    *grower = NULL;
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the forest does not fit into memory");
}

/* What was grown of a tree that is finished, or never will be. */
static void tree_drop(struct tree_grower *grower)
{
    for (uint32_t i = 0; i < grower->subtree_count; i++)
        free(grower->subtrees[i].grown.nodes);
    free(grower->trunk.nodes);
    grower->subtree_count = 0;
    grower->trunk = (struct histogram_tree){NULL, 0};
}

void tree_grower_destroy(struct tree_grower *grower)
{
    if (grower == NULL)
        return;
    free(grower->sample);
    free(grower->scratch);
    free(grower->order);
    free(grower->histograms);
    free(grower->near);
    free(grower->near_sample);
    tree_drop(grower);
    free(grower->subtrees);
    free(grower);
}

struct sample_row *tree_grower_sample(struct tree_grower *grower)
{
    return grower->sample;
}

static struct node_sums sum_rows(const struct sample_row *rows, uint32_t count)
{
    struct node_sums sums = {0, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t weight = rows[i].weight * rows[i].drawn;
        sums.weight += weight;
        sums.positive += rows[i].positive ? weight : 0;
        sums.rows += rows[i].drawn;
    }
    return sums;
}

/* Puts a random choice of `wanted` among the columns from `first` on at place `first`. */
static void choose_columns(struct tree_grower *grower, unsigned first, unsigned wanted)
{
    uint16_t *order = grower->order;
    for (unsigned i = first; i < first + wanted; i++) {
        unsigned other = i + draw_below(grower->draw, grower->candidates - i);
        uint16_t column = order[other];
        order[other] = order[i];
        order[i] = column;
    }
}

static void try_columns(struct tree_grower *grower, unsigned first, unsigned wanted,
                        const struct sample_row *rows, uint32_t count,
                        const struct node_sums *total, struct split *best)
{
    const struct rows_view view = {
        rows, count, grower->matrix, grower->bins->columns, grower->weighted,
    };
    choose_columns(grower, first, wanted);
    histograms_fill(grower->histograms, &view, grower->order + first, wanted, grower->bins->column);
    for (unsigned i = 0; i < wanted; i++) {
        unsigned column = grower->order[first + i];
        histogram_split(&grower->histograms[i], &grower->bins->column[column], column, total,
                        grower->weighted, grower->options.smallest_leaf, best);
    }
}

/*
 * No histogram is its parent's less its sibling's: each node draws its columns anew, and of the
 * sqrt(n) it tries the parent has tried one on average. The rows are passed over for the others
 * anyway.
 */
static bool find_split(struct tree_grower *grower, const struct sample_row *rows, uint32_t count,
                       const struct node_sums *total, struct split *best)
{
    unsigned tried = grower->options.columns_tried;

    *best = split_none(total);
    if (tried == 0)
        return false;
    try_columns(grower, 0, tried, rows, count, total, best);
    for (; !best->found && tried < grower->candidates; tried++)
        try_columns(grower, tried, 1, rows, count, total, best);
    return best->found;
}

/* Moves the rows that go left to the front, keeping the order of both; returns how many. */
static uint32_t partition(struct tree_grower *grower, const struct split *split,
                          struct sample_row *rows, uint32_t count)
{
    size_t stride = grower->bins->columns;
    const uint8_t *column = grower->matrix + split->column;
    struct sample_row *scratch = grower->scratch;
    bool goes_left[256];
    uint32_t left = 0, right = 0;

    for (unsigned bin = 0; bin < 256; bin++)
        goes_left[bin] = bin == BIN_MISSING ? !split->missing_right : bin <= split->cut;
    for (uint32_t i = 0; i < count; i++) {
        struct sample_row row = rows[i];
        __builtin_prefetch(column + rows[i + SAMPLE_AHEAD].row * stride);
        bool is_left = goes_left[column[row.row * stride]];
        rows[left] = row;
        scratch[right] = row;
        left += is_left;
        right += !is_left;
    }
    memcpy(rows + left, scratch, right * sizeof *rows);
    return left;
}

static void copy_near(struct tree_grower *grower, const struct sample_row *rows, uint32_t count)
{
    const uint8_t *matrix = grower->bins->bins;
    size_t stride = grower->bins->columns;

    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(matrix + rows[i + SAMPLE_AHEAD].row * stride);
        memcpy(grower->near + i * stride, matrix + rows[i].row * stride, stride);
        grower->near_sample[i] = rows[i];
        grower->near_sample[i].row = i;
    }
}

/* Two nodes side by side, or the root alone. */
static bool new_nodes(struct tree_grower *grower, unsigned wanted, uint32_t *first)
{
    if (grower->count + wanted > grower->capacity) {
        uint32_t capacity = grower->capacity == 0 ? 256 : 2 * grower->capacity;
        struct histogram_node *nodes = reallocarray(grower->nodes, capacity, sizeof *nodes);
        if (nodes == NULL)
            return false;
        grower->nodes = nodes;
        grower->capacity = capacity;
    }
    *first = grower->count;
    memset(grower->nodes + grower->count, 0, wanted * sizeof *grower->nodes);
    grower->count += wanted;
    return true;
}

static bool may_split(const struct tree_grower *grower, const struct node_sums *total,
                      unsigned depth)
{
    return depth < grower->options.depth && total->positive > 0 &&
           total->positive < total->weight &&
           total->rows >= 2 * (uint64_t)grower->options.smallest_leaf;
}

static bool add_subtree(struct tree_grower *grower, const struct sample_row *rows, uint32_t count,
                        const struct node_sums *total, unsigned depth, uint32_t index)
{
    if (grower->subtree_count == grower->subtree_capacity) {
        uint32_t capacity = grower->subtree_capacity == 0 ? 64 : 2 * grower->subtree_capacity;
        struct subtree *subtrees = reallocarray(grower->subtrees, capacity, sizeof *subtrees);
        if (subtrees == NULL)
            return false;
        grower->subtrees = subtrees;
        grower->subtree_capacity = capacity;
    }
    grower->subtrees[grower->subtree_count++] = (struct subtree){
        .node = index,
        .first = (uint32_t)(rows - grower->sample),
        .count = count,
        .depth = depth,
        .seed = draw_bits(grower->draw),
        .total = *total,
    };
    return true;
}

/* The share of positives, where parent_weight more rows have their parent's share. */
static float share_of(const struct tree_grower *grower, const struct node_sums *total,
                      float parent_share)
{
    double parent_weight = grower->options.parent_weight;
    double weight = (double)total->weight + parent_weight;
    return weight > 0
               ? (float)(((double)total->positive + parent_weight * (double)parent_share) / weight)
               : 0;
}

static bool grow_node(struct tree_grower *grower, struct sample_row *rows, uint32_t count,
                      const struct node_sums *total, unsigned depth, uint32_t index);

/* Grows the node's children and everything below them; recursion ends at the tree's depth. */
static bool grow_children(struct tree_grower *grower, struct sample_row *rows, uint32_t count,
                          const struct node_sums *total, unsigned depth, uint32_t index)
{
    struct split split;
    uint32_t child = 0;

    if (!find_split(grower, rows, count, total, &split))
        return true;
    if (!new_nodes(grower, 2, &child))
        return false;
    uint32_t left_count = partition(grower, &split, rows, count);
    struct histogram_node *node = &grower->nodes[index];
    node->child = child;
    node->column = (uint16_t)split.column;
    node->cut = (uint8_t)split.cut;
    node->missing_right = split.missing_right;
    const struct node_sums right = {
        .weight = total->weight - split.left.weight,
        .positive = total->positive - split.left.positive,
        .rows = total->rows - split.left.rows,
    };
    grower->nodes[child].value = share_of(grower, &split.left, node->value);
    grower->nodes[child + 1].value = share_of(grower, &right, node->value);
    return grow_node(grower, rows, left_count, &split.left, depth + 1, child) &&
           grow_node(grower, rows + left_count, count - left_count, &right, depth + 1, child + 1);
}

static bool grow_node(struct tree_grower *grower, struct sample_row *rows, uint32_t count,
                      const struct node_sums *total, unsigned depth, uint32_t index)
{
    grower->nodes[index].visits = count;
    if (!may_split(grower, total, depth))
        return true;
    if (grower->matrix != grower->near && count <= grower->near_rows)
        return add_subtree(grower, rows, count, total, depth, index);
    return grow_children(grower, rows, count, total, depth, index);
}

/* The node with everything below it, its rows being those of the grower's matrix. */
static bool grow_from(struct tree_grower *grower, struct sample_row *rows,
                      const struct subtree *from, float value, struct histogram_tree *grown)
{
    uint32_t root = 0;

    list_candidates(grower);
    grower->nodes = NULL;
    grower->count = grower->capacity = 0;
    bool done = new_nodes(grower, 1, &root);
    if (done) {
        grower->nodes[root].value = value;
        done = grow_node(grower, rows, from->count, &from->total, from->depth, root);
    }
    *grown = (struct histogram_tree){grower->nodes, grower->count};
    return done;
}

bool tree_grow_trunk(struct tree_grower *grower, struct draw *draw, uint32_t count)
{
    const struct subtree all = {.count = count, .total = sum_rows(grower->sample, count)};
    double weight = (double)all.total.weight;

    tree_drop(grower);
    grower->draw = draw;
    grower->matrix = grower->bins->bins;
    return grow_from(grower, grower->sample, &all,
                     weight > 0 ? (float)((double)all.total.positive / weight) : 0, &grower->trunk);
}

uint32_t tree_subtree_count(const struct tree_grower *grower)
{
    return grower->subtree_count;
}

bool tree_grow_subtree(struct tree_grower *grower, uint32_t number, struct tree_grower *helper)
{
    struct subtree *subtree = &grower->subtrees[number];
    struct draw draw;

    draw_seed(&draw, subtree->seed, 0);
    copy_near(helper, grower->sample + subtree->first, subtree->count);
    helper->draw = &draw;
    helper->matrix = helper->near;
    return grow_from(helper, helper->near_sample, subtree, grower->trunk.nodes[subtree->node].value,
                     &subtree->grown);
}

/* Its nodes behind those that are there, but for its root, which is one of them. */
static void append(struct histogram_tree *tree, const struct subtree *subtree)
{
    uint32_t moved = tree->count - 1;

    tree->nodes[subtree->node] = subtree->grown.nodes[0];
    memcpy(tree->nodes + tree->count, subtree->grown.nodes + 1,
           (subtree->grown.count - 1) * sizeof *tree->nodes);
    tree->count += subtree->grown.count - 1;
    if (subtree->grown.count > 1)
        tree->nodes[subtree->node].child += moved;
    for (uint32_t i = moved + 1; i < tree->count; i++)
        tree->nodes[i].child += tree->nodes[i].child != 0 ? moved : 0;
}

bool tree_finish(struct tree_grower *grower, struct histogram_tree *tree)
{
    size_t count = grower->trunk.count;

    for (uint32_t i = 0; i < grower->subtree_count; i++)
        count += grower->subtrees[i].grown.count - 1;
    struct histogram_node *nodes = reallocarray(grower->trunk.nodes, count, sizeof *nodes);
    if (nodes == NULL)
        return false;
    *tree = (struct histogram_tree){nodes, grower->trunk.count};
    for (uint32_t i = 0; i < grower->subtree_count; i++)
        append(tree, &grower->subtrees[i]);
    grower->trunk.nodes = NULL;
    tree_drop(grower);
    return true;
}

const struct histogram_node *tree_leaf(const struct histogram_tree *tree, const uint8_t *bins)
{
    const struct histogram_node *node = tree->nodes;
    while (node->child != 0) {
        unsigned bin = bins[node->column];
        unsigned right = bin > node->cut;
        if (bin == BIN_MISSING)
            right = node->missing_right;
        node = tree->nodes + node->child + right;
    }
    return node;
}
