#include "trainer/table_score.h"

#include <math.h>

#include "trainer/grown_trees.h"
#include "trainer/work_queue.h"

#define BLOCK_ROWS 512

struct scoring {
    const struct histogram_tree *grown;
    unsigned count;
    const struct table_bins *bins;
    table_score_of *score_of;
    const void *model;
    float *scores;
    struct trees trees;            /* where they can be held */
    float value_of[UINT8_MAX + 1]; /* of a bin, as the trees compare it */
};

struct block {
    size_t first, count;
};

static struct block block_of(const struct scoring *scoring, unsigned number)
{
    size_t first = (size_t)number * BLOCK_ROWS, left = scoring->bins->rows - first;
    return (struct block){first, left < BLOCK_ROWS ? left : BLOCK_ROWS};
}

static void score_block(void *context, unsigned number, unsigned worker)
{
    const struct scoring *scoring = context;
    const unsigned columns = scoring->bins->columns;
    const struct block block = block_of(scoring, number);
    const uint8_t *bins = scoring->bins->bins + block.first * columns;
    float row[TREES_MOST_COLUMNS];
    uint64_t keys[TREES_MOST_SLOTS];

    (void)worker;
    for (size_t i = 0; i < block.count; i++, bins += columns) {
        for (unsigned column = 0; column < columns; column++)
            row[column] = scoring->value_of[bins[column]];
        trees_write_keys(columns, row, keys);
        double sum = (double)trees_sum(&scoring->trees, keys) * TREES_VALUE_UNIT;
        scoring->scores[block.first + i] = scoring->score_of(scoring->model, sum);
    }
}

/* Tree by tree over a block of rows, so that both stay in cache. */
static void walk_block(void *context, unsigned number, unsigned worker)
{
    const struct scoring *scoring = context;
    const unsigned columns = scoring->bins->columns;
    const struct block block = block_of(scoring, number);
    const uint8_t *bins = scoring->bins->bins + block.first * columns;
    double sums[BLOCK_ROWS] = {0};

    (void)worker;
    for (unsigned tree = 0; tree < scoring->count; tree++) {
        for (size_t i = 0; i < block.count; i++)
            sums[i] += (double)tree_leaf(&scoring->grown[tree], bins + i * columns)->value;
    }
    for (size_t i = 0; i < block.count; i++)
        scoring->scores[block.first + i] = scoring->score_of(scoring->model, sums[i]);
}

/* trees_build() would refuse them too, but once they have been copied. */
static bool are_too_many(const struct scoring *scoring)
{
    uint64_t nodes = 0;
    for (unsigned tree = 0; tree < scoring->count; tree++)
        nodes += scoring->grown[tree].count;
    return nodes > trees_most_nodes(scoring->bins->columns);
}

static bool build_trees(struct scoring *scoring)
{
    struct grown_tree *grown = NULL;

    if (are_too_many(scoring))
        return false;
    for (unsigned bin = 0; bin <= UINT8_MAX; bin++)
        scoring->value_of[bin] = bin == BIN_MISSING ? NAN : (float)bin;
    if (!grown_trees_of(scoring->grown, scoring->count, NULL, &grown, NULL))
        return false;
    bool built = trees_build(grown, scoring->count, scoring->bins->columns, &scoring->trees, NULL);
    grown_trees_free(grown, scoring->count);
    return built;
}

void table_score(const struct histogram_tree *grown, unsigned count, const struct table_bins *bins,
                 unsigned threads, table_score_of *score_of, const void *model, float *scores)
{
    struct scoring scoring = {
        .grown = grown,
        .count = count,
        .bins = bins,
        .score_of = score_of,
        .model = model,
        .scores = scores,
    };
    unsigned blocks = (unsigned)((bins->rows + BLOCK_ROWS - 1) / BLOCK_ROWS);

    work_run(threads, blocks, build_trees(&scoring) ? score_block : walk_block, &scoring);
    trees_free(&scoring.trees);
}
