#include "trainer/gradient_rows.h"

#include <math.h>

#define WEYL_STEP  UINT32_C(0x9e3779b9) /* of the golden ratio, in 2^-32 */
#define FIRST_TREE (UINT64_C(1) << 32)  /* streams of each tree, apart from all others */

void gradient_units(struct gradient_source *source, size_t count)
{
    double most = 0;

    source->weighted = source->labels->weights != NULL || source->class_weight[0] > 0 ||
                       source->class_weight[1] > 0;
    for (size_t row = 0; row < count; row++)
        most = fmax(most, table_row_weight(source->labels, source->class_weight, row));
    if (most <= 0)
        most = 1;
    source->gradients_of_one = GRADIENT_MOST / most;
    source->hessians_of_one = HESSIAN_MOST / (most / 4);
}

/* The whole number below, or, as often as the fraction says, the one above. */
static int32_t dithered(double value, uint32_t weyl)
{
    return (int32_t)(value + (double)weyl * 0x1p-32);
}

static uint64_t packed_row(const struct gradient_source *source, double weight, bool positive,
                           double chance, uint32_t weyl)
{
    double wrong = positive ? 1 - chance : chance;
    int32_t gradient = dithered(weight * wrong * source->gradients_of_one, weyl);
    int32_t hessian = dithered(weight * chance * (1 - chance) * source->hessians_of_one, weyl);
    return gradient_pack(positive ? -gradient : gradient, (uint32_t)hessian);
}

uint32_t gradient_rows_make(const struct gradient_source *source, unsigned tree, unsigned number,
                            uint32_t count, uint32_t rows[GRADIENT_BLOCK_ROWS], uint64_t *packed)
{
    const struct table_labels *labels = source->labels;
    uint32_t first = number * GRADIENT_BLOCK_ROWS, made = 0;
    uint32_t end = count - first < GRADIENT_BLOCK_ROWS ? count : first + GRADIENT_BLOCK_ROWS;
    bool samples = source->row_share < 1;
    struct draw draw;

    draw_seed(&draw, source->seed, (tree + 1) * FIRST_TREE + number);
    uint32_t weyl = (uint32_t)draw_bits(&draw);
    for (uint32_t row = first; row < end; row++) {
        if (samples && !draw_chance(&draw, source->row_share))
            continue;
        double weight = source->weighted ? table_row_weight(labels, source->class_weight, row) : 1;
        double chance = (double)(1 / (1 + expf(-source->margins[row])));
        weyl += WEYL_STEP;
        packed[row] = packed_row(source, weight, labels->positive[row], chance, weyl);
        rows[made++] = row;
    }
    return made;
}
