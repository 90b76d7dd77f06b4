#include "many_rows.h"

#include <math.h>
#include <string.h>

#include "trainer/draw.h"

void many_rows_make(struct many_rows *many, uint64_t seed)
{
    struct draw draw;
    draw_seed(&draw, seed, 0);
    for (unsigned row = 0; row < MANY_ROWS; row++) {
        for (unsigned c = 0; c < MANY_COLUMNS; c++)
            many->values[c][row] = (float)draw_normal(&draw, 0, 1);
        double logit = 2 * (double)many->values[0][row] - (double)many->values[1][row] - 1;
        if (draw_chance(&draw, 0.2)) {
            many->values[2][row] = NAN;
            logit += 2;
        }
        many->chance[row] = (float)(1 / (1 + exp(-logit)));
        many->positive[row] = draw_chance(&draw, (double)many->chance[row]);
        many->weights[row] = (float)draw_between(&draw, 0.1, 4);
    }
    for (unsigned c = 0; c < MANY_COLUMNS; c++)
        many->columns[c] = many->values[c];
    many->view = (struct table_view){MANY_ROWS, MANY_COLUMNS, many->columns, 1};
}

double many_rows_error(const struct many_rows *many, const float *scores)
{
    double sum = 0;
    for (unsigned row = 0; row < MANY_ROWS; row++)
        sum += fabs((double)scores[row] - (double)many->chance[row]);
    return sum / MANY_ROWS;
}

bool same_trees(const struct histogram_tree *one, unsigned one_count,
                const struct histogram_tree *other, unsigned other_count)
{
    bool same = one_count == other_count;
    for (unsigned i = 0; same && i < one_count; i++)
        same = one[i].count == other[i].count &&
               memcmp(one[i].nodes, other[i].nodes, one[i].count * sizeof one[i].nodes[0]) == 0;
    return same;
}
