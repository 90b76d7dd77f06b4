#include "trainer/boosted_tree.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/histogram_pool.h"
#include "trainer/work_queue.h"

/* Nodes of fewer rows keep no histogram: their children's are quickly filled, and what all nodes
 * keep together stays within twice the size of the binned table. */
#define KEPT_ROWS     4096
#define LEAST_GAIN    1e-6
#define COLUMN_STREAM (UINT64_C(1) << 63) /* draws of columns, apart from those of rows */

_Static_assert(KEPT_ROWS <= GRADIENT_BLOCK_ROWS, "what keeps no histogram is one block");

/* A node of the level that is grown; its rows stand together in the level's order. */
struct open_node {
    uint32_t node, first, count;
    bool may_split;
    struct gradient_sums total;
    struct kept_histogram *histogram; /* NULL: not kept */
    struct gradient_split split;
    atomic_uint left, right; /* how many rows have gone to either side */
};

struct row_block {
    struct open_node *open;
    const struct gradient_row *rows;
    uint32_t count;
};

struct boosted_grower {
    struct boosted_tree_options options;
    const struct gradient_source *source;
    unsigned number;
    struct gradient_limits limits;
    struct gradient_columns columns;
    uint16_t *candidates; /* the columns that can be split */
    unsigned candidate_count;
    struct gradient_row *rows, *child_rows; /* in the order of the level, and of the next one */
    struct open_node *level;                /* those that will be split */
    struct open_node *children;             /* of level[i]: 2 * i and the one after it */
    uint32_t level_count;
    struct row_block *blocks;
    uint32_t block_count, block_capacity;
    struct histogram_pool pool;
    gradient_block *block_sums[WORK_MOST_THREADS];
    struct gradient_sums *small_sums[WORK_MOST_THREADS]; /* of a node that keeps none */
    struct histogram_node *nodes;
    uint32_t node_count, node_capacity;
};

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
        if (made->columns.number != NULL && made->columns.first != NULL &&
            made->candidates != NULL && made->rows != NULL && made->child_rows != NULL) {
            list_candidates(made);
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
    double gradient = (double)open->total.gradient * grower->source->gradient_unit;
    double hessian = (double)open->total.hessian * grower->source->hessian_unit;
    double divisor = hessian + grower->options.lambda;

    grower->nodes[open->node].value =
        divisor > 0 ? (float)(-grower->options.rate * gradient / divisor) : 0;
    open->may_split = depth < grower->options.depth && open->total.hessian > 0 &&
                      (double)open->total.hessian >= 2 * grower->limits.least_hessian;
}

static bool add_blocks(struct boosted_grower *grower, struct open_node *open,
                       const struct gradient_row *rows)
{
    for (uint32_t first = 0; first < open->count; first += GRADIENT_BLOCK_ROWS) {
        if (grower->block_count == grower->block_capacity) {
            uint32_t capacity = grower->block_capacity == 0 ? 256 : 2 * grower->block_capacity;
            struct row_block *blocks =
                reallocarray(grower->blocks, capacity, sizeof *grower->blocks);
            if (blocks == NULL)
                return false;
            grower->blocks = blocks;
            grower->block_capacity = capacity;
        }
        uint32_t left = open->count - first;
        grower->blocks[grower->block_count++] = (struct row_block){
            .open = open,
            .rows = rows + open->first + first,
            .count = left < GRADIENT_BLOCK_ROWS ? left : GRADIENT_BLOCK_ROWS,
        };
    }
    return true;
}

static void run_blocks(struct boosted_grower *grower, work_job *job)
{
    work_run(grower->options.threads, grower->block_count, job, grower);
    grower->block_count = 0;
}

static void add_to_histogram(struct boosted_grower *grower, const struct gradient_row *rows,
                             uint32_t count, struct kept_histogram *histogram, unsigned worker)
{
    gradient_block *block = grower->block_sums[worker];

    gradient_block_fill(block, &grower->columns, rows, count);
    pthread_mutex_lock(&histogram->lock);
    gradient_block_move(block, &grower->columns, histogram->sums);
    pthread_mutex_unlock(&histogram->lock);
}

static void make_root_block(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    struct open_node *root = grower->children;
    struct gradient_row made[GRADIENT_BLOCK_ROWS];
    struct gradient_sums total = {0, 0};
    uint32_t count = gradient_rows_make(grower->source, grower->number, number,
                                        (uint32_t)grower->columns.bins->rows, made);

    for (uint32_t i = 0; i < count; i++) {
        total.gradient += made[i].gradient;
        total.hessian += made[i].hessian;
    }
    memcpy(grower->child_rows + atomic_fetch_add(&root->left, count), made, count * sizeof *made);
    add_to_histogram(grower, made, count, root->histogram, worker);
    pthread_mutex_lock(&root->histogram->lock);
    root->total.gradient += total.gradient;
    root->total.hessian += total.hessian;
    pthread_mutex_unlock(&root->histogram->lock);
}

static void fill_block(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    const struct row_block *block = &grower->blocks[number];
    add_to_histogram(grower, block->rows, block->count, block->open->histogram, worker);
}

