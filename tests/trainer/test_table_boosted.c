/* Boosted trees on tables small enough to be worked out by hand, and on larger ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "many_rows.h"
#include "trainer/grow_forest.h"
#include "trainer/table_boosted.h"

/* Gradients are counted in steps of 4e-6. */
#define NEAR 1e-4F

static const struct table_boosted_options ONE_TREE = {.rounds = 1,
                                                      .depth = 4,
                                                      .threads = 1,
                                                      .rate = 1,
                                                      .lambda = 1,
                                                      .row_share = 1,
                                                      .column_share = 1,
                                                      .seed = 1};

struct grown {
    struct table_bins *bins;
    struct table_boosted boosted;
};

static void grow(struct grown *grown, const struct table_view *view,
                 const struct table_labels *labels, const struct table_boosted_options *options)
{
    struct error error = ERROR_NONE;
    assert_true(table_bins_create(&grown->bins, view, options->threads, &error));
    if (!table_boosted_grow(&grown->boosted, grown->bins, labels, NULL, options, &error))
        fail_msg("%s", error.text);
}

static void finish(struct grown *grown)
{
    table_boosted_finish(&grown->boosted);
    table_bins_destroy(grown->bins);
}

static float threshold(const struct grown *grown, const struct histogram_node *node)
{
    return grown->bins->column[node->column].cut[node->cut];
}

/*
 * Half are positive: all start at log-odds 0, chance 1/2, gradient 1/2 or -1/2 and hessian 1/4. On
 * the left G = 2/2, H = 2/4: a step of -1 / (1/2 + 1) = -2/3. From there the chance is
 * p = 1 / (1 + exp(2/3)), G = 2 p, H = 2 p (1 - p), and the second step -2 p / (2 p (1 - p) + 1).
 */
static void takes_newton_steps(void **state)
{
    const float values[] = {1, 4, 2, 3};
    const float *columns[] = {values};
    const struct table_view view = {4, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 1, 0, 1}, NULL};
    struct table_boosted_options options = ONE_TREE;
    struct grown grown;
    (void)state;

    options.rounds = 2;
    grow(&grown, &view, &labels, &options);
    assert_int_equal(grown.boosted.count, 2);
    assert_float_equal(grown.boosted.base, 0, 0);
    const struct histogram_node *first = grown.boosted.trees[0].nodes;
    assert_int_equal(grown.boosted.trees[0].count, 3);
    assert_float_equal(threshold(&grown, first), 2.5, 0);
    assert_float_equal(first[0].value, 0, NEAR);
    assert_float_equal(first[1].value, -2.0F / 3, NEAR);
    assert_float_equal(first[2].value, 2.0F / 3, NEAR);
    assert_int_equal(first[0].visits, 4);
    assert_int_equal(first[1].visits, 2);
    double p = 1 / (1 + exp(2.0 / 3)), step = 2 * p / (2 * p * (1 - p) + 1);
    const struct histogram_node *second = grown.boosted.trees[1].nodes;
    assert_float_equal(second[1].value, (float)-step, NEAR);
    assert_float_equal(second[2].value, (float)step, NEAR);
    float scores[4];
    table_boosted_score(&grown.boosted, grown.bins, 1, scores);
    assert_float_equal(scores[0], (float)(1 / (1 + exp(2.0 / 3 + step))), NEAR);
    finish(&grown);

    options.rounds = 1;
    options.rate = 0.1;
    grow(&grown, &view, &labels, &options);
    assert_float_equal(grown.boosted.trees[0].nodes[1].value, -0.2F / 3, NEAR);
    finish(&grown);
}

/*
 * Eight rows, 0 0 1 0 1 1 1 0 by value. G^2 / (H + 1) on both sides: after 2: 1 / 1.5 + 1 / 2.5 =
 * 1.07; after 4: 1/2 + 1/2; after 7: 0.25 / 2.75 + 0.25 / 1.25 = 0.29; others less. Of the right
 * six, G = -1, the last one is cut off: 2.25 / 2.25 + 0.25 / 1.25 = 1.2 against 0.4 uncut.
 */
