/*
 * scoring_xgboost MODEL TEST
 * The same as scoring.c by XGBoost's C API, one thread: rows one at a time and in a batch,
 * predicted in place from a dense array; and the time from main() to the first prediction.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/binary_table.h"

#define ROUNDS    3
#define EACH_ROWS 5000U

/* Of xgboost/c_api.h, which Debian ships without the library's headers. */
typedef void *BoosterHandle;
typedef void *DMatrixHandle;
typedef uint64_t bst_ulong;
int XGBoosterCreate(const DMatrixHandle dmats[], bst_ulong len, BoosterHandle *out);
int XGBoosterLoadModel(BoosterHandle handle, const char *fname);
int XGBoosterSetParam(BoosterHandle handle, const char *name, const char *value);
int XGBoosterPredictFromDense(BoosterHandle handle, const char *values, const char *config,
                              DMatrixHandle m, const bst_ulong **out_shape, bst_ulong *out_dim,
                              const float **out_result);
const char *XGBGetLastError(void);

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check(int failed)
{
    if (failed != 0) {
        fprintf(stderr, "scoring_xgboost: %s\n", XGBGetLastError());
        exit(1);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static float predict(BoosterHandle booster, const float *rows, size_t count)
{
    static const char CONFIG[] = "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, "
                                 "\"iteration_end\": 0, \"strict_shape\": false, "
                                 "\"cache_id\": 0, \"missing\": NaN}";
    char values[200];
    const bst_ulong *shape;
    bst_ulong dimensions;
    const float *result;

    snprintf(values, sizeof values,
             "{\"data\": [%llu, true], \"shape\": [%zu, %d], \"typestr\": \"<f4\", \"version\": 3}",
             (unsigned long long)(uintptr_t)rows, count, BINARY_TABLE_COLUMNS);
    check(XGBoosterPredictFromDense(booster, values, CONFIG, NULL, &shape, &dimensions, &result));
    return result[0];
}

static void measure(BoosterHandle booster, const struct binary_table *table)
{
    static int64_t ns[EACH_ROWS];
    int64_t p50 = INT64_MAX, p99 = INT64_MAX, least = INT64_MAX;
    double sum = 0;

    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < EACH_ROWS; i++) {
            ns[i] = -now_ns();
            sum += (double)predict(booster, table->row_major + i * BINARY_TABLE_COLUMNS, 1);
            ns[i] += now_ns();
        }
        qsort(ns, EACH_ROWS, sizeof *ns, by_size);
        p50 = ns[EACH_ROWS / 2] < p50 ? ns[EACH_ROWS / 2] : p50;
        p99 = ns[EACH_ROWS * 99 / 100] < p99 ? ns[EACH_ROWS * 99 / 100] : p99;
        int64_t spent = -now_ns();
        sum += (double)predict(booster, table->row_major, table->rows);
        spent += now_ns();
        least = spent < least ? spent : least;
    }
    printf("XGBoost: one row, warm: p50 %.2f us, p99 %.2f us\n", (double)p50 / 1e3,
           (double)p99 / 1e3);
    printf("XGBoost: in a batch: %.0f rows a second and thread\n",
           (double)table->rows * 1e9 / (double)least);
    printf("(mean score %.4f)\n", sum / (ROUNDS * (EACH_ROWS + 1.0)));
}

int main(int argc, char **argv)
{
    int64_t begin = now_ns();
    float row[BINARY_TABLE_COLUMNS] = {1, 2, 3};
    struct binary_table table;
    BoosterHandle booster;

    if (argc != 3) {
        fprintf(stderr, "usage: scoring_xgboost MODEL TEST\n");
        return 2;
    }
    check(XGBoosterCreate(NULL, 0, &booster));
    check(XGBoosterSetParam(booster, "nthread", "1"));
    check(XGBoosterLoadModel(booster, argv[1]));
    check(XGBoosterSetParam(booster, "nthread", "1"));
    (void)predict(booster, row, 1);
    printf("XGBoost: from main to the first score: %.0f us\n", (double)(now_ns() - begin) / 1e3);
    if (!binary_table_read(argv[2], &table))
        return 1;
    measure(booster, &table);
    return 0;
}
