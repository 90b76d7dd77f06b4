/*
 * scoring [TREES] [DEPTH]
 * What a score costs: a forest of that size, 100 and 12 unless told, is grown on simulated logins
 * and scores others, in one thread. One row at a time: each by itself, nanoseconds, p50 and p99,
 * with the clock's own cost taken off. In a batch: rows a second. From bytes to the first score:
 * the file checked and one row, each time with the caches filled with something else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/config.h"
#include "trainer/bootstrap.h"
#include "trainer/fit.h"

#define SEED_GROWN  11
#define SEED_SCORED 12
#define BATCHES     20
#define COLD_ROUNDS 200
#define CACHE_BYTES (64U << 20)

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const struct error *error)
{
    fprintf(stderr, "scoring: %s\n", error->text);
    exit(1);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t clock_ns(void)
{
    int64_t least = INT64_MAX;

    for (int i = 0; i < 10000; i++) {
        int64_t spent = -now_ns();

        spent += now_ns();
        least = spent < least ? spent : least;
    }
    return least;
}

static void grow(unsigned trees, unsigned depth, struct fit_result *result)
{
    struct forest_options options = {
        .trees = trees, .depth = depth, .threads = 2, .smallest_leaf = 1, .seed = 1};
    struct forest_header facts = {.trained_us = 1};
    struct error error = ERROR_NONE;
    struct training_rows rows;
    struct config config;

    config_init(&config);
    struct fit_budgets budgets = {config.log_budget, config.step_up_budget, config.deny_budget};
    if (!bootstrap_rows(SEED_GROWN, &rows, &error) ||
        !fit_model(&rows, &options, &budgets, &facts, result, &error))
        fail(&error);
    training_rows_finish(&rows);
}

static double score_each(const struct forest *forest, const struct training_rows *rows)
{
    int64_t *ns = calloc(rows->count, sizeof *ns);
    int64_t clock = clock_ns();
    double sum = 0;

    if (ns == NULL)
        exit(1);
    for (int warm = 0; warm < 2; warm++)
        for (size_t i = 0; i < rows->count; i++) {
            ns[i] = -now_ns();
            sum += forest_score(forest, rows->rows[i].features);
            ns[i] += now_ns() - clock;
        }
    qsort(ns, rows->count, sizeof *ns, by_size);
    printf("one row, warm: p50 %lld ns, p99 %lld ns\n", (long long)ns[rows->count / 2],
           (long long)ns[rows->count * 99 / 100]);
    free(ns);
    return sum;
}

static double score_batches(const struct forest *forest, const struct training_rows *rows)
{
    int64_t spent = -now_ns();
    double sum = 0;

    for (int batch = 0; batch < BATCHES; batch++)
        for (size_t i = 0; i < rows->count; i++)
            sum += forest_score(forest, rows->rows[i].features);
    spent += now_ns();
    printf("in a batch: %.0f rows a second and thread\n",
           (double)rows->count * BATCHES * 1e9 / (double)spent);
    return sum;
}

static double score_cold(const struct fit_result *result, const struct training_rows *rows)
{
    static int64_t ns[COLD_ROUNDS];
    volatile char *cache = malloc(CACHE_BYTES);
    struct error error = ERROR_NONE;
    double sum = 0;

    if (cache == NULL)
        exit(1);
    for (int round = 0; round < COLD_ROUNDS; round++) {
        struct forest forest;

        for (size_t i = 0; i < CACHE_BYTES; i += 64)
            cache[i] = (char)round;
        ns[round] = -now_ns();
        if (!forest_open(&forest, result->bytes, result->size, &error))
            fail(&error);
        sum += forest_score(&forest, rows->rows[round].features);
        ns[round] += now_ns();
    }
    qsort(ns, COLD_ROUNDS, sizeof *ns, by_size);
    printf("opened, checked and one row, cold caches: p50 %.1f us\n",
           (double)ns[COLD_ROUNDS / 2] / 1e3);
    free((void *)cache);
    return sum;
}

int main(int argc, char **argv)
{
    unsigned trees = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    unsigned depth = argc > 2 ? (unsigned)atoi(argv[2]) : 12;
    struct error error = ERROR_NONE;
    struct training_rows rows;
    struct fit_result result;
    struct forest forest;
    double sum;

    grow(trees, depth, &result);
    if (!forest_open(&forest, result.bytes, result.size, &error) ||
        !bootstrap_rows(SEED_SCORED, &rows, &error))
        fail(&error);
    printf("%u trees of depth %u, %u nodes, %zu bytes; %zu rows of %d features\n",
           forest.header->tree_count, depth, forest.header->node_count, result.size, rows.count,
           FEATURE_COUNT);
    sum = score_each(&forest, &rows);
    sum += score_batches(&forest, &rows);
    sum += score_cold(&result, &rows);
    printf("(mean of all scores %.4f)\n", sum / ((double)rows.count * (2 + BATCHES) + COLD_ROUNDS));
    training_rows_finish(&rows);
    free(result.bytes);
    return 0;
}
