/* What is learned from a table's rows, and what each of them weighs. */
#ifndef TRAINER_TABLE_LABELS_H
#define TRAINER_TABLE_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* weights: NULL, or one for each row, none negative. */
struct table_labels {
    const uint8_t *positive; /* 0 or 1 */
    const float *weights;
};

/* class_weight: of rows labelled 0 and 1; both 0: 1. */
static inline double table_row_weight(const struct table_labels *labels,
                                      const double class_weight[2], size_t row)
{
    bool by_class = class_weight[0] > 0 || class_weight[1] > 0;
    return (labels->weights != NULL ? (double)labels->weights[row] : 1) *
           (by_class ? class_weight[labels->positive[row]] : 1);
}

#endif
