/*
 * What the isolation forest says and costs:
 *     isolation_figures auc FILE.csv      mean over ten seeds of the AUC on its own rows
 *     isolation_figures speed FILE.csv    growing, one row warm, rows in batch; one thread
 * One line: name=value pairs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/numeric_csv.h"
#include "trainer/grow_isolation.h"

#define SEEDS        10
#define GROW_ROUNDS  201
#define BATCH_ROUNDS 21
#define WARM_ROUNDS  20000

static const struct isolation_options USUAL = {
    .trees = ISOLATION_TREES, .sample = ISOLATION_SAMPLE, .threads = 1};

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double percentile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[(size_t)((double)(count - 1) * share)];
}

struct ranked {
    double score;
    uint8_t label;
};

static int compare_ranked(const void *a, const void *b)
{
    return compare_doubles(&((const struct ranked *)a)->score, &((const struct ranked *)b)->score);
}

/* Mann and Whitney's statistic; pairs that tie count half. */
static double area_under_curve(struct ranked *ranked, size_t count)
{
    double anomalies = 0, wins = 0, seen_normal = 0;
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t first = 0, end; first < count; first = end) {
        double tied[2] = {0, 0};
        for (end = first; end < count && ranked[end].score == ranked[first].score; end++)
            tied[ranked[end].label]++;
        wins += tied[1] * (seen_normal + tied[0] / 2);
        seen_normal += tied[0];
        anomalies += tied[1];
    }
    return wins / (anomalies * seen_normal);
}

static void grow_or_end(const struct numeric_csv *csv, uint64_t seed,
                        struct isolation_forest *forest)
{
    struct isolation_options options = USUAL;
    struct error error = ERROR_NONE;
    struct grown_isolation grown;
    options.seed = seed;
    if (!grow_isolation(csv->table, csv->rows, csv->columns, &options, &grown, &error) ||
        !isolation_forest_build(&grown, csv->columns, forest, &error)) {
        fprintf(stderr, "isolation_figures: %s\n", error.text);
        exit(1);
    }
    grown_isolation_finish(&grown);
}

static void *allocate_or_end(size_t count, size_t bytes)
{
    void *room = calloc(count, bytes);
    if (room == NULL) {
        perror("isolation_figures");
        exit(1);
    }
    return room;
}

static void print_auc(const struct numeric_csv *csv)
{
    struct ranked *ranked = allocate_or_end(csv->rows, sizeof *ranked);
    double *scores = allocate_or_end(csv->rows, sizeof *scores), sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct isolation_forest forest;
        grow_or_end(csv, seed, &forest);
        isolation_score_rows(&forest, csv->table, csv->rows, scores);
        for (size_t i = 0; i < csv->rows; i++)
            ranked[i] = (struct ranked){scores[i], csv->labels[i]};
        double auc = area_under_curve(ranked, csv->rows);
        sum += auc;
        squares += auc * auc;
        trees_free(&forest.trees);
    }
    double mean = sum / SEEDS;
    printf("auc_mean=%.4f auc_sd=%.4f\n", mean,
           sqrt(fmax(0, squares / SEEDS - mean * mean) * SEEDS / (SEEDS - 1)));
    free(scores);
    free(ranked);
}

static double grow_us(const struct numeric_csv *csv)
{
    double times[GROW_ROUNDS];
    for (unsigned i = 0; i < GROW_ROUNDS; i++) {
        struct isolation_forest forest;
        double start = now_us();
        grow_or_end(csv, i, &forest);
        times[i] = now_us() - start;
        trees_free(&forest.trees);
    }
    return percentile(times, GROW_ROUNDS, 0.5);
}

static double batch_us(const struct numeric_csv *csv, const struct isolation_forest *forest)
{
    double times[BATCH_ROUNDS], *scores = allocate_or_end(csv->rows, sizeof *scores);
    for (unsigned i = 0; i < BATCH_ROUNDS; i++) {
        double start = now_us();
        isolation_score_rows(forest, csv->table, csv->rows, scores);
        times[i] = now_us() - start;
    }
    free(scores);
    return percentile(times, BATCH_ROUNDS, 0.5);
}

/* Each row timed alone, so that the clock's own time, told beside it, is in it. */
static void print_warm(const struct numeric_csv *csv, const struct isolation_forest *forest)
{
    double *times = allocate_or_end(WARM_ROUNDS, sizeof *times);
    double *clock = allocate_or_end(WARM_ROUNDS, sizeof *clock);
    volatile double kept = 0;
    for (unsigned i = 0; i < 2 * WARM_ROUNDS; i++) {
        const float *row = csv->table + (i * (size_t)7919 % csv->rows) * csv->columns;
        float here[TREES_MOST_COLUMNS];
        memcpy(here, row, csv->columns * sizeof *here);
        double start = now_us();
        kept = isolation_score(forest, here);
        double end = now_us();
        times[i % WARM_ROUNDS] = end - start;
        clock[i % WARM_ROUNDS] = now_us() - end;
    }
    (void)kept;
    printf(" row_p50_us=%.3f row_p99_us=%.3f clock_p50_us=%.3f",
           percentile(times, WARM_ROUNDS, 0.5), percentile(times, WARM_ROUNDS, 0.99),
           percentile(clock, WARM_ROUNDS, 0.5));
    free(clock);
    free(times);
}

static void print_speed(const struct numeric_csv *csv)
{
    struct isolation_forest forest;
    grow_or_end(csv, 1, &forest);
    double batch = batch_us(csv, &forest);
    printf("fit_ms=%.2f nodes=%u", grow_us(csv) / 1e3, forest.trees.node_count);
    print_warm(csv, &forest);
    printf(" rows_a_second=%.0f\n", (double)csv->rows / batch * 1e6);
    trees_free(&forest.trees);
}

int main(int count, char **arguments)
{
    struct numeric_csv csv;
    struct error error = ERROR_NONE;
    bool auc = count == 3 && strcmp(arguments[1], "auc") == 0;
    if (!auc && !(count == 3 && strcmp(arguments[1], "speed") == 0)) {
        fprintf(stderr, "usage: isolation_figures auc|speed FILE.csv\n");
        return 2;
    }
    if (!numeric_csv_read(arguments[2], &csv, &error)) {
        fprintf(stderr, "isolation_figures: %s\n", error.text);
        return 1;
    }
    (auc ? print_auc : print_speed)(&csv);
    free(csv.labels);
    free(csv.table);
    return 0;
}
