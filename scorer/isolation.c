#include "scorer/isolation.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define BATCH        8 /* trees walked side by side, so that their cache misses overlap */
#define EULER        0.57721566490153286061
#define LEAST_KEY    UINT64_C(0)
#define GREATEST_KEY UINT64_MAX
#define CHILD_MASK   (ISOLATION_MAX_NODES - 1)
#define SIGN_BIT     UINT32_C(0x80000000)
#define MOST_SLOTS   (2 * ISOLATION_MAX_COLUMNS + 1)

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a key is the upper half of a node");
static_assert(sizeof(struct isolation_node) == 8, "nodes are 8 bytes");
static_assert(MOST_SLOTS <= UINT32_C(1) << (32 - ISOLATION_CHILD_BITS), "a slot fits in its bits");

double isolation_mean_path(uint32_t rows)
{
    if (rows <= 1)
        return 0;
    if (rows == 2)
        return 1;
    double n = rows;
    return 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n;
}

uint32_t isolation_key(float value)
{
    uint32_t bits;
    value += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

uint32_t isolation_leaf_key(uint32_t depth, uint32_t rows)
{
    return (uint32_t)lround((depth + isolation_mean_path(rows)) / ISOLATION_PATH_UNIT);
}

uint32_t isolation_link(uint32_t child, unsigned column, bool missing_right)
{
    return (2 * (uint32_t)column + missing_right) << ISOLATION_CHILD_BITS | child;
}

uint32_t isolation_leaf_link(uint32_t at, uint32_t column_count)
{
    return 2 * column_count << ISOLATION_CHILD_BITS | at;
}

static uint32_t child_of(const struct isolation_node *node)
{
    return node->link & CHILD_MASK;
}

static bool refuse_node(uint32_t at, const char *why, struct error *error)
{
    return error_set(error, FAULT_MODEL, "the isolation forest's node %u %s", at, why);
}

static bool check_inner(const struct isolation_forest *forest, uint32_t at, struct error *error)
{
    const struct isolation_node *node = &forest->nodes[at];
    if (node->link >> ISOLATION_CHILD_BITS >= 2 * forest->column_count)
        return refuse_node(at, "asks a column that is not there", error);
    if (child_of(node) <= at || child_of(node) + 1 >= forest->node_count)
        return refuse_node(at, "has unsound children", error);
    if (node->key <= isolation_key(-INFINITY) || node->key >= isolation_key(INFINITY))
        return refuse_node(at, "has a threshold that is not finite", error);
    return true;
}

static bool check_leaf(const struct isolation_forest *forest, uint32_t at, struct error *error)
{
    return forest->nodes[at].key <= isolation_leaf_key(forest->depth, forest->sample_rows) ||
           refuse_node(at, "is a leaf of unsound path length", error);
}

/* Depth first, the left child first; *visited counts over all trees and may not pass node_count. */
static bool check_tree(const struct isolation_forest *forest, uint32_t root, uint32_t *visited,
                       struct error *error)
{
    uint32_t waiting[ISOLATION_MAX_DEPTH + 1], depths[ISOLATION_MAX_DEPTH + 1], count = 0;
    waiting[count] = root;
    depths[count++] = 0;
    while (count > 0) {
        uint32_t at = waiting[--count], depth = depths[count];
        if (++*visited > forest->node_count)
            return refuse_node(at, "has more than one parent", error);
        if (forest->nodes[at].link == isolation_leaf_link(at, forest->column_count)) {
            if (!check_leaf(forest, at, error))
                return false;
            continue;
        }
        if (!check_inner(forest, at, error))
            return false;
        if (depth == forest->depth)
            return refuse_node(at, "lies too deep", error);
        for (uint32_t side = 2; side-- > 0; count++) {
            waiting[count] = child_of(&forest->nodes[at]) + side;
            depths[count] = depth + 1;
        }
    }
    return true;
}

bool isolation_check(const struct isolation_forest *forest, struct error *error)
{
    if (forest->column_count < 1 || forest->column_count > ISOLATION_MAX_COLUMNS ||
        forest->depth > ISOLATION_MAX_DEPTH || forest->sample_rows < 2 ||
        forest->sample_rows > ISOLATION_MAX_SAMPLE)
        return error_set(error, FAULT_MODEL,
                         "the isolation forest has columns, a depth or a sample out of bounds");
    if (forest->tree_count < 1 || forest->node_count < forest->tree_count ||
        forest->node_count > ISOLATION_MAX_NODES)
        return error_set(error, FAULT_MODEL,
                         "the isolation forest has no trees, fewer nodes than trees or too many");
    uint32_t visited = 0;
    for (uint32_t tree = 0; tree < forest->tree_count; tree++) {
        if (!check_tree(forest, tree, &visited, error))
            return false;
    }
    return visited == forest->node_count ||
           error_set(error, FAULT_MODEL,
                     "the isolation forest has another number of nodes than its trees reach");
}

/* What nodes ask, by slot: a key in the upper half, so that it compares with a whole node. */
static void write_keys(const struct isolation_forest *forest, const float *row,
                       uint64_t keys[MOST_SLOTS])
{
    for (uint32_t column = 0; column < forest->column_count; column++) {
        uint64_t key = (uint64_t)isolation_key(row[column]) << 32;
        bool missing = isnan(row[column]);
        keys[2 * column] = missing ? LEAST_KEY : key;
        keys[2 * column + 1] = missing ? GREATEST_KEY : key;
    }
    keys[2 * forest->column_count] = LEAST_KEY;
}

static inline uint64_t node_word(const struct isolation_node *node)
{
    uint64_t word;
    memcpy(&word, node, sizeof word);
    return word;
}

/*
 * Arithmetic instead of a choice: no compiler makes a branch of it. A node of the value's own key
 * is not less than it, whatever its link: to the left.
 */
static inline uint64_t next_word(const struct isolation_node *nodes, const uint64_t *keys,
                                 uint64_t word)
{
    uint64_t greater = word < keys[(uint32_t)word >> ISOLATION_CHILD_BITS];
    return node_word(&nodes[(word & CHILD_MASK) + greater]);
}

static inline void walk_batch(const struct isolation_forest *forest, const uint64_t *keys,
                              uint64_t words[BATCH])
{
    const struct isolation_node *nodes = forest->nodes;
    for (uint32_t step = 0; step < forest->depth; step++) {
#pragma GCC unroll 16
        for (uint32_t i = 0; i < BATCH; i++)
            words[i] = next_word(nodes, keys, words[i]);
    }
}

/* h summed over all trees, in ISOLATION_PATH_UNITs. */
static inline uint64_t sum_paths(const struct isolation_forest *forest, const uint64_t *keys)
{
    const struct isolation_node *nodes = forest->nodes;
    uint32_t first = 0, trees = forest->tree_count;
    uint64_t words[BATCH], sum = 0;
    for (; first + BATCH <= trees; first += BATCH) {
#pragma GCC unroll 16
        for (uint32_t i = 0; i < BATCH; i++)
            words[i] = node_word(&nodes[first + i]);
        walk_batch(forest, keys, words);
#pragma GCC unroll 16
        for (uint32_t i = 0; i < BATCH; i++)
            sum += words[i] >> 32;
    }
    for (uint32_t i = 0; i < BATCH; i++)
        words[i] = node_word(&nodes[first + i < trees ? first + i : 0]);
    walk_batch(forest, keys, words);
    for (uint32_t i = 0; first + i < trees; i++)
        sum += words[i] >> 32;
    return sum;
}

/* keys: room for the row's; scale: what h summed over the trees is multiplied by. */
static double score_row(const struct isolation_forest *forest, const float *row, double scale,
                        uint64_t keys[MOST_SLOTS])
{
    write_keys(forest, row, keys);
    return exp2(-(double)sum_paths(forest, keys) * scale);
}

static double scale_of(const struct isolation_forest *forest)
{
    return ISOLATION_PATH_UNIT / (isolation_mean_path(forest->sample_rows) * forest->tree_count);
}

double isolation_score(const struct isolation_forest *forest, const float *row)
{
    uint64_t keys[MOST_SLOTS];
    return score_row(forest, row, scale_of(forest), keys);
}

void isolation_score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                          double *scores)
{
    uint64_t keys[MOST_SLOTS];
    double scale = scale_of(forest);
    for (size_t i = 0; i < rows; i++)
        scores[i] = score_row(forest, table + i * forest->column_count, scale, keys);
}