static void takes_the_better_of_several_splits(void **state)
{
    const float values[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const float *columns[] = {values};
    const struct table_view view = {8, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 0, 1, 0, 1, 1, 1, 0}, NULL};
    struct table_boosted_options options = ONE_TREE;
    struct grown grown;
    (void)state;

    options.depth = 2;
    grow(&grown, &view, &labels, &options);
    const struct histogram_node *nodes = grown.boosted.trees[0].nodes;
    assert_int_equal(grown.boosted.trees[0].count, 5);
    assert_float_equal(threshold(&grown, nodes), 2.5, 0);
    const struct histogram_node *right = &nodes[nodes[0].child + 1];
    assert_float_equal(right->value, 1 / 2.5F, NEAR);
    assert_float_equal(threshold(&grown, right), 7.5, 0);
    assert_float_equal(nodes[right->child].value, 1.5F / 2.25F, NEAR);
    assert_float_equal(nodes[right->child + 1].value, -0.5F / 1.25F, NEAR);
    finish(&grown);

    options.least_hessian = 0.49; /* of two rows at least, each of 1/4 */
    grow(&grown, &view, &labels, &options);
    nodes = grown.boosted.trees[0].nodes;
    assert_float_equal(threshold(&grown, nodes), 2.5, 0);
    for (uint32_t i = 0; i < grown.boosted.trees[0].count; i++)
        assert_true(nodes[i].visits >= 2);
    finish(&grown);
}

/* The missing rows are like the low ones in the first column, like the high ones in the second. */
static void learns_where_missing_values_go(void **state)
{
    const float low[] = {1, 2, NAN, NAN, 7, 8}, high[] = {1, 2, 7, 8, NAN, NAN};
    const float *columns[] = {low};
    const struct table_view view = {6, 1, columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 0, 0, 0, 1, 1}, NULL};
    struct grown grown;
    (void)state;

    grow(&grown, &view, &labels, &ONE_TREE);
    assert_int_equal(grown.boosted.trees[0].count, 3);
    assert_float_equal(threshold(&grown, grown.boosted.trees[0].nodes), 4.5, 0);
    assert_int_equal(grown.boosted.trees[0].nodes[0].missing_right, 0);
    assert_int_equal(grown.boosted.trees[0].nodes[1].visits, 4);
    finish(&grown);

    columns[0] = high; /* all that is known goes left, all that is missing right */
    grow(&grown, &view, &labels, &ONE_TREE);
    assert_int_equal(grown.boosted.trees[0].count, 3);
    assert_float_equal(threshold(&grown, grown.boosted.trees[0].nodes), 8, 0);
    assert_int_equal(grown.boosted.trees[0].nodes[0].missing_right, 1);
    assert_int_equal(grown.boosted.trees[0].nodes[2].visits, 2);
    finish(&grown);
}

static void assert_same_shape(const struct grown *one, const struct grown *other)
{
    assert_int_equal(one->boosted.count, other->boosted.count);
    assert_float_equal(one->boosted.base, other->boosted.base, 1e-9);
    for (unsigned tree = 0; tree < one->boosted.count; tree++) {
        const struct histogram_tree *a = &one->boosted.trees[tree];
        const struct histogram_tree *b = &other->boosted.trees[tree];
        assert_int_equal(a->count, b->count);
        for (uint32_t i = 0; i < a->count; i++) {
            assert_int_equal(a->nodes[i].child, b->nodes[i].child);
            assert_float_equal(a->nodes[i].value, b->nodes[i].value, NEAR);
            if (a->nodes[i].child != 0)
                assert_float_equal(threshold(one, &a->nodes[i]), threshold(other, &b->nodes[i]), 0);
        }
    }
}

static void takes_weights_as_repeated_rows(void **state)
{
    const float values[] = {1, 2, 3, 4, 5};
    const float repeated[] = {1, 2, 2, 3, 3, 3, 4, 5, 5};
    const float *columns[] = {values}, *repeated_columns[] = {repeated};
    const struct table_view view = {5, 1, columns, 1}, repeated_view = {9, 1, repeated_columns, 1};
    const struct table_labels labels = {(const uint8_t[]){0, 1, 0, 1, 1},
                                        (const float[]){1, 2, 3, 1, 2}};
    const struct table_labels repeated_labels = {(const uint8_t[]){0, 1, 1, 0, 0, 0, 1, 1, 1},
                                                 NULL};
    struct table_boosted_options options = ONE_TREE;
    struct grown one, other;
    (void)state;

    options.rounds = 3;
    grow(&one, &view, &labels, &options);
    grow(&other, &repeated_view, &repeated_labels, &options);
    assert_int_equal(one.boosted.count, 3);
    assert_same_shape(&one, &other);
    finish(&one);
    finish(&other);
}

