#include "trainer/calibration.h"

static size_t bin_of(double probability)
{
    size_t bin = (size_t)(probability * CALIBRATION_BINS);
    return bin < CALIBRATION_BINS ? bin : CALIBRATION_BINS - 1;
}

void calibration_measure(const double *probabilities, const uint8_t *labels, size_t rows,
                         struct calibration *calibration)
{
    *calibration = (struct calibration){.brier = 0};
    for (size_t i = 0; i < rows; i++) {
        struct calibration_bin *bin = &calibration->bins[bin_of(probabilities[i])];
        double difference = probabilities[i] - labels[i];
        calibration->brier += difference * difference / (double)rows;
        bin->rows++;
        bin->predicted += probabilities[i];
        bin->observed += labels[i];
    }
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        struct calibration_bin *bin = &calibration->bins[i];
        bin->predicted /= bin->rows > 0 ? (double)bin->rows : 1;
        bin->observed /= bin->rows > 0 ? (double)bin->rows : 1;
    }
}
