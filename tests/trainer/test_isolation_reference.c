/*
 * The isolation forest beside a second one, written here as the paper has it, without trees: a node
 * is the rows of the sample and those to be scored that come together so far. Slow, and nothing of
 * it is shared but the random numbers.
 */
#include <math.h>
#include <stdlib.h>

#include "tests/unit/common/unit.h"
#include "trainer/draw.h"
#include "trainer/grow_isolation.h"
#include "trainer/table_measure.h"

#define ROWS    2000
#define COLUMNS 6
#define SEEDS   10
#define TREES   100
#define SAMPLE  256
#define HEIGHT  8
#define APART   0.01

static float table[ROWS][COLUMNS];
static uint8_t labels[ROWS];

/* Two groups, one of them skewed; one row of twenty has cells from around both. */
static void make_table(void)
{
    struct draw draw;
    draw_seed(&draw, 21, 0);
    for (unsigned row = 0; row < ROWS; row++) {
        bool second = draw_chance(&draw, 0.3);
        labels[row] = row % 20 == 0;
        for (unsigned c = 0; c < COLUMNS; c++) {
            double usual = second ? 4 + draw_normal(&draw, 0, 0.7) : draw_lognormal(&draw, 1, 0.5);
            bool odd = labels[row] && draw_chance(&draw, 0.4);
            table[row][c] = (float)(odd ? draw_between(&draw, -0.5, 6) : usual);
        }
    }
}

static double mean_path(unsigned rows)
{
    double harmonic = 0;
    for (unsigned i = 1; i < rows; i++)
        harmonic += 1.0 / i;
    return rows < 2 ? 0 : 2 * harmonic - 2.0 * (rows - 1) / rows;
}

/* The rows, by number, of either kind that are together at a node. */
struct together {
    unsigned *sample, *scored;
    unsigned sample_count, scored_count;
};

static void range_of(const struct together *node, unsigned column, float *least, float *greatest)
{
    *least = INFINITY;
    *greatest = -INFINITY;
    for (unsigned i = 0; i < node->sample_count; i++) {
        *least = fminf(*least, table[node->sample[i]][column]);
        *greatest = fmaxf(*greatest, table[node->sample[i]][column]);
    }
}

/* Puts the rows up to the threshold in front; returns how many. */
static unsigned part(unsigned *rows, unsigned count, unsigned column, double threshold)
{
    unsigned front = 0;
    for (unsigned i = 0; i < count; i++) {
        if ((double)table[rows[i]][column] > threshold)
            continue;
        unsigned row = rows[i];
        rows[i] = rows[front];
        rows[front++] = row;
    }
    return front;
}

static void isolate(struct draw *draw, struct together node, unsigned depth, double paths[ROWS])
{
    unsigned differing[COLUMNS], count = 0;
    float least, greatest;

    for (unsigned c = 0; c < COLUMNS; c++) {
        range_of(&node, c, &least, &greatest);
        if (node.sample_count > 1 && greatest > least)
            differing[count++] = c;
    }
    if (depth == HEIGHT || count == 0) {
        for (unsigned i = 0; i < node.scored_count; i++)
            paths[node.scored[i]] += depth + mean_path(node.sample_count);
        return;
    }
    unsigned column = differing[draw_below(draw, count)];
    range_of(&node, column, &least, &greatest);
    double threshold = draw_between(draw, (double)least, (double)greatest);
    unsigned sample_left = part(node.sample, node.sample_count, column, threshold);
    unsigned scored_left = part(node.scored, node.scored_count, column, threshold);
    isolate(draw, (struct together){node.sample, node.scored, sample_left, scored_left}, depth + 1,
            paths);
    isolate(draw,
            (struct together){node.sample + sample_left, node.scored + scored_left,
                              node.sample_count - sample_left, node.scored_count - scored_left},
            depth + 1, paths);
}

static double area(const float scores[ROWS])
{
    struct table_measure measure;
    struct error error = ERROR_NONE;
    assert_true(table_measure(&measure, scores, labels, ROWS, &error));
    return measure.auc;
}

static double reference_area(unsigned seed)
{
    static unsigned shuffled[ROWS], scored[ROWS];
    static double paths[ROWS];
    static float scores[ROWS];
    struct draw draw;

    draw_seed(&draw, 500 + seed, 0);
    for (unsigned row = 0; row < ROWS; row++) {
        shuffled[row] = scored[row] = row;
        paths[row] = 0;
    }
    for (unsigned tree = 0; tree < TREES; tree++) {
        for (unsigned i = 0; i < SAMPLE; i++) {
            unsigned other = i + draw_below(&draw, ROWS - i), row = shuffled[i];
            shuffled[i] = shuffled[other];
            shuffled[other] = row;
        }
        isolate(&draw, (struct together){shuffled, scored, SAMPLE, ROWS}, 0, paths);
    }
    for (unsigned row = 0; row < ROWS; row++)
        scores[row] = (float)exp2(-paths[row] / TREES / mean_path(SAMPLE));
    return area(scores);
}

static double our_area(unsigned seed)
{
    const struct isolation_options options = {
        .trees = TREES, .sample = SAMPLE, .threads = 1, .seed = seed};
    static double scores[ROWS];
    static float narrow[ROWS];
    struct isolation_forest forest;
    struct error error = ERROR_NONE;

    assert_true(grow_isolation_forest(table[0], ROWS, COLUMNS, &options, &forest, &error));
    isolation_score_rows(&forest, table[0], ROWS, scores);
    trees_free(&forest.trees);
    for (unsigned row = 0; row < ROWS; row++)
        narrow[row] = (float)scores[row];
    return area(narrow);
}

static void test_areas_are_those_of_the_reference(void **state)
{
    double ours = 0, theirs = 0;
    (void)state;

    make_table();
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        ours += our_area(seed) / SEEDS;
        theirs += reference_area(seed) / SEEDS;
    }
    print_message("mean AUC of %d seeds: %.4f, reference %.4f\n", SEEDS, ours, theirs);
    assert_true(theirs > 0.6 && theirs < 0.97); /* not so easy that any forest would have it */
    if (!(fabs(ours - theirs) <= APART))
        fail_msg("ours is %.4f, the reference's %.4f", ours, theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
