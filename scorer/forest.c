#include "scorer/forest.h"

#include <math.h>

#define MOST_LOG_ODDS 64 /* of a boosted tree's leaf */

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

static double score_of(const void *forest, int64_t sum)
{
    return forest_score_of(forest, sum);
}

void forest_score_rows(const struct forest *forest, const float *table, size_t rows, double *scores)
{
    trees_score_rows(&forest->trees, table, rows, score_of, forest, scores);
}

struct tree_bounds forest_bounds(enum forest_kind kind)
{
    if (kind == FOREST_BAGGED)
        return (struct tree_bounds){0, TREES_VALUE_ONE};
    return (struct tree_bounds){-MOST_LOG_ODDS * TREES_VALUE_ONE, MOST_LOG_ODDS * TREES_VALUE_ONE};
}

const char *forest_kind_name(enum forest_kind kind)
{
    return kind == FOREST_BOOSTED ? "boosted" : "bagged";
}