/* Which of the block's rows go left; returns how many. */
static uint32_t choose_sides(const struct boosted_grower *grower, const struct row_block *block,
                             bool is_left[GRADIENT_BLOCK_ROWS])
{
    const struct gradient_split *split = &block->open->split;
    const struct table_bins *bins = grower->columns.bins;
    const uint8_t *column = bins->bins + split->column;
    bool goes_left[256];
    uint32_t left = 0;

    for (unsigned bin = 0; bin < 256; bin++)
        goes_left[bin] = bin == BIN_MISSING ? !split->missing_right : bin <= split->cut;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t ahead = i + GRADIENT_AHEAD < block->count ? i + GRADIENT_AHEAD : i;
        __builtin_prefetch(column + block->rows[ahead].row * (size_t)bins->columns);
        is_left[i] = goes_left[column[block->rows[i].row * (size_t)bins->columns]];
        left += is_left[i];
    }
    return left;
}

/* The left child's rows from the front of the node's place, the right one's from its end. */
static void partition_block(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    const struct row_block *block = &grower->blocks[number];
    struct open_node *open = block->open;
    bool is_left[GRADIENT_BLOCK_ROWS];
    uint32_t left_count = choose_sides(grower, block, is_left);
    uint32_t right_count = block->count - left_count;
    uint32_t left = open->first + atomic_fetch_add(&open->left, left_count);
    uint32_t right =
        open->first + open->count - right_count - atomic_fetch_add(&open->right, right_count);

    (void)worker;
    for (uint32_t i = 0; i < block->count; i++) {
        grower->child_rows[is_left[i] ? left : right] = block->rows[i];
        left += is_left[i];
        right += !is_left[i];
    }
}

/* Where both children are leaves their rows need no place any more. */
static void settle_sides(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    const struct row_block *block = &grower->blocks[number];
    const struct histogram_node *children = grower->nodes + grower->nodes[block->open->node].child;
    const float value[2] = {children[1].value, children[0].value};
    bool is_left[GRADIENT_BLOCK_ROWS];
    uint32_t left_count = choose_sides(grower, block, is_left);

    (void)worker;
    atomic_fetch_add(&block->open->left, left_count);
    for (uint32_t i = 0; grower->source->row_share >= 1 && i < block->count; i++)
        grower->source->margins[block->rows[i].row] += value[is_left[i]];
}

static void settle_block(void *context, unsigned number, unsigned worker)
{
    const struct boosted_grower *grower = context;
    const struct row_block *block = &grower->blocks[number];

    (void)worker;
    for (uint32_t i = 0; i < block->count; i++)
        grower->source->margins[block->rows[i].row] += grower->nodes[block->open->node].value;
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
        gradient_block_fill(block, &grower->columns, grower->child_rows + open->first, open->count);
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
        if (smaller->histogram == NULL || !add_blocks(grower, smaller, grower->child_rows))
            return false;
    }
    run_blocks(grower, fill_block);
    return true;
}

/* What found a split becomes the level; the rows of all others have come to their leaf. */
static bool sort_children(struct boosted_grower *grower, uint32_t count)
{
    struct gradient_row *rows = grower->child_rows;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct open_node *child = &grower->children[i];
        if (!child->split.found || child->count < KEPT_ROWS)
            histogram_pool_give(&grower->pool, &child->histogram);
        if (!child->split.found && grower->source->row_share >= 1 &&
            !add_blocks(grower, child, rows))
            return false;
    }
    run_blocks(grower, settle_block);
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
        made = add_blocks(grower, &grower->level[i], grower->rows);
    if (!made)
        return false;
    run_blocks(grower, is_last ? settle_sides : partition_block);
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
    size_t rows = grower->columns.bins->rows;
    unsigned blocks = (unsigned)((rows + GRADIENT_BLOCK_ROWS - 1) / GRADIENT_BLOCK_ROWS);
    struct open_node *root = grower->children = calloc(1, sizeof *root);

    if (root == NULL || !new_nodes(grower, 1, &root->node))
        return false;
    root->histogram = histogram_pool_take(&grower->pool);
    if (root->histogram == NULL)
        return false;
    work_run(grower->options.threads, blocks, make_root_block, grower);
    root->count = atomic_exchange(&root->left, 0);
    grower->nodes[0].visits = root->count;
    value_node(grower, root, 0);
    search(grower, root, 0);
    return sort_children(grower, 1);
}

bool boosted_tree_grow(struct boosted_grower *grower, const struct gradient_source *source,
                       unsigned number, struct histogram_tree *tree)
{
    double gradient_unit = source->gradient_unit, hessian_unit = source->hessian_unit;

    grower->source = source;
    grower->number = number;
    grower->limits = (struct gradient_limits){
        .lambda = grower->options.lambda / hessian_unit,
        .least_hessian = grower->options.least_hessian / hessian_unit,
        .least_gain = LEAST_GAIN * hessian_unit / (gradient_unit * gradient_unit),
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
