/* Path lengths worked out by hand, on trees written by hand and on grown ones. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/scorer/sample.h"
#include "trainer/draw.h"
#include "trainer/grow_isolation.h"

/*
 * Two trees over columns a and b, grown on 4 rows:
 *     tree 0: a <= 1.5 ? h 1 : (b <= -2 ? h 2 : h 3); missing a right, missing b left
 *     tree 1: b <= 0 ? h 1 : h 2; missing b right
 */
static const struct grown_node FIRST[] = {
    {.left = 1, .right = 2, .column = 0, .threshold = 1.5f, .missing_right = true, .value = 2},
    {.value = 1},
    {.left = 3, .right = 4, .column = 1, .threshold = -2, .missing_right = false, .value = 2.5f},
    {.value = 2},
    {.value = 3},
};
static const struct grown_node SECOND[] = {
    {.left = 1, .right = 2, .column = 1, .threshold = 0, .missing_right = true, .value = 1.5f},
    {.value = 1},
    {.value = 2},
};
static const struct grown_tree TWO_TREES[] = {{FIRST, LENGTH(FIRST)}, {SECOND, LENGTH(SECOND)}};

static void assert_path(const struct isolation_forest *forest, float a, float b, double mean_path)
{
    const float row[2] = {a, b};
    double expected = pow(2, -mean_path / isolation_mean_path(forest->sample_rows)), all;
    assert_near(isolation_score(forest, row), expected, 1e-12);
    isolation_score_rows(forest, row, 1, &all);
    assert_true(all == isolation_score(forest, row));
}

static void test_mean_path(void **state)
{
    (void)state;
    assert_true(isolation_mean_path(0) == 0 && isolation_mean_path(1) == 0);
    assert_true(isolation_mean_path(2) == 1);
    /* 2 (ln 2 + 0.5772156649) - 4/3 = 2.5407256910 - 1.3333333333 */
    assert_near(isolation_mean_path(3), 1.2073923577, 1e-9);
    /* 2 (ln 255 + 0.5772156649) - 510/256 = 12.2369585 - 1.9921875 */
    assert_near(isolation_mean_path(256), 10.2447709, 1e-6);
}

static void test_paths_by_hand(void **state)
{
    struct isolation_forest forest = {.sample_rows = 4};
    struct error error = ERROR_NONE;
    (void)state;
    assert_true(trees_build(TWO_TREES, 2, 2, &forest.trees, &error));
    assert_path(&forest, 1.5f, 0, 1);   /* h 1 and 1: at a threshold is left */
    assert_path(&forest, 2, 5, 2.5);    /* 3 and 2 */
    assert_path(&forest, 2, -3, 1.5);   /* 2 and 1 */
    assert_path(&forest, 1, 0.5f, 1.5); /* 1 and 2 */
    assert_path(&forest, NAN, 5, 2.5);  /* 3 and 2: a missing right */
    assert_path(&forest, NAN, NAN, 2);  /* 2 and 2: b missing left, then right */
    assert_path(&forest, INFINITY, -INFINITY, 1.5);
    assert_path(&forest, -INFINITY, -0.0f, 1);
    trees_free(&forest.trees);
}

static struct isolation_forest grow(const float *table, size_t rows, unsigned columns,
                                    struct isolation_options options)
{
    struct grown_isolation grown;
    struct isolation_forest forest;
    struct error error = ERROR_NONE;
    if (!grow_isolation(table, rows, columns, &options, &grown, &error) ||
        !isolation_forest_build(&grown, columns, &forest, &error) ||
        !trees_check(&forest.trees, (struct tree_bounds){0, 40 << 24}, &error))
        fail_msg("%s", error.text);
    grown_isolation_finish(&grown);
    return forest;
}

/* No leaf of the tree lies deeper than this. */
static unsigned height(const struct trees *trees, uint32_t at)
{
    if (tree_is_leaf(trees, at))
        return 0;
    unsigned left = height(trees, tree_child(trees, at));
    unsigned right = height(trees, tree_child(trees, at) + 1);
    return 1 + (left > right ? left : right);
}

