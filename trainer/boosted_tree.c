#include "trainer/boosted_tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/boosted_grower.h"

/* Nodes of fewer rows keep no histogram: their children's are quickly filled, and what all nodes
 * keep together stays within twice the size of the binned table. */
#define KEPT_ROWS     4096
#define LEAST_GAIN    1e-6
#define COLUMN_STREAM (UINT64_C(1) << 63) /* draws of columns, apart from those of rows */

_Static_assert(KEPT_ROWS <= GRADIENT_BLOCK_ROWS, "what keeps no histogram is one block");

static void list_candidates(struct boosted_grower *grower)
{
    for (unsigned c = 0; c < grower->columns.bins->columns; c++) {
        const struct column_bins *column = &grower->columns.bins->column[c];
        if (column->cut_count == 0 && !column->has_missing)
            continue;
        grower->candidates[grower->candidate_count++] = (uint16_t)c;
        grower->pool.bins += column->cut_count + 2;
    }
}

static bool create_workers(struct boosted_grower *grower)
{
    size_t columns = grower->columns.bins->columns;
    bool made = true;

    for (unsigned i = 0; i < work_thread_count(grower->options.threads); i++) {
        grower->block_sums[i] = calloc(columns + 1, sizeof *grower->block_sums[i]);
        grower->small_sums[i] = calloc(grower->pool.bins + 1, sizeof *grower->small_sums[i]);
        made &= grower->block_sums[i] != NULL && grower->small_sums[i] != NULL;
    }
    return made;
}

bool boosted_grower_create(struct boosted_grower **grower, const struct table_bins *bins,
                           const struct boosted_tree_options *options, struct error *error)
{
    struct boosted_grower *made = *grower = calloc(1, sizeof *made);
    if (made != NULL) {
        made->options = *options;
        made->columns.bins = bins;
        made->columns.number = calloc(bins->columns + 1, sizeof *made->columns.number);
        made->columns.first = calloc(bins->columns + 1, sizeof *made->columns.first);
        made->candidates = calloc(bins->columns + 1, sizeof *made->candidates);
        made->rows = malloc((bins->rows + 1) * sizeof *made->rows);
        made->child_rows = malloc((bins->rows + 1) * sizeof *made->child_rows);
        made->packed = malloc((bins->rows + 1) * sizeof *made->packed);
        made->by_column = malloc(bins->rows * bins->columns + 1);
        if (made->columns.number != NULL && made->columns.first != NULL &&
            made->candidates != NULL && made->rows != NULL && made->child_rows != NULL &&
            made->packed != NULL && made->by_column != NULL) {
            list_candidates(made);
            boosted_rows_turn(made);
            if (create_workers(made))
                return true;
        }
    }
    boosted_grower_destroy(made);
    *grower = NULL;
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the boosted trees do not fit into memory");
}

void boosted_grower_destroy(struct boosted_grower *grower)
{
    if (grower == NULL)
        return;
    histogram_pool_finish(&grower->pool);
    for (unsigned i = 0; i < WORK_MOST_THREADS; i++) {
        free(grower->block_sums[i]);
        free(grower->small_sums[i]);
    }
    free(grower->columns.number);
    free(grower->columns.first);
    free(grower->candidates);
    free(grower->rows);
    free(grower->child_rows);
    free(grower->packed);
    free(grower->by_column);
    free(grower->blocks);
    free(grower);
}

/* Each choice of so many is as likely; they stay in ascending order. */
static void choose_columns(struct boosted_grower *grower)
{
    struct gradient_columns *columns = &grower->columns;
    unsigned left = grower->candidate_count;
    unsigned wanted = (unsigned)fmin(fmax(1, rint(grower->options.column_share * left)), left);
    struct draw draw;

    draw_seed(&draw, grower->source->seed, COLUMN_STREAM + grower->number);
    columns->count = 0;
    columns->bin_count = 0;
    for (unsigned i = 0; columns->count < wanted; i++, left--) {
        if (draw_below(&draw, left) >= wanted - columns->count)
            continue;
        columns->number[columns->count] = grower->candidates[i];
        columns->first[columns->count++] = columns->bin_count;
        columns->bin_count += columns->bins->column[grower->candidates[i]].cut_count + 2;
    }
}

