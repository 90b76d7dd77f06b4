#include "scorer/isolation.h"

#include <math.h>

#define EULER     0.57721566490153286061
#define MOST_PATH 64 /* a sample of 2^16 rows gives 16 levels and a mean path of 22 */

double isolation_mean_path(uint32_t rows)
{
    if (rows <= 1)
        return 0;
    if (rows == 2)
        return 1;
    double n = rows;
    return 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n;
}

struct tree_bounds isolation_bounds(void)
{
    return (struct tree_bounds){0, MOST_PATH * TREES_VALUE_ONE};
}

/* What h summed over the trees is multiplied by. */
static double scale_of(const struct isolation_forest *forest)
{
    return TREES_VALUE_UNIT / (isolation_mean_path(forest->sample_rows) * forest->trees.tree_count);
}

static double score_of(const void *scale, int64_t path_sum)
{
    return exp2(-(double)path_sum * *(const double *)scale);
}

double isolation_score_of(const struct isolation_forest *forest, int64_t path_sum)
{
    double scale = scale_of(forest);
    return score_of(&scale, path_sum);
}

double isolation_score(const struct isolation_forest *forest, const float *row)
{
    double score;
    isolation_score_rows(forest, row, 1, &score);
    return score;
}

void isolation_score_rows(const struct isolation_forest *forest, const float *table, size_t rows,
                          double *scores)
{
    double scale = scale_of(forest);
    trees_score_rows(&forest->trees, table, rows, score_of, &scale, scores);
}