/* An inner node's value is the mean of what lies below it, by the rows that came there. */
static void test_values_of_inner_nodes(void **state)
{
    const float table[] = {2, 2, 9, 2};
    struct isolation_forest forest =
        grow(table, 4, 1, (struct isolation_options){.trees = 10, .sample = 4, .seed = 8});
    double scores[4];
    (void)state;
    isolation_score_rows(&forest, table, 4, scores);
    double paths = 0;
    for (unsigned i = 0; i < 4; i++)
        paths += -log2(scores[i]) * isolation_mean_path(4) / 4;
    assert_near((double)trees_base(&forest.trees) * TREES_VALUE_UNIT / 10, paths, 1e-6);
    trees_free(&forest.trees);
}

/* Two rows that differ: one split sets each apart, whatever the draw. */
static void test_two_rows(void **state)
{
    const float table[] = {0, 7, 1, 7};
    struct isolation_forest forest =
        grow(table, 2, 2, (struct isolation_options){.trees = 5, .sample = 256, .seed = 3});
    (void)state;
    assert_int_equal(forest.sample_rows, 2);
    assert_int_equal(height(&forest.trees, 0), 1);
    assert_int_equal(forest.trees.node_count, 5 * 3);
    assert_near(isolation_score(&forest, table), 0.5, 1e-7);     /* h = 1, c(2) = 1 */
    assert_near(isolation_score(&forest, table + 2), 0.5, 1e-7); /* also */
    trees_free(&forest.trees);
}

/* Nothing tells the rows apart: every tree is one leaf of h = c(4), and s = 2^-1. */
static void test_rows_that_are_equal(void **state)
{
    const float table[] = {3, NAN, 3, NAN, 3, NAN, 3, 5};
    struct isolation_forest forest =
        grow(table, 4, 2, (struct isolation_options){.trees = 4, .sample = 4, .seed = 1});
    (void)state;
    assert_int_equal(forest.trees.node_count, 4);
    assert_near(isolation_score(&forest, table), 0.5, 1e-7);
    trees_free(&forest.trees);
}

/*
 * Three equal rows and one apart, in one column: the only split parts them. The one: h = 1. The
 * three: h = 1 + c(3), as nothing parts them further.
 */
static void test_one_row_apart(void **state)
{
    const float table[] = {2, 2, 9, 2};
    struct isolation_forest forest =
        grow(table, 4, 1, (struct isolation_options){.trees = 10, .sample = 4, .seed = 8});
    (void)state;
    double c3 = 1.2073923577, c4 = isolation_mean_path(4);
    assert_int_equal(forest.trees.node_count, 10 * 3);
    assert_near(isolation_score(&forest, &table[2]), pow(2, -1 / c4), 1e-7);
    assert_near(isolation_score(&forest, &table[0]), pow(2, -(1 + c3) / c4), 1e-7);
    trees_free(&forest.trees);
}

/* All of four rows differ: the limit of height is 2, whatever is left there has c(rows). */
static void test_height_limit(void **state)
{
    const float table[] = {0, 1, 1000, 1e6f, 1e9f, 1e12f, 1e15f, 1e18f};
    struct isolation_forest forest =
        grow(table, 8, 1, (struct isolation_options){.trees = 50, .sample = 5, .seed = 2});
    (void)state;
    for (uint32_t tree = 0; tree < 50; tree++)
        assert_true(height(&forest.trees, tree) <= 3); /* ceil(log2 5) */
    assert_int_equal(forest.sample_rows, 5);
    trees_free(&forest.trees);
}

/*
 * Rows 0, 0, 0, 1 and one missing: the split parts 0 from 1, and a missing value goes left in three
 * trees of four. Left: h = 1 + c(4) with it, right: h = 1 + c(2).
 */
static void test_missing_side_is_drawn_in_proportion(void **state)
{
    const float table[] = {0, 0, 0, 1, NAN};
    const uint32_t trees = 4000;
    struct isolation_forest forest =
        grow(table, 5, 1, (struct isolation_options){.trees = trees, .sample = 5, .seed = 5});
    (void)state;
    double left = 1 + isolation_mean_path(4), right = 1 + isolation_mean_path(2);
    double path = -log2(isolation_score(&forest, &table[4])) * isolation_mean_path(5);
    assert_near((right - path) / (right - left), 0.75, 0.03);
    trees_free(&forest.trees);
}

