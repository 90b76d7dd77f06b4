#include "scorer/forest.h"

#include <math.h>

double logistic(double log_odds)
{
    return 1 / (1 + exp(-log_odds));
}

double forest_logit_of(const struct forest *forest, int64_t sum)
{
    double value = (double)sum * TREES_VALUE_UNIT, logit;
    if (forest->kind == FOREST_BOOSTED) {
        logit = forest->bias + value;
    } else {
        double share = value / forest->trees.tree_count;
        logit = log(share) - log1p(-share);
    }
    return fmin(fmax(logit, -FOREST_MOST_LOGIT), FOREST_MOST_LOGIT);
}

double forest_score_of(const struct forest *forest, int64_t sum)
{
    if (forest->kind == FOREST_BAGGED)
        return (double)sum * TREES_VALUE_UNIT / forest->trees.tree_count;
    return logistic(forest_logit_of(forest, sum));
}

double forest_score(const struct forest *forest, const float *row)
{
    uint64_t keys[TREES_MOST_SLOTS];
    trees_write_keys(forest->trees.column_count, row, keys);
    return forest_score_of(forest, trees_sum(&forest->trees, keys));
}

const char *forest_kind_name(enum forest_kind kind)
{
    return kind == FOREST_BOOSTED ? "boosted" : "bagged";
}