static bool new_nodes(struct boosted_grower *grower, unsigned wanted, uint32_t *first)
{
    if (grower->node_count + wanted > grower->node_capacity) {
        uint32_t capacity = grower->node_capacity == 0 ? 128 : 2 * grower->node_capacity;
        struct histogram_node *nodes = reallocarray(grower->nodes, capacity, sizeof *nodes);
        if (nodes == NULL)
            return false;
        grower->nodes = nodes;
        grower->node_capacity = capacity;
    }
    *first = grower->node_count;
    memset(grower->nodes + grower->node_count, 0, wanted * sizeof *grower->nodes);
    grower->node_count += wanted;
    return true;
}

/* Newton's step from here, and whether it is worth a search for a better one. */
static void value_node(struct boosted_grower *grower, struct open_node *open, unsigned depth)
{
    double gradient = (double)open->total.gradient / grower->source->gradients_of_one;
    double hessian = (double)open->total.hessian / grower->source->hessians_of_one;
    double divisor = hessian + grower->options.lambda;

    grower->nodes[open->node].value =
        divisor > 0 ? (float)(-grower->options.rate * gradient / divisor) : 0;
    open->may_split = depth < grower->options.depth && open->total.hessian > 0 &&
                      (double)open->total.hessian >= 2 * grower->limits.least_hessian;
}

static void subtract(struct gradient_sums *sums, const struct gradient_sums *other, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sums[i].gradient -= other[i].gradient;
        sums[i].hessian -= other[i].hessian;
    }
}

static void search(struct boosted_grower *grower, struct open_node *open, unsigned worker)
{
    const struct gradient_sums *sums =
        open->histogram != NULL ? open->histogram->sums : grower->small_sums[worker];
    if (!open->may_split)
        return;
    if (open->histogram == NULL) {
        gradient_block *block = grower->block_sums[worker];
        memset(grower->small_sums[worker], 0, grower->columns.bin_count * sizeof *sums);
        gradient_block_fill(block, &grower->columns, grower->child_rows + open->first, open->count,
                            grower->packed);
        gradient_block_move(block, &grower->columns, grower->small_sums[worker]);
    }
    open->split = gradient_split_find(sums, &grower->columns, &open->total, &grower->limits);
}

static struct open_node *smaller_of(struct open_node pair[2])
{
    return &pair[pair[1].count < pair[0].count];
}

/* The larger child has its parent's histogram: what the smaller one's holds does not belong to it.
 */
static void search_pair(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    struct open_node *pair = &grower->children[2 * number];
    const struct open_node *smaller = smaller_of(pair);
    const struct open_node *larger = &pair[smaller == pair];

    if (larger->histogram != NULL)
        subtract(larger->histogram->sums, smaller->histogram->sums, grower->columns.bin_count);
    search(grower, &pair[0], worker);
    search(grower, &pair[1], worker);
}

/* Makes the tree's nodes for the children of each node of the level, valued by their sums. */
static bool make_children(struct boosted_grower *grower, unsigned depth)
{
    for (uint32_t i = 0; i < grower->level_count; i++) {
        const struct open_node *open = &grower->level[i];
        struct open_node *pair = &grower->children[2 * i];
        uint32_t child = 0;

        if (!new_nodes(grower, 2, &child))
            return false;
        struct histogram_node *node = &grower->nodes[open->node];
        node->child = child;
        node->column = open->split.column;
        node->cut = open->split.cut;
        node->missing_right = open->split.missing_right;
        pair[0].total = open->split.left;
        pair[1].total.gradient = open->total.gradient - open->split.left.gradient;
        pair[1].total.hessian = open->total.hessian - open->split.left.hessian;
        for (unsigned side = 0; side < 2; side++) {
            pair[side].node = child + side;
            value_node(grower, &pair[side], depth);
        }
    }
    return true;
}

static void place_children(struct boosted_grower *grower)
{
    for (uint32_t i = 0; i < grower->level_count; i++) {
        const struct open_node *open = &grower->level[i];
        struct open_node *pair = &grower->children[2 * i];
        uint32_t left = atomic_load(&open->left);

        pair[0].first = open->first;
        pair[0].count = left;
        pair[1].first = open->first + left;
        pair[1].count = open->count - left;
        grower->nodes[pair[0].node].visits = pair[0].count;
        grower->nodes[pair[1].node].visits = pair[1].count;
    }
}

