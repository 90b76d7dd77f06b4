/* Both ways of scoring a table's rows, beside plain walks over the grown trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "scorer/trees.h"
#include "trainer/draw.h"
#include "trainer/table_boosted.h"
#include "trainer/table_forest.h"
#include "trainer/table_score.h"

#define ROWS       1300 /* two blocks and a part */
#define MOST_TREES 30
#define SPLITS     200 /* of one tree */

static float sum_itself(const void *model, double sum)
{
    (void)model;
    return (float)sum;
}

/* Bins at random, those at both ends and missing ones among them often. */
static struct table_bins random_bins(struct draw *draw, size_t rows, unsigned columns)
{
    static const uint8_t ENDS[] = {0, BIN_MOST_CUTS, BIN_MISSING};
    struct table_bins bins = {.rows = rows, .columns = columns, .bins = malloc(rows * columns)};
    assert_non_null(bins.bins);
    for (size_t i = 0; i < rows * columns; i++)
        bins.bins[i] =
            draw_chance(draw, 0.3) ? ENDS[draw_below(draw, 3)] : (uint8_t)draw_below(draw, 256);
    return bins;
}

/* Leaves at random are split, one after the other. */
static struct histogram_tree random_tree(struct draw *draw, unsigned columns, unsigned splits)
{
    struct histogram_tree tree = {calloc(2 * splits + 1, sizeof *tree.nodes), 1};
    assert_non_null(tree.nodes);
    for (uint32_t at = 0; tree.count < 2 * splits + 1; at = draw_below(draw, tree.count)) {
        struct histogram_node *node = &tree.nodes[at];
        if (node->child != 0)
            continue;
        node->child = tree.count;
        node->column = (uint16_t)draw_below(draw, columns);
        node->cut = (uint8_t)draw_below(draw, BIN_MOST_CUTS + 1);
        node->missing_right = draw_chance(draw, 0.5);
        tree.count += 2;
    }
    for (uint32_t i = 0; i < tree.count; i++) {
        tree.nodes[i].value = (float)draw_between(draw, -60, 60);
        tree.nodes[i].visits = tree.count - i;
    }
    return tree;
}

static double walked_sum(const struct histogram_tree *trees, unsigned count,
                         const struct table_bins *bins, size_t row)
{
    double sum = 0;
    for (unsigned tree = 0; tree < count; tree++)
        sum += (double)tree_leaf(&trees[tree], bins->bins + row * bins->columns)->value;
    return sum;
}

static void free_nodes(struct histogram_tree *trees, unsigned count)
{
    for (unsigned tree = 0; tree < count; tree++)
        free(trees[tree].nodes);
}

static void sums_are_those_of_walks(void **state)
{
    static const unsigned COLUMNS[] = {1, 20, TREES_NARROW_COLUMNS, TREES_NARROW_COLUMNS + 1,
                                       TREES_MOST_COLUMNS};
    static const unsigned COUNTS[] = {1, 9, 10, MOST_TREES - 3};
    struct draw draw;
    float scores[ROWS];
    (void)state;

    draw_seed(&draw, 3, 0);
    for (size_t c = 0; c < sizeof COLUMNS / sizeof COLUMNS[0]; c++) {
        struct table_bins bins = random_bins(&draw, ROWS, COLUMNS[c]);
        struct histogram_tree trees[MOST_TREES];
        for (unsigned tree = 0; tree < MOST_TREES; tree++)
            trees[tree] = random_tree(&draw, COLUMNS[c], tree % 8 == 7 ? 0 : SPLITS);
        for (size_t i = 0; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
            table_score(trees, COUNTS[i], &bins, 3, sum_itself, NULL, scores);
            for (size_t row = 0; row < ROWS; row++) {
                double sum = walked_sum(trees, COUNTS[i], &bins, row);
                double rounding = COUNTS[i] * TREES_VALUE_UNIT / 2 + fabs(sum) * FLT_EPSILON;
                assert_true(fabs((double)scores[row] - sum) <= rounding);
            }
        }
        free_nodes(trees, MOST_TREES);
        free(bins.bins);
    }
}

/* A third of a unit is lost where scorer/trees.h holds the trees, and there alone. */
#define THIRD ((float)TREES_VALUE_UNIT / 3)

static bool third_is_lost(const struct histogram_tree *trees, unsigned count, unsigned columns)
{
    uint8_t row[TREES_MOST_COLUMNS + 1] = {0};
    const struct table_bins bins = {.rows = 1, .columns = columns, .bins = row};
    float score;

    table_score(trees, count, &bins, 1, sum_itself, NULL, &score);
    if (score == 0)
        return true;
    assert_float_equal(score, (float)count * THIRD, THIRD / 1000);
    return false;
}

static void what_cannot_be_held_is_walked(void **state)
{
    struct histogram_node leaf = {.value = THIRD};
    struct histogram_node split[] = {
        {.child = 1, .cut = 3}, {.value = THIRD}, {.value = (float)INT32_MAX}};
    struct histogram_tree *many = calloc(TREES_MOST_COUNT + 1, sizeof *many);
    const struct histogram_tree one = {&leaf, 1};
    (void)state;

    assert_true(third_is_lost(&one, 1, 1));
    assert_true(third_is_lost(&one, 1, TREES_MOST_COLUMNS));
    assert_false(third_is_lost(&one, 1, TREES_MOST_COLUMNS + 1));
    for (unsigned i = 0; i <= TREES_MOST_COUNT; i++)
        many[i] = one;
    assert_true(third_is_lost(many, TREES_MOST_COUNT, 1));
    assert_false(third_is_lost(many, TREES_MOST_COUNT + 1, 1));
    many[1] = (struct histogram_tree){split, 3};
    assert_false(third_is_lost(many, 2, 1)); /* no row comes to the value that is too great */
    split[2].value = 1;
    assert_true(third_is_lost(many, 2, 1));
    free(many);
}