static void says_the_base_where_nothing_can_be_learned(void **state)
{
    const float values[] = {1, 2, 3, 4}, same[] = {7, 7, 7, 7};
    const float *columns[] = {values};
    const struct table_view view = {4, 1, columns, 1};
    const struct table_labels attacks = {(const uint8_t[]){1, 1, 1, 1}, NULL};
    const struct table_labels both = {(const uint8_t[]){0, 0, 1, 0}, NULL};
    struct grown grown;
    float scores[4];
    (void)state;

    grow(&grown, &view, &attacks, &ONE_TREE);
    assert_int_equal(grown.boosted.count, 0);
    table_boosted_score(&grown.boosted, grown.bins, 1, scores);
    assert_float_equal(scores[2], 4.5F / 5, 1e-6F);
    finish(&grown);

    columns[0] = same;
    grow(&grown, &view, &both, &ONE_TREE);
    assert_int_equal(grown.boosted.count, 0);
    table_boosted_score(&grown.boosted, grown.bins, 1, scores);
    assert_float_equal(scores[2], 0.25F, 1e-6F);
    finish(&grown);
}

static bool same_boosted(const struct grown *one, const struct grown *other)
{
    return same_trees(one->boosted.trees, one->boosted.count, other->boosted.trees,
                      other->boosted.count);
}

static void grows_the_same_with_any_number_of_threads(void **state)
{
    struct many_rows *many = *state;
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;
    struct grown one, several, other;

    options.rounds = 6;
    options.depth = 9; /* down to nodes that keep no histogram */
    for (unsigned way = 0; way < 3; way++) {
        const struct table_labels labels = {many->positive, way == 1 ? many->weights : NULL};
        options.row_share = way == 2 ? 0.6 : 1;
        options.column_share = way == 2 ? 0.4 : 1;
        options.seed = 4;
        options.threads = 1;
        grow(&one, &many->view, &labels, &options);
        for (options.threads = 2; options.threads <= 3; options.threads++) {
            grow(&several, &many->view, &labels, &options);
            assert_true(same_boosted(&one, &several));
            finish(&several);
        }
        options.seed = 5;
        grow(&other, &many->view, &labels, &options);
        assert_int_equal(one.boosted.count, 6);
        assert_false(same_boosted(&one, &other));
        finish(&one);
        finish(&other);
    }
}

/* It must come near the chances that the labels were drawn with, sampled or not. */
static void estimates_chances(void **state)
{
    struct many_rows *many = *state;
    const struct table_labels labels = {many->positive, NULL};
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;
    struct grown grown;
    float *scores = calloc(MANY_ROWS, sizeof *scores);

    options.threads = 2;
    for (unsigned way = 0; way < 2; way++) {
        options.row_share = way == 0 ? 1 : 0.5;
        options.column_share = way == 0 ? 1 : 0.5;
        grow(&grown, &many->view, &labels, &options);
        table_boosted_score(&grown.boosted, grown.bins, 2, scores);
        double error = many_rows_error(many, scores);
        if (!(error < 0.05))
            fail_msg("mean distance %.4f", error);
        finish(&grown);
    }
    free(scores);
}

static double mean_loss(const struct grown *grown, unsigned trees, const struct table_bins *bins,
                        const uint8_t *positive, float *scores)
{
    struct table_boosted first = grown->boosted;
    double sum = 0;
    first.count = trees;
    table_boosted_score(&first, bins, 1, scores);
    for (size_t row = 0; row < bins->rows; row++)
        sum -= log(positive[row] ? (double)scores[row] : 1 - (double)scores[row]);
    return sum / (double)bins->rows;
}

