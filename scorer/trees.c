#include "scorer/trees.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "scorer/tree_step.h"

#define BATCH        10 /* trees walked side by side, so that their cache misses overlap */
#define LEVELS       4  /* between two looks whether all have come to their leaves */
#define LEAST_KEY    UINT64_C(0)
#define GREATEST_KEY UINT64_MAX
#define SIGN_BIT     UINT32_C(0x80000000)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a key is the upper half of a node");
static_assert(sizeof(struct tree_node) == 8, "nodes are 8 bytes in the file");
static_assert(offsetof(struct tree_node, link) == 0, "a node's low half is its link");
static_assert(TREE_LEAF_SLOT(TREE_NARROW_BITS) < TREES_NARROW_SLOTS &&
                  TREE_LEAF_SLOT(TREE_WIDE_BITS) < TREES_MOST_SLOTS &&
                  TREES_NARROW_SLOTS == 1 << TREE_NARROW_BITS &&
                  TREES_MOST_SLOTS == 1 << TREE_WIDE_BITS,
              "a slot fits into its bits");
static_assert(TREES_MOST_NODES == UINT32_C(1) << (32 - TREE_NARROW_BITS),
              "a child fits into its bits");

/* ---- nodes ---------------------------------------------------------------------------------- */

static unsigned slot_bits(uint32_t column_count)
{
    return column_count <= TREES_NARROW_COLUMNS ? TREE_NARROW_BITS : TREE_WIDE_BITS;
}

static uint32_t leaf_slot(uint32_t column_count)
{
    return column_count <= TREES_NARROW_COLUMNS ? TREE_LEAF_SLOT(TREE_NARROW_BITS)
                                                : TREE_LEAF_SLOT(TREE_WIDE_BITS);
}

uint32_t trees_most_nodes(uint32_t column_count)
{
    return UINT32_C(1) << (32 - slot_bits(column_count));
}

