/* Walks checked beside the plainest one, and by hand. */
#include <float.h>

#include "tests/unit/scorer/sample.h"

#define MOST_SAMPLE_COLUMNS 200

static const struct tree_bounds SHARES = {0, 1 << 24};

/* One question on the first column: 0.2 to the left, 0.8 to the right, NAN right. */
static const struct grown_node STUMP[] = {
    {.left = 1, .right = 2, .column = 0, .missing_right = true, .threshold = 1.5f, .value = 0.4f},
    {.value = 0.2f},
    {.value = 0.8f},
};

static double sum_of(const struct trees *trees, const float *row)
{
    static uint64_t keys[TREES_MOST_SLOTS];
    trees_write_keys(trees->column_count, row, keys);
    return (double)trees_sum(trees, keys) * TREES_VALUE_UNIT;
}

static struct trees build(const struct grown_tree *grown, uint32_t count, uint32_t columns)
{
    struct trees trees;
    struct error error = ERROR_NONE;
    if (!trees_build(grown, count, columns, &trees, &error) || !trees_check(&trees, SHARES, &error))
        fail_msg("%s", error.text);
    return trees;
}

static void test_keys_are_in_the_order_of_their_values(void **state)
{
    (void)state;
    static const float ORDER[] = {-INFINITY, -FLT_MAX, -2, -1.5f,   -1e-40f, 0,
                                  1e-40f,    FLT_MIN,  1,  FLT_MAX, INFINITY};
    for (size_t i = 1; i < LENGTH(ORDER); i++)
        assert_true(tree_key(ORDER[i - 1]) < tree_key(ORDER[i]));
    assert_int_equal(tree_key(-0.0f), tree_key(0.0f));
    assert_true(tree_key(-INFINITY) > 0 && tree_key(INFINITY) < UINT32_MAX);
}

static void test_a_question_by_hand(void **state)
{
    (void)state;
    const struct grown_tree grown = {STUMP, LENGTH(STUMP)};
    struct trees trees = build(&grown, 1, 2);
    const struct {
        float value;
        double sum;
    } rows[] = {{1.5f, 0.2},     {1.6f, 0.8}, {-FLT_MAX, 0.2}, {-INFINITY, 0.2},
                {INFINITY, 0.8}, {NAN, 0.8},  {-0.0f, 0.2}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const float row[2] = {rows[i].value, 0};
        assert_near(sum_of(&trees, row), rows[i].sum, 1e-7);
    }
    assert_near((double)trees_base(&trees) * TREES_VALUE_UNIT, 0.4, 1e-7);
    trees_free(&trees);
}

/* The pair behind the more visited of two nodes comes first. */
static void test_what_is_visited_most_stands_first(void **state)
{
    (void)state;
    const struct grown_node nodes[] = {
        {.left = 1, .right = 2, .value = 0.5f, .visits = 100},
        {.left = 3, .right = 4, .value = 0.5f, .visits = 10},
        {.left = 5, .right = 6, .value = 0.5f, .visits = 90},
        {.value = 0.1f},
        {.value = 0.2f},
        {.value = 0.3f},
        {.value = 0.4f},
    };
    const struct grown_tree grown = {nodes, LENGTH(nodes)};
    struct trees trees = build(&grown, 1, 1);
    assert_int_equal(tree_child(&trees, 1), 5);
    assert_int_equal(tree_child(&trees, 2), 3);
    trees_free(&trees);
}

/* Adds up leaves and what each column changed on the way to them. */
static double walk_plainly(const struct grown_node *nodes, const float *row, double *changes)
{
    uint32_t at = 0;
    while (nodes[at].left != 0) {
        float value = row[nodes[at].column];
        bool right = isnan(value) ? nodes[at].missing_right : value > nodes[at].threshold;
        uint32_t next = right ? nodes[at].right : nodes[at].left;
        changes[nodes[at].column] += (double)nodes[next].value - (double)nodes[at].value;
        at = next;
    }
    return (double)nodes[at].value;
}

