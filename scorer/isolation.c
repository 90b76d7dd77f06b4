#include "scorer/isolation.h"

#include <math.h>

#define EULER 0.57721566490153286061

double isolation_mean_path(uint32_t rows)
{
    if (rows <= 1)
        return 0;
    if (rows == 2)
        return 1;
    double n = rows;
    return 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n;
}

/* What h summed over the trees is multiplied by. */
static double scale_of(const struct isolation_forest *forest)
{
    return TREES_VALUE_UNIT / (isolation_mean_path(forest->sample_rows) * forest->trees.tree_count);
}

double isolation_score_of(const struct isolation_forest *forest, int64_t path_sum)
{
    return exp2(-(double)path_sum * scale_of(forest));
}

double isolation_score(const struct isolation_forest *forest, const float *row)
{
    double score;
    isolation_score_rows(forest, row, 1, &score);
    return score;
}

static void score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                       uint64_t *keys, double *scores)
{
    uint32_t columns = forest->trees.column_count;
    double scale = scale_of(forest);
    for (size_t i = 0; i < rows; i++) {
        trees_write_keys(columns, table + i * columns, keys);
        scores[i] = exp2(-(double)trees_sum(&forest->trees, keys) * scale);
    }
}

/* Apart, so that only wide tables pay for a large stack. */
static __attribute__((noinline)) void score_wide_rows(const struct isolation_forest *forest,
                                                      const float *table, size_t rows,
                                                      double *scores)
{
    uint64_t keys[TREES_MOST_SLOTS];
    score_rows(forest, table, rows, keys, scores);
}

void isolation_score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                          double *scores)
{
    uint64_t keys[TREES_NARROW_SLOTS];
    if (forest->trees.column_count <= TREES_NARROW_COLUMNS)
        score_rows(forest, table, rows, keys, scores);
    else
        score_wide_rows(forest, table, rows, scores);
}
