/*
 * Whether probabilities are what they say: the Brier score (Brier 1950) and a reliability curve of
 * ten bins of equal width (DeGroot and Fienberg 1983), whose distance from the diagonal is the
 * expected calibration error (Naeini, Cooper and Hauskrecht 2015). Rows count by their weights.
 */
#ifndef TRAINER_CALIBRATION_H
#define TRAINER_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "common/json_writer.h"

#define CALIBRATION_BINS 10

struct calibration {
    double brier; /* mean squared difference of probability and label; 0 without rows */
    double error; /* mean distance of the observed share from the probability, bin by bin; 0 too */
    struct calibration_bin {
        size_t rows;
        double weight;
        double predicted, observed; /* mean probability, share of label 1; 0 without rows */
    } bins[CALIBRATION_BINS];       /* bin i: from i / 10 on, below (i + 1) / 10; 1 in the last */
};

/* probabilities: 0 to 1; labels: 0 or 1; weights: NULL, or 0 or more for each row. */
void calibration_measure(const double *probabilities, const uint8_t *labels, const float *weights,
                         size_t rows, struct calibration *calibration);

/* A member "calibration"; the means of a bin without rows are null. */
void calibration_write(struct json_writer *json, const struct calibration *calibration);

#endif