#define ROWS    3000
#define COLUMNS 20

static float *random_table(void)
{
    float *table = calloc((size_t)ROWS * COLUMNS, sizeof *table);
    struct draw draw;
    draw_seed(&draw, 11, 0);
    assert_non_null(table);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        table[i] = (float)draw_normal(&draw, 0, 1);
        if (draw_chance(&draw, 0.05))
            table[i] = NAN;
    }
    table[7] = INFINITY;
    table[COLUMNS] = -INFINITY;
    return table;
}

static void test_threads_change_nothing(void **state)
{
    float *table = random_table();
    struct isolation_options options = {.trees = 100, .sample = 256, .threads = 1, .seed = 77};
    struct isolation_forest one = grow(table, ROWS, COLUMNS, options);
    (void)state;
    options.threads = 2;
    struct isolation_forest two = grow(table, ROWS, COLUMNS, options);
    options.seed = 78;
    struct isolation_forest other = grow(table, ROWS, COLUMNS, options);
    assert_int_equal(one.trees.node_count, two.trees.node_count);
    assert_memory_equal(one.trees.nodes, two.trees.nodes,
                        one.trees.node_count * sizeof *one.trees.nodes);
    size_t least = one.trees.node_count < other.trees.node_count ? one.trees.node_count
                                                                 : other.trees.node_count;
    assert_memory_not_equal(one.trees.nodes, other.trees.nodes, least * sizeof *one.trees.nodes);
    trees_free(&other.trees);
    trees_free(&two.trees);
    trees_free(&one.trees);
    free(table);
}

static void test_a_row_far_off_scores_higher(void **state)
{
    float *table = random_table(), far[COLUMNS], near[COLUMNS];
    struct isolation_forest forest = grow(
        table, ROWS, COLUMNS, (struct isolation_options){.trees = 100, .sample = 256, .seed = 4});
    double *scores = calloc(ROWS, sizeof *scores);
    (void)state;
    assert_non_null(scores);
    for (unsigned i = 0; i < COLUMNS; i++) {
        far[i] = 50;
        near[i] = 0;
    }
    assert_true(isolation_score(&forest, far) > 0.6);
    assert_true(isolation_score(&forest, near) < 0.5);
    isolation_score_rows(&forest, table, ROWS, scores);
    for (size_t i = 0; i < ROWS; i++)
        assert_true(scores[i] == isolation_score(&forest, table + i * COLUMNS));
    free(scores);
    trees_free(&forest.trees);
    free(table);
}

static void assert_not_grown(size_t rows, unsigned columns, struct isolation_options options,
                             const char *text)
{
    static const float table[2 * (TREES_MOST_COLUMNS + 1)];
    struct grown_isolation grown;
    struct error error = ERROR_NONE;
    assert_false(grow_isolation(table, rows, columns, &options, &grown, &error));
    if (strstr(error.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void test_requests_that_cannot_be(void **state)
{
    const struct isolation_options usual = {.trees = 100, .sample = 256};
    (void)state;
    assert_not_grown(1, 1, usual, "rows, here are 1");
    assert_not_grown(2, 0, usual, "columns, not 0");
    assert_not_grown(2, TREES_MOST_COLUMNS + 1, usual, "columns, not 2048");
    assert_not_grown(2, 1, (struct isolation_options){.trees = 1, .sample = 1}, "sample");
    assert_not_grown(2, 1, (struct isolation_options){.trees = 0, .sample = 2}, "trees");
    assert_not_grown(2, 1, (struct isolation_options){.trees = 5000, .sample = 256},
                     "1 to 4096 trees, not 5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_path),
        cmocka_unit_test(test_paths_by_hand),
        cmocka_unit_test(test_values_of_inner_nodes),
        cmocka_unit_test(test_two_rows),
        cmocka_unit_test(test_rows_that_are_equal),
        cmocka_unit_test(test_one_row_apart),
        cmocka_unit_test(test_height_limit),
        cmocka_unit_test(test_missing_side_is_drawn_in_proportion),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_a_row_far_off_scores_higher),
        cmocka_unit_test(test_requests_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