/* Hands each histogram on to the larger child, and lets the smaller one's be filled. */
static bool fill_children(struct boosted_grower *grower)
{
    for (uint32_t i = 0; i < grower->level_count; i++) {
        struct open_node *pair = &grower->children[2 * i], *open = &grower->level[i];
        struct open_node *smaller = smaller_of(pair);

        if (open->histogram == NULL)
            continue;
        if (!pair[0].may_split && !pair[1].may_split) {
            histogram_pool_give(&grower->pool, &open->histogram);
            continue;
        }
        pair[smaller == pair].histogram = open->histogram;
        open->histogram = NULL;
        smaller->histogram = histogram_pool_take(&grower->pool);
        if (smaller->histogram == NULL || !boosted_rows_add(grower, smaller, grower->child_rows))
            return false;
    }
    boosted_rows_fill(grower);
    return true;
}

/* What found a split becomes the level; the rows of all others have come to their leaf. */
static bool sort_children(struct boosted_grower *grower, uint32_t count)
{
    uint32_t *rows = grower->child_rows;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct open_node *child = &grower->children[i];
        if (!child->split.found || child->count < KEPT_ROWS)
            histogram_pool_give(&grower->pool, &child->histogram);
        if (!child->split.found && grower->source->row_share >= 1 &&
            !boosted_rows_add(grower, child, rows))
            return false;
    }
    boosted_rows_settle(grower);
    for (uint32_t i = 0; i < count; i++) {
        if (grower->children[i].split.found)
            grower->children[kept++] = grower->children[i];
    }
    free(grower->level);
    grower->level = grower->children;
    grower->children = NULL;
    grower->level_count = kept;
    grower->child_rows = grower->rows;
    grower->rows = rows;
    return true;
}

static bool grow_level(struct boosted_grower *grower, unsigned depth)
{
    bool is_last = depth == grower->options.depth;
    bool made = true;

    grower->children = calloc(2 * (size_t)grower->level_count, sizeof *grower->children);
    if (grower->children == NULL || !make_children(grower, depth))
        return false;
    for (uint32_t i = 0; made && i < grower->level_count; i++)
        made = boosted_rows_add(grower, &grower->level[i], grower->rows);
    if (!made)
        return false;
    if (is_last)
        boosted_rows_part_last(grower);
    else
        boosted_rows_part(grower);
    place_children(grower);
    if (is_last)
        return true;
    if (!fill_children(grower))
        return false;
    work_run(grower->options.threads, grower->level_count, search_pair, grower);
    return sort_children(grower, 2 * grower->level_count);
}

/* The root is the one child of no level. */
static bool grow_root(struct boosted_grower *grower)
{
    struct open_node *root = grower->children = calloc(1, sizeof *root);

    if (root == NULL || !new_nodes(grower, 1, &root->node))
        return false;
    root->histogram = histogram_pool_take(&grower->pool);
    if (root->histogram == NULL)
        return false;
    boosted_rows_make(grower);
    root->count = atomic_exchange(&root->left, 0);
    grower->nodes[0].visits = root->count;
    value_node(grower, root, 0);
    search(grower, root, 0);
    return sort_children(grower, 1);
}

bool boosted_tree_grow(struct boosted_grower *grower, const struct gradient_source *source,
                       unsigned number, struct histogram_tree *tree)
{
    double gradients = source->gradients_of_one, hessians = source->hessians_of_one;

    grower->source = source;
    grower->number = number;
    grower->limits = (struct gradient_limits){
        .lambda = grower->options.lambda * hessians,
        .least_hessian = grower->options.least_hessian * hessians,
        .least_gain = LEAST_GAIN * gradients * gradients / hessians,
    };
    grower->nodes = NULL;
    grower->node_count = grower->node_capacity = 0;
    grower->block_count = 0;
    histogram_pool_gather(&grower->pool);
    choose_columns(grower);
    bool grown = grow_root(grower);
    for (unsigned depth = 1; grown && grower->level_count > 0 && depth <= grower->options.depth;
         depth++)
        grown = grow_level(grower, depth);
    free(grower->level);
    free(grower->children);
    grower->level = grower->children = NULL;
    if (!grown) {
        free(grower->nodes);
        return false;
    }
    *tree = (struct histogram_tree){grower->nodes, grower->node_count};
    return true;
}
