/* The forest's core on tables small enough to be worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "many_rows.h"
#include "trainer/table_forest.h"

static const struct table_forest_options ONE_TREE = {.trees = 1,
                                                     .depth = 4,
                                                     .threads = 1,
                                                     .smallest_leaf = 1,
                                                     .seed = 1,
                                                     .every_row = true,
                                                     .plain_shares = true};

struct grown {
    struct table_bins *bins;
    struct table_forest forest;
};

static void grow(struct grown *grown, const struct table_view *view,
                 const struct table_labels *labels, const struct table_forest_options *options,
                 float *out_of_bag)
{
    struct error error = ERROR_NONE;
    assert_true(table_bins_create(&grown->bins, view, options->threads, &error));
    if (!table_forest_grow(&grown->forest, grown->bins, labels, options, out_of_bag, &error))
        fail_msg("%s", error.text);
}

static void finish(struct grown *grown)
{
    table_forest_finish(&grown->forest);
    table_bins_destroy(grown->bins);
}

static float threshold(const struct grown *grown, const struct histogram_node *node)
{
    return grown->bins->column[node->column].cut[node->cut];
}

/* One column: the positives are above 3, so the one split is halfway to 7. */
static void splits_between_the_classes(void **state)
{
    const float values[] = {1, 9, 2, 7, 3, 8};
    const float *columns[] = {values};
    const struct table_view view = {6, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 1, 0, 1, 0, 1}, NULL};
    struct grown grown;
    (void)state;

    grow(&grown, &view, &labels, &ONE_TREE, NULL);
    const struct histogram_node *nodes = grown.forest.trees[0].nodes;
    assert_int_equal(grown.forest.trees[0].count, 3);
    assert_float_equal(threshold(&grown, nodes), 5, 0);
    assert_float_equal(nodes[0].value, 0.5, 0);
    assert_float_equal(nodes[1].value, 0, 0);
    assert_float_equal(nodes[2].value, 1, 0);
    finish(&grown);
}

/*
 * Eight rows, 0 0 1 0 | 1 1 1 0 by value. Weighted Gini, as sum of positive^2 / weight: after 2:
 * 0 + 16/6 = 2.67; after 4: 1/4 + 9/4 = 2.5; after 7: 16/7 + 0 = 2.29. So 2 against 6 wins, and of
 * the six the last one is cut off: 16/5 = 3.2 against 1 + 9/5 and less of the others.
 */
static void takes_the_better_of_several_splits(void **state)
{
    const float values[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float *columns[] = {values};
    const struct table_view view = {8, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 0, 1, 0, 1, 1, 1, 0}, NULL};
    struct table_forest_options options = ONE_TREE;
    struct grown grown;
    (void)state;

    options.depth = 2;
    grow(&grown, &view, &labels, &options, NULL);
    const struct histogram_node *nodes = grown.forest.trees[0].nodes;
    assert_int_equal(grown.forest.trees[0].count, 5);
    assert_float_equal(threshold(&grown, nodes), 2.5, 0);
    const struct histogram_node *right = &nodes[nodes[0].child + 1];
    assert_float_equal(threshold(&grown, right), 7.5, 0);
    assert_float_equal(nodes[right->child].value, 0.8, 1e-6);
    assert_float_equal(nodes[right->child + 1].value, 0, 0);
    finish(&grown);
}

/* The missing rows are like the low ones in the first column, like the high ones in the second. */
static void learns_where_missing_values_go(void **state)
{
    const float low[] = {1, 2, NAN, NAN, 7, 8}, high[] = {1, 2, 7, 8, NAN, NAN};
    const uint8_t positive[] = {0, 0, 0, 0, 1, 1};
    const float *columns[] = {low};
    const struct table_view view = {6, 1, columns, 1};
    const struct table_labels labels = {positive, NULL};
    struct grown grown;
    (void)state;

    grow(&grown, &view, &labels, &ONE_TREE, NULL);
    assert_int_equal(grown.forest.trees[0].count, 3);
    assert_float_equal(threshold(&grown, grown.forest.trees[0].nodes), 4.5, 0);
    assert_int_equal(grown.forest.trees[0].nodes[0].missing_right, 0);
    finish(&grown);

    columns[0] = high; /* all that is known goes left, all that is missing right */
    grow(&grown, &view, &labels, &ONE_TREE, NULL);
    assert_int_equal(grown.forest.trees[0].count, 3);
    assert_float_equal(threshold(&grown, grown.forest.trees[0].nodes), 8, 0);
    assert_int_equal(grown.forest.trees[0].nodes[0].missing_right, 1);
    finish(&grown);
}

/* 3 rows of 0 with weight 1 and one of 1 with weight 3: the root's mean is one half. */
static void weighs_rows_and_classes(void **state)
{
    const float values[] = {1, 1, 1, 2};
    const float *columns[] = {values};
    const struct table_view view = {4, 1, columns, 1};
    const uint8_t positive[] = {0, 0, 0, 1};
    const float weights[] = {1, 1, 1, 3};
    const struct table_labels by_row = {positive, weights}, by_class = {positive, NULL};
    struct table_forest_options options = ONE_TREE;
    struct grown grown;
    (void)state;

    grow(&grown, &view, &by_row, &options, NULL);
    assert_float_equal(grown.forest.trees[0].nodes[0].value, 0.5, 1e-6);
    finish(&grown);
    options.class_weight[0] = 1;
    options.class_weight[1] = 3;
    grow(&grown, &view, &by_class, &options, NULL);
    assert_float_equal(grown.forest.trees[0].nodes[0].value, 0.5, 1e-6);
    finish(&grown);
    options.smallest_leaf = 2; /* in rows, whatever they weigh: one row alone is no leaf */
    grow(&grown, &view, &by_class, &options, NULL);
    assert_int_equal(grown.forest.trees[0].count, 1);
    finish(&grown);
}