static void too_many_nodes_are_walked(void **state)
{
    const unsigned columns = TREES_NARROW_COLUMNS + 1, count = 1024;
    struct draw draw;
    struct histogram_tree *trees = calloc(count, sizeof *trees);
    (void)state;

    draw_seed(&draw, 4, 0);
    struct histogram_tree tree = random_tree(&draw, columns, 512);
    for (uint32_t i = 0; i < tree.count; i++)
        tree.nodes[i].value = THIRD;
    for (unsigned i = 0; i < count; i++)
        trees[i] = tree;
    assert_true(tree.count * count > trees_most_nodes(columns));
    assert_false(third_is_lost(trees, count, columns));
    assert_true(third_is_lost(trees, count - 1, columns));
    free(tree.nodes);
    free(trees);
}

static void no_tree_leaves_the_sum_at_0(void **state)
{
    uint8_t row[] = {1};
    const struct table_bins bins = {.rows = 1, .columns = 1, .bins = row};
    float score = 1;
    (void)state;

    table_score(NULL, 0, &bins, 1, sum_itself, NULL, &score);
    assert_float_equal(score, 0, 0);
    const struct table_boosted base_alone = {.base = log(3)};
    table_boosted_score(&base_alone, &bins, 1, &score);
    assert_float_equal(score, 0.75F, FLT_EPSILON);
}

#define WIDE_COLUMNS 140

/* A table with missing values, of which one column in ten tells the label; cut into bins. */
static struct table_bins *make_table(struct draw *draw, unsigned columns, uint8_t *positive)
{
    float *values = calloc((size_t)ROWS * columns, sizeof *values);
    const float *column[WIDE_COLUMNS];
    const struct table_view view = {ROWS, columns, column, columns};
    struct error error = ERROR_NONE;
    struct table_bins *bins = NULL;

    assert_non_null(values);
    for (unsigned c = 0; c < columns; c++)
        column[c] = values + c;
    for (size_t row = 0; row < ROWS; row++) {
        double sum = 0;
        for (unsigned c = 0; c < columns; c++) {
            double value = draw_normal(draw, 0, 1);
            bool missing = draw_chance(draw, 0.2);
            values[row * columns + c] = missing ? NAN : (float)value;
            sum += c % 10 != 0 ? 0 : missing ? 1.5 : value;
        }
        positive[row] = sum + draw_normal(draw, 0, 1) > 0.5;
    }
    assert_true(table_bins_create(&bins, &view, 1, &error));
    free(values);
    return bins;
}

static void forests_score_means(void **state)
{
    const struct table_forest_options options = {
        .trees = 23, .depth = 12, .threads = 2, .smallest_leaf = 2, .seed = 1};
    uint8_t positive[ROWS];
    const struct table_labels labels = {positive, NULL};
    struct draw draw;
    float scores[ROWS];
    (void)state;

    draw_seed(&draw, 5, 0);
    for (unsigned columns = 20; columns <= WIDE_COLUMNS; columns += WIDE_COLUMNS - 20) {
        struct table_bins *bins = make_table(&draw, columns, positive);
        struct table_forest forest;
        assert_true(table_forest_grow(&forest, bins, &labels, &options, NULL, NULL));
        table_forest_score(&forest, bins, 2, scores);
        for (size_t row = 0; row < ROWS; row++) {
            double mean = walked_sum(forest.trees, forest.count, bins, row) / forest.count;
            assert_float_equal(scores[row], (float)mean, (float)TREES_VALUE_UNIT);
        }
        table_forest_finish(&forest);
        table_bins_destroy(bins);
    }
}

static void boosted_trees_score_probabilities(void **state)
{
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;
    uint8_t positive[ROWS];
    const struct table_labels labels = {positive, NULL};
    struct draw draw;
    float scores[ROWS];
    (void)state;

    draw_seed(&draw, 6, 0);
    options.rounds = 23;
    for (unsigned columns = 20; columns <= WIDE_COLUMNS; columns += WIDE_COLUMNS - 20) {
        struct table_bins *bins = make_table(&draw, columns, positive);
        struct table_boosted boosted;
        assert_true(table_boosted_grow(&boosted, bins, &labels, NULL, &options, NULL));
        assert_int_equal(boosted.count, options.rounds);
        boosted.base = -1.5;
        table_boosted_score(&boosted, bins, 2, scores);
        for (size_t row = 0; row < ROWS; row++) {
            double log_odds = boosted.base + walked_sum(boosted.trees, boosted.count, bins, row);
            /* No probability changes by more than a quarter of what log-odds do. */
            assert_float_equal(scores[row], (float)(1 / (1 + exp(-log_odds))),
                               (float)(23 * TREES_VALUE_UNIT / 8) + FLT_EPSILON);
        }
        table_boosted_finish(&boosted);
        table_bins_destroy(bins);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_walks),
        cmocka_unit_test(what_cannot_be_held_is_walked),
        cmocka_unit_test(too_many_nodes_are_walked),
        cmocka_unit_test(no_tree_leaves_the_sum_at_0),
        cmocka_unit_test(forests_score_means),
        cmocka_unit_test(boosted_trees_score_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
