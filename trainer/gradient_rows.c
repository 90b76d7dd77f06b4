#include "trainer/gradient_rows.h"

#include <math.h>

#define WEYL_STEP  UINT32_C(0x9e3779b9) /* of the golden ratio, in 2^-32 */
#define FIRST_TREE (UINT64_C(1) << 32)  /* streams of each tree, apart from all others */

void gradient_units(struct gradient_source *source, size_t count)
{
    double most = 0;
    for (size_t row = 0; row < count; row++)
        most = fmax(most, table_row_weight(source->labels, source->class_weight, row));
    if (most <= 0)
        most = 1;
    source->gradient_unit = most / GRADIENT_MOST;
    source->hessian_unit = most / 4 / HESSIAN_MOST;
}

/* The whole number below, or, as often as its fraction says, the one above. */
static int32_t dithered(double value, uint32_t weyl)
{
    const double up = 1 << 20;
    return (int32_t)(value + (double)weyl * 0x1p-32 + up) - (int32_t)up;
}

uint32_t gradient_rows_make(const struct gradient_source *source, unsigned tree, unsigned number,
                            uint32_t rows, struct gradient_row made[GRADIENT_BLOCK_ROWS])
{
    uint32_t first = number * GRADIENT_BLOCK_ROWS, count = 0;
    uint32_t end = rows - first < GRADIENT_BLOCK_ROWS ? rows : first + GRADIENT_BLOCK_ROWS;
    double per_gradient = 1 / source->gradient_unit, per_hessian = 1 / source->hessian_unit;
    struct draw draw;

    draw_seed(&draw, source->seed, (tree + 1) * FIRST_TREE + number);
    uint32_t weyl = (uint32_t)draw_bits(&draw);
    for (uint32_t row = first; row < end; row++) {
        if (source->row_share < 1 && !draw_chance(&draw, source->row_share))
            continue;
        double chance = 1 / (1 + (double)expf(-source->margins[row]));
        double weight = table_row_weight(source->labels, source->class_weight, row);
        double gradient = weight * (chance - source->labels->positive[row]);
        double hessian = weight * chance * (1 - chance);
        weyl += WEYL_STEP;
        made[count++] = (struct gradient_row){
            .row = row,
            .hessian = (uint32_t)dithered(hessian * per_hessian, weyl),
            .gradient = dithered(gradient * per_gradient, weyl),
        };
    }
    return count;
}