static void assert_walks_plainly(uint32_t tree_count, uint32_t columns, unsigned depth)
{
    struct grown_tree *grown = sample_trees(tree_count, depth, columns, 7 + tree_count);
    struct trees trees = build(grown, tree_count, columns);
    static uint64_t keys[TREES_MOST_SLOTS];
    uint64_t seed = 5;
    for (unsigned round = 0; round < 100; round++) {
        float row[MOST_SAMPLE_COLUMNS];
        double sum = 0, changes[MOST_SAMPLE_COLUMNS] = {0};
        int64_t contributions[MOST_SAMPLE_COLUMNS] = {0}, all = trees_base(&trees);
        sample_row(row, columns, &seed);
        for (uint32_t i = 0; i < tree_count; i++)
            sum += walk_plainly(grown[i].nodes, row, changes);
        assert_near(sum_of(&trees, row), sum, 1e-7 * tree_count);
        trees_write_keys(columns, row, keys);
        trees_attribute(&trees, keys, contributions);
        for (uint32_t i = 0; i < columns; i++) {
            assert_near((double)contributions[i] * TREES_VALUE_UNIT, changes[i], 1e-6 * tree_count);
            all += contributions[i];
        }
        assert_true(all == trees_sum(&trees, keys)); /* exactly */
    }
    trees_free(&trees);
    grown_trees_free(grown, tree_count);
}

static void test_walks_and_contributions_are_those_of_the_plainest_walk(void **state)
{
    (void)state;
    static const uint32_t TREES[] = {1, 9, 10, 11, 64, 100};
    for (size_t i = 0; i < LENGTH(TREES); i++) {
        assert_walks_plainly(TREES[i], 1, 6);
        assert_walks_plainly(TREES[i], 46, 0);
        assert_walks_plainly(TREES[i], TREES_NARROW_COLUMNS, 6);
        assert_walks_plainly(TREES[i], TREES_NARROW_COLUMNS + 1, 6);
        assert_walks_plainly(TREES[i], MOST_SAMPLE_COLUMNS, 3);
    }
}

/* Ways to be unsound: what is done to the stump's array, and what the sentence says of it. */
#define BAD_TREES                                                                                  \
    BAD(trees.column_count = 0, "0 columns")                                                       \
    BAD(trees.column_count = TREES_MOST_COLUMNS + 1, "2048 columns")                               \
    BAD(trees.tree_count = 0, "0 trees")                                                           \
    BAD(trees.tree_count = TREES_MOST_COUNT + 1, "cannot be")                                      \
    BAD(trees.tree_count = 4, "cannot be")                                                         \
    BAD(trees.node_count = TREES_MOST_NODES + 1, "cannot be")                                      \
    BAD(nodes[0].link = tree_link(2, 1, 2, false), "asks a column")                                \
    BAD(nodes[0].link = tree_link(2, 1, 126, true), "asks a column")                               \
    BAD(nodes[0].link = nodes[0].link | 255, "asks a column")                                      \
    BAD(nodes[0].key = tree_key(INFINITY), "not finite")                                           \
    BAD(nodes[0].key = tree_key(-INFINITY), "not finite")                                          \
    BAD(nodes[0].key = 0, "not finite")                                                            \
    BAD(nodes[0].key = UINT32_MAX, "not finite")                                                   \
    BAD(nodes[0].link = tree_link(2, 0, 0, true), "children")                                      \
    BAD(nodes[0].link = tree_link(2, 2, 0, true), "children")                                      \
    BAD(nodes[0].link = tree_link(2, 0xffffff, 0, true), "children")                               \
    BAD(nodes[2].link = tree_link(2, 3, 0, true), "children")                                      \
    BAD(nodes[1].link = tree_leaf_link(2, 0), "leaf with children")                                \
    BAD(nodes[1].link = tree_leaf_link(2, 2), "leaf with children")                                \
    BAD((nodes[1].key = tree_leaf_key(-1), values[1] = -1), "value out of bounds")                 \
    BAD((nodes[1].key = tree_leaf_key((1 << 24) + 1), values[1] = (1 << 24) + 1),                  \
        "value out of bounds")                                                                     \
    BAD(values[0] = -1, "mean out of bounds")                                                      \
    BAD(values[0] = INT32_MAX, "mean out of bounds")                                               \
    BAD(values[2]++, "two values")