/* On few rows and with long steps the later rows' loss soon grows. */
static void stops_when_later_rows_gain_nothing(void **state)
{
    struct many_rows *many = *state;
    const struct table_view rows = {2000, MANY_COLUMNS, many->columns, 1};
    const float *later_columns[MANY_COLUMNS];
    const struct table_view later_rows = {2000, MANY_COLUMNS, later_columns, 1};
    const struct table_labels labels = {many->positive, NULL};
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;
    struct error error = ERROR_NONE;
    struct grown all, stopped;
    struct table_later later = {NULL, {many->positive + 2000, NULL}};
    float scores[2000];

    for (unsigned c = 0; c < MANY_COLUMNS; c++)
        later_columns[c] = many->values[c] + 2000;
    options.rounds = 80;
    options.rate = 0.3;
    options.patience = 10;
    grow(&all, &rows, &labels, &options);
    assert_int_equal(all.boosted.count, 80);
    stopped.bins = NULL;
    assert_true(table_bins_create_like((struct table_bins **)(uintptr_t)&later.bins, all.bins,
                                       &later_rows, 1, &error));
    assert_true(table_boosted_grow(&stopped.boosted, all.bins, &labels, &later, &options, &error));
    unsigned kept = stopped.boosted.count;
    assert_in_range(kept, 1, 69);
    double least = mean_loss(&all, kept, later.bins, later.labels.positive, scores);
    for (unsigned trees = 1; trees <= kept + 10; trees++) {
        double loss = mean_loss(&all, trees, later.bins, later.labels.positive, scores);
        assert_true(loss > least - 1e-5);
    }
    finish(&stopped);
    finish(&all);
    table_bins_destroy((struct table_bins *)(uintptr_t)later.bins);
}

/* Nothing left to split ends it, but not with more trees than the later rows asked for. */
static void keeps_the_best_trees_when_nothing_is_left_to_split(void **state)
{
    enum { ROWS = 400 };
    static float values[ROWS];
    static uint8_t positive[ROWS], later_positive[ROWS];
    const float *const columns[] = {values};
    const struct table_view view = {ROWS, 1, columns, 1};
    const struct table_labels labels = {positive, NULL};
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;
    struct table_later later = {NULL, {later_positive, NULL}};
    struct error error = ERROR_NONE;
    struct grown all, kept;
    float scores[ROWS];
    (void)state;

    for (unsigned i = 0; i < ROWS; i++) {
        bool high = i >= ROWS / 2;
        values[i] = high;
        positive[i] = (i % 10 == 0) != high;
        later_positive[i] = (i % 3 == 0) != high;
    }
    options.rounds = 100;
    options.rate = 0.5;
    options.least_hessian = 25;
    grow(&all, &view, &labels, &options);
    assert_in_range(all.boosted.count, 2, 99);
    options.patience = 20;
    later.bins = all.bins;
    assert_true(table_boosted_grow(&kept.boosted, all.bins, &labels, &later, &options, &error));
    double least = mean_loss(&all, kept.boosted.count, all.bins, later_positive, scores);
    for (unsigned trees = 1; trees <= all.boosted.count; trees++)
        assert_true(mean_loss(&all, trees, all.bins, later_positive, scores) > least - 1e-9);
    table_boosted_finish(&kept.boosted);
    finish(&all);
}

#define LOGINS 3000

static struct training_row *make_logins(uint64_t seed)
{
    struct training_row *rows = calloc(LOGINS, sizeof *rows);
    struct draw draw;

    assert_non_null(rows);
    draw_seed(&draw, seed, 0);
    for (unsigned i = 0; i < LOGINS; i++) {
        bool attack = draw_chance(&draw, 0.1);
        rows[i].family = attack ? ROW_OTHER_ATTACK : ROW_LEGITIMATE;
        rows[i].weight = attack ? 3 : 1;
        for (unsigned f = 0; f < FEATURE_COUNT; f++)
            rows[i].features[f] = (float)draw_normal(&draw, attack && f == 2 ? 3 : 0, 1);
        rows[i].features[5] = attack ? NAN : 1;
    }
    return rows;
}

static void boosts_logins(void **state)
{
    const struct forest_options options = {.trees = 100, .depth = 6, .threads = 1, .seed = 1};
    struct training_row *rows = make_logins(1), *later = make_logins(2);
    struct error error = ERROR_NONE;
    struct grown_forest grown;
    struct forest forest = {.kind = FOREST_BOOSTED};
    unsigned wrong = 0;
    (void)state;

    if (!grow_boosted(rows, LOGINS, later, LOGINS, &options, &grown, &error) ||
        !trees_build(grown.trees, grown.count, FEATURE_COUNT, &forest.trees, &error))
        fail_msg("%s", error.text);
    assert_int_equal(grown.kind, FOREST_BOOSTED);
    assert_float_equal(grown.bias, 0, 0);
    assert_in_range(grown.count, 1, 100);
    forest.bias = grown.bias;
    for (unsigned i = 0; i < LOGINS; i++)
        wrong +=
            (forest_score(&forest, later[i].features) > 0.5) != (later[i].family != ROW_LEGITIMATE);
    assert_int_equal(wrong, 0);
    trees_free(&forest.trees);
    grown_forest_finish(&grown);
    assert_false(grow_boosted(rows, 0, later, LOGINS, &options, &grown, &error));
    assert_null(grown.trees);
    free(rows);
    free(later);
}

