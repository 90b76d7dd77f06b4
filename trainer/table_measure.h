/* How well scores tell labels apart. Rows whose score is NAN are left out. */
#ifndef TRAINER_TABLE_MEASURE_H
#define TRAINER_TABLE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct table_measure {
    double auc; /* area under the ROC curve, ties counted half; NAN: one class only */
    double
        average_precision; /* sum of precision times gain in recall at each score; NAN the same */
    double logloss;        /* scores kept 1e-15 away from 0 and 1 */
};

bool table_measure(struct table_measure *measure, const float *scores, const uint8_t *labels,
                   size_t count, struct error *error) MUST_USE;

#endif