static void test_unsound_trees_are_refused(void **state)
{
    (void)state;
    const struct grown_tree grown = {STUMP, LENGTH(STUMP)};
    struct trees sound = build(&grown, 1, 2);
#define BAD(change, sentence)                                                                      \
    {                                                                                              \
        struct tree_node nodes[3];                                                                 \
        int32_t values[3];                                                                         \
        struct error error = ERROR_NONE;                                                           \
        struct trees trees = sound;                                                                \
        memcpy(nodes, sound.nodes, sizeof nodes);                                                  \
        memcpy(values, sound.values, sizeof values);                                               \
        trees.nodes = nodes;                                                                       \
        trees.values = values;                                                                     \
        change;                                                                                    \
        if (trees_check(&trees, SHARES, &error))                                                   \
            fail_msg("accepted: %s", #change);                                                     \
        assert_int_equal(error.fault, FAULT_MODEL);                                                \
        assert_contains(error.text, sentence);                                                     \
    }
    BAD_TREES
#undef BAD
    trees_free(&sound);
}

static void assert_not_built(const struct grown_node *nodes, uint32_t count, const char *sentence)
{
    struct grown_tree tree = {nodes, count};
    struct error error = ERROR_NONE;
    struct trees trees;
    assert_false(trees_build(&tree, 1, 2, &trees, &error));
    assert_null(trees.nodes);
    assert_contains(error.text, sentence);
}

#define ASSERT_NOT_BUILT(change, sentence)                                                         \
    do {                                                                                           \
        struct grown_node nodes[3];                                                                \
        memcpy(nodes, STUMP, sizeof nodes);                                                        \
        change;                                                                                    \
        assert_not_built(nodes, 3, sentence);                                                      \
    } while (0)

static void test_trees_that_are_none_are_not_built(void **state)
{
    (void)state;
    struct trees trees;
    const struct grown_tree grown = {STUMP, LENGTH(STUMP)};
    assert_not_built(STUMP, 0, "no nodes");
    assert_not_built(STUMP, 2, "not one of its tree's nodes");
    ASSERT_NOT_BUILT((nodes[1].left = 1, nodes[1].right = 2), "two parents");
    ASSERT_NOT_BUILT(nodes[0].right = 0, "not one of its tree's nodes");
    ASSERT_NOT_BUILT(nodes[0].left = nodes[0].right = 0, "no parent");
    ASSERT_NOT_BUILT(nodes[0].column = 2, "column that is not there");
    ASSERT_NOT_BUILT(nodes[0].threshold = NAN, "no finite number");
    ASSERT_NOT_BUILT(nodes[0].threshold = -INFINITY, "no finite number");
    ASSERT_NOT_BUILT(nodes[2].value = NAN, "out of bounds");
    ASSERT_NOT_BUILT(nodes[2].value = 1000, "out of bounds");
    assert_false(trees_build(&grown, 0, 2, &trees, NULL));
    assert_false(trees_build(&grown, 1, 0, &trees, NULL));
    assert_false(trees_build(&grown, 1, TREES_MOST_COLUMNS + 1, &trees, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_in_the_order_of_their_values),
        cmocka_unit_test(test_a_question_by_hand),
        cmocka_unit_test(test_what_is_visited_most_stands_first),
        cmocka_unit_test(test_walks_and_contributions_are_those_of_the_plainest_walk),
        cmocka_unit_test(test_unsound_trees_are_refused),
        cmocka_unit_test(test_trees_that_are_none_are_not_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