/* A node's value is the mean of what the rows that come there gain: shares of a verdict add up. */
/* A value greater than all in training goes where the greatest went, not where missing ones do. */
static void values_beyond_the_greatest_count_as_it(void **state)
{
    enum { ROWS = 2000 };
    struct training_row *rows = calloc(ROWS, sizeof *rows);
    const struct forest_options options = {
        .trees = 20, .depth = 4, .threads = 1, .smallest_leaf = 5, .seed = 1};
    struct error error = ERROR_NONE;
    struct grown_forest grown[2];
    (void)state;

    assert_non_null(rows);
    for (unsigned i = 0; i < ROWS; i++) {
        bool missing = i % 2 == 0;
        rows[i].weight = 1;
        rows[i].family = missing ? ROW_LEGITIMATE : ROW_ATTACK_FIRST;
        rows[i].features[3] = missing ? NAN : (float)(i % 100);
    }
    assert_true(grow_bagged(rows, ROWS, &options, &grown[0], &error));
    assert_true(grow_boosted(rows, ROWS, rows, ROWS, &options, &grown[1], &error));
    for (unsigned kind = 0; kind < 2; kind++) {
        struct forest forest = {.kind = grown[kind].kind, .bias = grown[kind].bias};
        float beyond[FEATURE_COUNT] = {[3] = 1e6f}, greatest[FEATURE_COUNT] = {[3] = 99},
              none[FEATURE_COUNT] = {[3] = NAN};
        assert_true(trees_build(grown[kind].trees, grown[kind].count, FEATURE_COUNT, &forest.trees,
                                &error));
        assert_true(forest_score(&forest, beyond) == forest_score(&forest, greatest));
        assert_true(forest_score(&forest, greatest) > 0.8 && forest_score(&forest, none) < 0.2);
        trees_free(&forest.trees);
        grown_forest_finish(&grown[kind]);
    }
    free(rows);
}

static void holds_means_in_its_nodes(void **state)
{
    const struct forest_options options = {.trees = 5, .depth = 4, .threads = 1, .seed = 1};
    struct training_row *rows = make_logins(1), *later = make_logins(2);
    struct error error = ERROR_NONE;
    struct grown_forest grown;
    unsigned inner = 0;
    (void)state;

    assert_true(grow_boosted(rows, LOGINS, later, LOGINS, &options, &grown, &error));
    for (uint32_t tree = 0; tree < grown.count; tree++) {
        const struct grown_node *nodes = grown.trees[tree].nodes;
        for (uint32_t i = 0; i < grown.trees[tree].count; i++) {
            const struct grown_node *left = &nodes[nodes[i].left], *right = &nodes[nodes[i].right];
            if (nodes[i].left == 0)
                continue;
            double sum = (double)left->value * (double)left->visits +
                         (double)right->value * (double)right->visits;
            assert_float_equal(nodes[i].value * nodes[i].visits, sum, 1e-3);
            inner++;
        }
    }
    assert_true(inner > 0);
    grown_forest_finish(&grown);
    free(rows);
    free(later);
}

int main(void)
{
    struct many_rows *many = calloc(1, sizeof *many);
    if (many == NULL)
        return 1;
    many_rows_make(many, 3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_newton_steps),
        cmocka_unit_test(takes_the_better_of_several_splits),
        cmocka_unit_test(learns_where_missing_values_go),
        cmocka_unit_test(takes_weights_as_repeated_rows),
        cmocka_unit_test(says_the_base_where_nothing_can_be_learned),
        cmocka_unit_test_prestate(grows_the_same_with_any_number_of_threads, many),
        cmocka_unit_test_prestate(estimates_chances, many),
        cmocka_unit_test_prestate(stops_when_later_rows_gain_nothing, many),
        cmocka_unit_test(keeps_the_best_trees_when_nothing_is_left_to_split),
        cmocka_unit_test(boosts_logins),
        cmocka_unit_test(values_beyond_the_greatest_count_as_it),
        cmocka_unit_test(holds_means_in_its_nodes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(many);
    return failed;
}
