/*
 * Whether probabilities are what they say: the Brier score (Brier 1950) and a reliability curve of
 * ten bins of equal width (DeGroot and Fienberg 1983).
 */
#ifndef TRAINER_CALIBRATION_H
#define TRAINER_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#define CALIBRATION_BINS 10

struct calibration {
    double brier; /* mean squared difference of probability and label; 0 without rows */
    struct calibration_bin {
        size_t rows;
        double predicted, observed; /* mean probability, share of label 1; 0 without rows */
    } bins[CALIBRATION_BINS];       /* bin i: from i / 10 on, below (i + 1) / 10; 1 in the last */
};

/* probabilities: 0 to 1; labels: 0 or 1. */
void calibration_measure(const double *probabilities, const uint8_t *labels, size_t rows,
                         struct calibration *calibration);

#endif