/* 0 0 | 1 1, and on each side one row of the root's 1/2 besides: (0 + 1/2) / 3 and (2 + 1/2) / 3.
 * Rows of weight 2 are two rows, and so is what is added. */
static void counts_one_row_at_the_parents_share(void **state)
{
    const float values[] = {1, 2, 3, 4}, doubled[] = {2, 2, 2, 2}, uneven[] = {1, 1, 2, 4};
    const float *columns[] = {values};
    const struct table_view view = {4, 1, columns, 1};
    struct table_labels labels = {(const uint8_t[]){0, 0, 1, 1}, NULL};
    struct table_forest_options options = ONE_TREE;
    struct grown grown;
    (void)state;

    options.plain_shares = false;
    for (unsigned weighted = 0; weighted < 2; weighted++) {
        labels.weights = weighted ? doubled : NULL;
        grow(&grown, &view, &labels, &options, NULL);
        const struct histogram_node *nodes = grown.forest.trees[0].nodes;
        assert_int_equal(grown.forest.trees[0].count, 3);
        assert_float_equal(nodes[0].value, 0.5, 0);
        assert_float_equal(nodes[1].value, 0.5 / 3, 1e-6);
        assert_float_equal(nodes[2].value, 2.5 / 3, 1e-6);
        finish(&grown);
    }
    labels.weights = uneven; /* the root has 6 of 8; a row weighs 2 in the mean */
    grow(&grown, &view, &labels, &options, NULL);
    assert_float_equal(grown.forest.trees[0].nodes[1].value, 2 * 0.75 / 4, 1e-5);
    assert_float_equal(grown.forest.trees[0].nodes[2].value, (6 + 2 * 0.75) / 8, 1e-5);
    finish(&grown);
}

static void makes_one_leaf_of_one_class(void **state)
{
    const float values[] = {1, 2, NAN};
    const float *columns[] = {values};
    const struct table_view view = {3, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){1, 1, 1}, NULL};
    struct grown grown;
    (void)state;

    grow(&grown, &view, &labels, &ONE_TREE, NULL);
    assert_int_equal(grown.forest.trees[0].count, 1);
    assert_float_equal(grown.forest.trees[0].nodes[0].value, 1, 0);
    finish(&grown);
}

static bool same_forests(const struct grown *one, const struct grown *other)
{
    return same_trees(one->forest.trees, one->forest.count, other->forest.trees,
                      other->forest.count);
}

#define REPEATED 3

/* So many columns that a tree has several subtrees for others to grow. */
static void grows_the_same_with_any_number_of_threads(void **state)
{
    struct many_rows *many = *state;
    const float *columns[REPEATED * MANY_COLUMNS];
    const struct table_view view = {MANY_ROWS, REPEATED * MANY_COLUMNS, columns, 1};
    struct table_forest_options options = {
        .trees = 9, .depth = 10, .threads = 1, .smallest_leaf = 2, .seed = 4};
    struct grown one, two, other;
    float *first = calloc(MANY_ROWS, sizeof *first), *second = calloc(MANY_ROWS, sizeof *second);

    for (unsigned c = 0; c < REPEATED * MANY_COLUMNS; c++)
        columns[c] = many->columns[c % MANY_COLUMNS];
    for (int weighted = 0; weighted < 2; weighted++) {
        const struct table_labels labels = {many->positive, weighted ? many->weights : NULL};
        options.threads = 1;
        options.seed = 4;
        grow(&one, &view, &labels, &options, first);
        options.threads = weighted ? 3 : 2;
        grow(&two, &view, &labels, &options, second);
        options.seed = 5;
        grow(&other, &view, &labels, &options, NULL);
        assert_true(same_forests(&one, &two));
        assert_memory_equal(first, second, MANY_ROWS * sizeof *first);
        assert_false(same_forests(&one, &other));
        finish(&one);
        finish(&two);
        finish(&other);
    }
    free(first);
    free(second);
}

/* Out of the bag it must come near the chances that the labels were drawn with. */
static void estimates_chances_out_of_bag(void **state)
{
    struct many_rows *many = *state;
    const struct table_view view = {MANY_ROWS, 9, many->columns, 1};
    const struct table_labels labels = {many->positive, NULL};
    const struct table_forest_options options = {
        .trees = 60, .depth = 10, .threads = 2, .smallest_leaf = 20, .seed = 4};
    struct grown grown;
    float *scores = calloc(MANY_ROWS, sizeof *scores);

    grow(&grown, &view, &labels, &options, scores);
    double out_of_bag = many_rows_error(many, scores);
    table_forest_score(&grown.forest, grown.bins, 2, scores);
    double in_bag = many_rows_error(many, scores);
    if (!(out_of_bag < 0.07 && in_bag < 0.07))
        fail_msg("mean distance %.4f out of bag, %.4f in it", out_of_bag, in_bag);
    finish(&grown);
    free(scores);
}

int main(void)
{
    struct many_rows *many = calloc(1, sizeof *many);
    if (many == NULL)
        return 1;
    many_rows_make(many, 3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_between_the_classes),
        cmocka_unit_test(takes_the_better_of_several_splits),
        cmocka_unit_test(learns_where_missing_values_go),
        cmocka_unit_test(weighs_rows_and_classes),
        cmocka_unit_test(counts_one_row_at_the_parents_share),
        cmocka_unit_test(makes_one_leaf_of_one_class),
        cmocka_unit_test_prestate(grows_the_same_with_any_number_of_threads, many),
        cmocka_unit_test_prestate(estimates_chances_out_of_bag, many),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(many);
    return failed;
}
