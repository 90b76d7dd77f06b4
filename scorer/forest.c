#include "scorer/forest.h"

#include <math.h>

double forest_logistic(double log_odds)
{
    return 1 / (1 + exp(-log_odds));
}

double forest_logit_of(const struct forest *forest, int64_t sum)
{
    double value = (double)sum * TREES_VALUE_UNIT, logit;
    if (forest->kind == FOREST_BOOSTED) {
        logit = forest->bias + value;
    } else {
        double share = fmin(fmax(value / forest->trees.tree_count, 0), 1);
        logit = log(share) - log1p(-share);
    }
    return fmin(fmax(logit, -FOREST_MOST_LOGIT), FOREST_MOST_LOGIT);
}

double forest_score_of(const struct forest *forest, int64_t sum)
{
    if (forest->kind == FOREST_BAGGED)
        return (double)sum * TREES_VALUE_UNIT / forest->trees.tree_count;
    return forest_logistic(forest_logit_of(forest, sum));
}

double forest_score(const struct forest *forest, const float *row)
{
    double score;
    forest_score_rows(forest, row, 1, &score);
    return score;
}

static void score_rows(const struct forest *forest, const float *table, size_t rows, uint64_t *keys,
                       double *scores)
{
    uint32_t columns = forest->trees.column_count;
    for (size_t i = 0; i < rows; i++) {
        trees_write_keys(columns, table + i * columns, keys);
        scores[i] = forest_score_of(forest, trees_sum(&forest->trees, keys));
    }
}

/* Apart, so that only wide tables pay for a large stack. */
static __attribute__((noinline)) void
score_wide_rows(const struct forest *forest, const float *table, size_t rows, double *scores)
{
    uint64_t keys[TREES_MOST_SLOTS];
    score_rows(forest, table, rows, keys, scores);
}

void forest_score_rows(const struct forest *forest, const float *table, size_t rows, double *scores)
{
    uint64_t keys[TREES_NARROW_SLOTS];
    if (forest->trees.column_count <= TREES_NARROW_COLUMNS)
        score_rows(forest, table, rows, keys, scores);
    else
        score_wide_rows(forest, table, rows, scores);
}

const char *forest_kind_name(enum forest_kind kind)
{
    return kind == FOREST_BOOSTED ? "boosted" : "bagged";
}
