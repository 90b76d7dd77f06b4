/*
 * scoring TRAIN TEST FOREST MODEL
 * What a score costs in one thread: a random forest of 100 trees of depth 12, learned from a binary
 * table of bench/make_table, scores another one. One row at a time: each by itself, p50 and p99,
 * with the clock's own cost taken off. In a batch: rows a second. For bench/cold_start the forest
 * goes into two model files as well, with an isolation forest of one tree and of as many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/binary_table.h"
#include "scorer/risk_model.h"
#include "trainer/grow_isolation.h"
#include "trainer/grown_trees.h"
#include "trainer/table_forest.h"

#define TREES      100
#define DEPTH      12
#define ROUNDS     5
#define EACH_ROWS  50000U
#define CLOCK_LOOK 10000

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *why)
{
    fprintf(stderr, "scoring: %s\n", why);
    exit(1);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t clock_ns(void)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < CLOCK_LOOK; i++) {
        int64_t spent = -now_ns();
        spent += now_ns();
        least = spent < least ? spent : least;
    }
    return least;
}

static struct grown_tree *learn(const struct binary_table *table)
{
    struct table_forest_options options = {
        .trees = TREES, .depth = DEPTH, .threads = 2, .smallest_leaf = 5, .seed = 1};
    const struct table_labels labels = {table->labels, NULL};
    const struct table_view view = {table->rows, table->columns, table->column, 1};
    struct error error = ERROR_NONE;
    struct table_forest grown;
    struct table_bins *bins;
    struct grown_tree *grown_trees;

    if (!table_bins_create(&bins, &view, 2, &error) ||
        !table_forest_grow(&grown, bins, &labels, &options, NULL, &error) ||
        !grown_trees_of(grown.trees, grown.count, bins, &grown_trees, &error))
        fail(error.text);
    table_forest_finish(&grown);
    table_bins_destroy(bins);
    return grown_trees;
}

/* The table's columns stand for the first features. */
static void write_model(const char *path, const struct grown_tree *forest,
                        const struct binary_table *table, unsigned isolation_trees)
{
    const struct isolation_options options = {
        .trees = isolation_trees, .sample = ISOLATION_SAMPLE, .threads = 2, .seed = 1};
    struct risk_model_facts facts = {.forest = forest,
                                     .forest_trees = TREES,
                                     .isolation_trees = isolation_trees,
                                     .stack = {.forest = 1, .isolation = 1},
                                     .summary = "{}"};
    struct grown_isolation isolation;
    struct error error = ERROR_NONE;
    void *bytes;
    size_t size;
    FILE *out = fopen(path, "wb");

    if (!grow_isolation(table->row_major, table->rows, table->columns, &options, &isolation,
                        &error))
        fail(error.text);
    facts.isolation = isolation.trees;
    facts.isolation_sample = isolation.sample_rows;
    if (!risk_model_build(&facts, &bytes, &size, &error))
        fail(error.text);
    if (out == NULL || fwrite(bytes, size, 1, out) != 1 || fclose(out) != 0)
        fail("the model cannot be written");
    grown_isolation_finish(&isolation);
    free(bytes);
}

/* The fastest of the rounds: whatever else ran only slows it. */
static double score_each(const struct forest *forest, const struct binary_table *table)
{
    int64_t *ns = calloc(EACH_ROWS, sizeof *ns), clock = clock_ns();
    int64_t p50 = INT64_MAX, p99 = INT64_MAX;
    double sum = 0;

    if (ns == NULL || table->rows < EACH_ROWS)
        fail("the table to score has too few rows");
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < EACH_ROWS; i++) {
            ns[i] = -now_ns();
            sum += forest_score(forest, table->row_major + i * table->columns);
            ns[i] += now_ns() - clock;
        }
        qsort(ns, EACH_ROWS, sizeof *ns, by_size);
        p50 = ns[EACH_ROWS / 2] < p50 ? ns[EACH_ROWS / 2] : p50;
        p99 = ns[EACH_ROWS * 99 / 100] < p99 ? ns[EACH_ROWS * 99 / 100] : p99;
    }
    printf("ours: one row, warm: p50 %.2f us, p99 %.2f us\n", (double)p50 / 1e3, (double)p99 / 1e3);
    free(ns);
    return sum / ((double)ROUNDS * EACH_ROWS);
}

static void score_batches(const struct forest *forest, const struct binary_table *table)
{
    double *scores = calloc(table->rows, sizeof *scores);
    int64_t least = INT64_MAX;

    if (scores == NULL)
        fail("no room for the scores");
    for (int round = 0; round < ROUNDS; round++) {
        int64_t spent = -now_ns();
        forest_score_rows(forest, table->row_major, table->rows, scores);
        spent += now_ns();
        least = spent < least ? spent : least;
    }
    printf("ours: in a batch: %.0f rows a second and thread\n",
           (double)table->rows * 1e9 / (double)least);
    free(scores);
}

int main(int argc, char **argv)
{
    struct binary_table train, test;
    struct forest forest = {.kind = FOREST_BAGGED};
    struct error error = ERROR_NONE;

    if (argc != 5) {
        fprintf(stderr, "usage: scoring TRAIN TEST FOREST MODEL\n");
        return 2;
    }
    if (!binary_table_read(argv[1], &train) || !binary_table_read(argv[2], &test))
        fail("a table cannot be read");
    struct grown_tree *grown = learn(&train);
    write_model(argv[3], grown, &train, 1);
    write_model(argv[4], grown, &train, TREES);
    if (!trees_build(grown, TREES, train.columns, &forest.trees, &error))
        fail(error.text);
    printf("ours: %u trees of depth %u, %u nodes of %zu bytes\n", TREES, DEPTH,
           forest.trees.node_count, sizeof(struct tree_node));
    double mean = score_each(&forest, &test);
    score_batches(&forest, &test);
    printf("(mean score %.4f)\n", mean);
    trees_free(&forest.trees);
    grown_trees_free(grown, TREES);
    binary_table_finish(&train);
    binary_table_finish(&test);
    return 0;
}