uint32_t tree_key(float value)
{
    uint32_t bits;
    value += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    /* The larger a negative float's bits, the smaller it is. */
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

uint32_t tree_leaf_key(int32_t value)
{
    return (uint32_t)value ^ SIGN_BIT;
}

int32_t tree_leaf_value(const struct trees *trees, uint32_t at)
{
    return (int32_t)(trees->nodes[at].key ^ SIGN_BIT);
}

uint32_t tree_link(uint32_t column_count, uint32_t child, unsigned column, bool missing_right)
{
    return child << slot_bits(column_count) | (2 * (uint32_t)column + missing_right);
}

uint32_t tree_leaf_link(uint32_t column_count, uint32_t at)
{
    return at << slot_bits(column_count) | leaf_slot(column_count);
}

static uint32_t tree_slot(const struct trees *trees, uint32_t at)
{
    return trees->nodes[at].link & ((UINT32_C(1) << slot_bits(trees->column_count)) - 1);
}

bool tree_is_leaf(const struct trees *trees, uint32_t at)
{
    return tree_slot(trees, at) == leaf_slot(trees->column_count);
}

unsigned tree_column(const struct trees *trees, uint32_t at)
{
    return tree_slot(trees, at) / 2;
}

uint32_t tree_child(const struct trees *trees, uint32_t at)
{
    return trees->nodes[at].link >> slot_bits(trees->column_count);
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool is_within(int32_t value, struct tree_bounds bounds)
{
    return value >= bounds.least && value <= bounds.most;
}

const char *tree_unsound(const struct trees *trees, uint32_t at, struct tree_bounds bounds)
{
    uint32_t key = trees->nodes[at].key, child = tree_child(trees, at);
    if (tree_is_leaf(trees, at)) {
        if (child != at)
            return "is a leaf with children";
        return is_within(tree_leaf_value(trees, at), bounds) ? NULL : "has a value out of bounds";
    }
    if (tree_slot(trees, at) >= 2 * trees->column_count)
        return "asks a column that is not there";
    if (key >= TREE_INFINITE_KEY || key <= ~TREE_INFINITE_KEY)
        return "has a threshold that is not finite";
    if (child <= at || child < trees->tree_count || child >= trees->node_count - 1)
        return "has unsound children";
    return NULL;
}

const char *tree_value_unsound(const struct trees *trees, uint32_t at, struct tree_bounds bounds)
{
    int32_t value = trees->values[at];
    if (tree_is_leaf(trees, at) && value != tree_leaf_value(trees, at))
        return "is a leaf of two values";
    return is_within(value, bounds) ? NULL : "has a mean out of bounds";
}

bool trees_check_sizes(const struct trees *trees, struct error *error)
{
    if (trees->column_count < 1 || trees->column_count > TREES_MOST_COLUMNS)
        return error_set(error, FAULT_MODEL, "trees of %u columns, which must be 1 to %u",
                         trees->column_count, TREES_MOST_COLUMNS);
    if (trees->tree_count < 1 || trees->tree_count > TREES_MOST_COUNT ||
        trees->node_count < trees->tree_count ||
        trees->node_count > trees_most_nodes(trees->column_count))
        return error_set(error, FAULT_MODEL, "%u trees of %u nodes, which cannot be",
                         trees->tree_count, trees->node_count);
    return true;
}

bool trees_check(const struct trees *trees, struct tree_bounds bounds, struct error *error)
{
    if (!trees_check_sizes(trees, error))
        return false;
    for (uint32_t at = 0; at < trees->node_count; at++) {
        const char *why = tree_unsound(trees, at, bounds);
        if (why == NULL)
            why = tree_value_unsound(trees, at, bounds);
        if (why != NULL)
            return error_set(error, FAULT_MODEL, "node %u of the trees %s", at, why);
    }
    return true;
}

/* ---- walks ---------------------------------------------------------------------------------- */

void trees_write_keys(uint32_t column_count, const float *row, uint64_t *keys)
{
    for (uint32_t column = 0; column < column_count; column++) {
        uint64_t key = (uint64_t)tree_key(row[column]) << 32;
        bool missing = isnan(row[column]);
        keys[2 * column] = missing ? LEAST_KEY : key;
        keys[2 * column + 1] = missing ? GREATEST_KEY : key;
    }
    keys[leaf_slot(column_count)] = LEAST_KEY;
}

uint32_t tree_next(const struct trees *trees, uint32_t at, const uint64_t *keys)
{
    return tree_step(tree_word(&trees->nodes[at]), keys, slot_bits(trees->column_count));
}

/* From the roots in words[] to their leaves. */
TREE_ALWAYS_HERE void walk(const struct tree_node *nodes, const uint64_t *keys,
                           uint64_t words[BATCH], const unsigned bits)
{
    const uint32_t leaf = TREE_LEAF_SLOT(bits);
    uint32_t inner;
    do {
        for (unsigned level = 0; level < LEVELS; level++) {
#pragma GCC unroll 10
            for (unsigned i = 0; i < BATCH; i++)
                words[i] = tree_word(&nodes[tree_step(words[i], keys, bits)]);
        }
        inner = 0;
#pragma GCC unroll 10
        for (unsigned i = 0; i < BATCH; i++)
            inner |= (uint32_t)words[i] ^ leaf;
    } while ((inner & ((UINT32_C(1) << bits) - 1)) != 0);
}

/* Of leaves' keys, which are what their values are above the least one. */
TREE_ALWAYS_HERE uint64_t sum_keys(const struct trees *trees, const uint64_t *keys,
                                   const unsigned bits)
{
    const struct tree_node *nodes = trees->nodes;
    uint32_t first = 0, count = trees->tree_count;
    uint64_t words[BATCH], sum = 0;
    for (; first + BATCH <= count; first += BATCH) {
#pragma GCC unroll 10
        for (uint32_t i = 0; i < BATCH; i++)
            words[i] = tree_word(&nodes[first + i]);
        walk(nodes, keys, words, bits);
#pragma GCC unroll 10
        for (uint32_t i = 0; i < BATCH; i++)
            sum += words[i] >> 32;
    }
    if (first == count)
        return sum;
    for (uint32_t i = 0; i < BATCH; i++)
        words[i] = tree_word(&nodes[first + i < count ? first + i : 0]);
    walk(nodes, keys, words, bits);
    for (uint32_t i = 0; first + i < count; i++)
        sum += words[i] >> 32;
    return sum;
}

int64_t trees_sum(const struct trees *trees, const uint64_t *keys)
{
    uint64_t sum = trees->column_count <= TREES_NARROW_COLUMNS
                       ? sum_keys(trees, keys, TREE_NARROW_BITS)
                       : sum_keys(trees, keys, TREE_WIDE_BITS);
    return (int64_t)sum - (int64_t)SIGN_BIT * trees->tree_count;
}

struct scoring {
    const struct trees *trees;
    tree_score *score;
    const void *context;
};

static void score_rows(const struct scoring *scoring, const float *table, size_t rows,
                       uint64_t *keys, double *scores)
{
    uint32_t columns = scoring->trees->column_count;
    for (size_t i = 0; i < rows; i++) {
        trees_write_keys(columns, table + i * columns, keys);
        scores[i] = scoring->score(scoring->context, trees_sum(scoring->trees, keys));
    }
}

/* Apart, so that only wide tables pay for a large stack. */
static __attribute__((noinline)) void
score_wide_rows(const struct scoring *scoring, const float *table, size_t rows, double *scores)
{
    uint64_t keys[TREES_MOST_SLOTS];
    score_rows(scoring, table, rows, keys, scores);
}

void trees_score_rows(const struct trees *trees, const float *table, size_t rows, tree_score *score,
                      const void *context, double *scores)
{
    const struct scoring scoring = {trees, score, context};
    uint64_t keys[TREES_NARROW_SLOTS];
    if (trees->column_count <= TREES_NARROW_COLUMNS)
        score_rows(&scoring, table, rows, keys, scores);
    else
        score_wide_rows(&scoring, table, rows, scores);
}

void trees_attribute(const struct trees *trees, const uint64_t *keys, int64_t *contributions)
{
    for (uint32_t tree = 0; tree < trees->tree_count; tree++) {
        uint32_t at = tree;
        while (!tree_is_leaf(trees, at)) {
            uint32_t next = tree_next(trees, at, keys);
            contributions[tree_column(trees, at)] +=
                (int64_t)trees->values[next] - trees->values[at];
            at = next;
        }
    }
}

int64_t trees_base(const struct trees *trees)
{
    int64_t sum = 0;
    for (uint32_t tree = 0; tree < trees->tree_count; tree++)
        sum += trees->values[tree];
    return sum;
}
