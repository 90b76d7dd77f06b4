#include <stdlib.h>
#include <string.h>

#include "trainer/boosted_grower.h"

#define TURN_ROWS 1024

static void turn_block(void *context, unsigned number, unsigned worker)
{
    const struct boosted_grower *grower = context;
    const struct table_bins *bins = grower->columns.bins;
    size_t first = (size_t)number * TURN_ROWS;
    size_t end = bins->rows - first < TURN_ROWS ? bins->rows : first + TURN_ROWS;

    (void)worker;
    for (size_t c = 0; c < bins->columns; c++) {
        for (size_t row = first; row < end; row++)
            grower->by_column[c * bins->rows + row] = bins->bins[row * bins->columns + c];
    }
}

void boosted_rows_turn(struct boosted_grower *grower)
{
    size_t rows = grower->columns.bins->rows;
    work_run(grower->options.threads, (unsigned)((rows + TURN_ROWS - 1) / TURN_ROWS), turn_block,
             grower);
}

bool boosted_rows_add(struct boosted_grower *grower, struct open_node *open, const uint32_t *rows)
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

static void add_to_histogram(struct boosted_grower *grower, const uint32_t *rows, uint32_t count,
                             struct kept_histogram *histogram, unsigned worker)
{
    gradient_block *block = grower->block_sums[worker];

    gradient_block_fill(block, &grower->columns, rows, count, grower->packed);
    pthread_mutex_lock(&histogram->lock);
    gradient_block_move(block, &grower->columns, histogram->sums);
    pthread_mutex_unlock(&histogram->lock);
}

static void make_root_block(void *context, unsigned number, unsigned worker)
{
    struct boosted_grower *grower = context;
    struct open_node *root = grower->children;
    uint32_t made[GRADIENT_BLOCK_ROWS];
    struct gradient_sums total = {0, 0};
    uint32_t count = gradient_rows_make(grower->source, grower->number, number,
                                        (uint32_t)grower->columns.bins->rows, made, grower->packed);

    for (uint32_t i = 0; i < count; i++)
        gradient_unpack(&total, grower->packed[made[i]]);
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
    const uint8_t *column = grower->by_column + split->column * bins->rows;
    bool goes_left[256];
    uint32_t left = 0;

    for (unsigned bin = 0; bin < 256; bin++)
        goes_left[bin] = bin == BIN_MISSING ? !split->missing_right : bin <= split->cut;
    for (uint32_t i = 0; i < block->count; i++) {
        is_left[i] = goes_left[column[block->rows[i]]];
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
        grower->source->margins[block->rows[i]] += value[is_left[i]];
}

static void settle_block(void *context, unsigned number, unsigned worker)
{
    const struct boosted_grower *grower = context;
    const struct row_block *block = &grower->blocks[number];

    (void)worker;
    for (uint32_t i = 0; i < block->count; i++)
        grower->source->margins[block->rows[i]] += grower->nodes[block->open->node].value;
}

void boosted_rows_make(struct boosted_grower *grower)
{
    size_t rows = grower->columns.bins->rows;
    unsigned blocks = (unsigned)((rows + GRADIENT_BLOCK_ROWS - 1) / GRADIENT_BLOCK_ROWS);
    work_run(grower->options.threads, blocks, make_root_block, grower);
}

void boosted_rows_fill(struct boosted_grower *grower)
{
    run_blocks(grower, fill_block);
}

void boosted_rows_part(struct boosted_grower *grower)
{
    run_blocks(grower, partition_block);
}

void boosted_rows_part_last(struct boosted_grower *grower)
{
    run_blocks(grower, settle_sides);
}

void boosted_rows_settle(struct boosted_grower *grower)
{
    run_blocks(grower, settle_block);
}
