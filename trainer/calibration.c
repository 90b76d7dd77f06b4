#include "trainer/calibration.h"

#include <math.h>

static size_t bin_of(double probability)
{
    size_t bin = (size_t)(probability * CALIBRATION_BINS);
    return bin < CALIBRATION_BINS ? bin : CALIBRATION_BINS - 1;
}

void calibration_measure(const double *probabilities, const uint8_t *labels, const float *weights,
                         size_t rows, struct calibration *calibration)
{
    double total = 0;

    *calibration = (struct calibration){.brier = 0};
    for (size_t i = 0; i < rows; i++) {
        struct calibration_bin *bin = &calibration->bins[bin_of(probabilities[i])];
        double weight = weights != NULL ? (double)weights[i] : 1;
        double difference = probabilities[i] - labels[i];
        calibration->brier += weight * difference * difference;
        total += weight;
        bin->rows++;
        bin->weight += weight;
        bin->predicted += weight * probabilities[i];
        bin->observed += weight * labels[i];
    }
    for (size_t i = 0; i < CALIBRATION_BINS; i++) {
        struct calibration_bin *bin = &calibration->bins[i];
        calibration->error += fabs(bin->predicted - bin->observed);
        bin->predicted /= bin->weight > 0 ? bin->weight : 1;
        bin->observed /= bin->weight > 0 ? bin->weight : 1;
    }
    calibration->brier /= total > 0 ? total : 1;
    calibration->error /= total > 0 ? total : 1;
}

void calibration_write(struct json_writer *json, const struct calibration *calibration)
{
    json_object_begin(json, "calibration");
    json_number(json, "brier", calibration->brier);
    json_number(json, "error", calibration->error);
    json_array_begin(json, "bins");
    for (int i = 0; i < CALIBRATION_BINS; i++) {
        const struct calibration_bin *bin = &calibration->bins[i];
        json_object_begin(json, NULL);
        json_number(json, "from", (double)i / CALIBRATION_BINS);
        json_integer(json, "rows", (int64_t)bin->rows);
        json_number(json, "predicted", bin->rows > 0 ? bin->predicted : NAN);
        json_number(json, "observed", bin->rows > 0 ? bin->observed : NAN);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}
