#include "trainer/evaluate_score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/fit_logistic.h"

#define NEW_HOUR 1.0 /* hours from the nearest one the user has logged in at */

const struct evaluate_method_info EVALUATE_METHOD_TABLE[EVALUATE_METHOD_COUNT] = {
#define EVALUATE_METHOD(symbol, role, name, meaning) {role, name, meaning},
    EVALUATE_METHODS
#undef EVALUATE_METHOD
};

bool evaluate_is_baseline(enum evaluate_method method)
{
    return EVALUATE_METHOD_TABLE[method].role >= ROLE_PART_AND_BASELINE;
}

/* ---- novelty ---- */

void evaluate_novelty(const float features[FEATURE_COUNT], float flags[NOVELTY_FLAGS])
{
    static const enum feature SEEN[NOVELTY_FLAGS - 1] = {
        FEATURE_ADDRESS_PREFIX_SEEN, FEATURE_ASN_SEEN, FEATURE_COUNTRY_SEEN,
        FEATURE_DEVICE_SEEN,         FEATURE_KEY_SEEN, FEATURE_METHOD_SEEN,
        FEATURE_SERVICE_SEEN};

    for (int i = 0; i < NOVELTY_FLAGS - 1; i++) {
        float seen = features[SEEN[i]];
        flags[i] = isnan(seen) ? NAN : seen == 0;
    }
    float hours = features[FEATURE_HOUR_NEAREST];
    flags[NOVELTY_FLAGS - 1] = isnan(hours) ? NAN : (double)hours > NEW_HOUR;
}

bool evaluate_fit_novelty(const struct training_rows *training, struct logistic_model *novelty,
                          struct error *error)
{
    struct logistic_options options = {.penalty = 1, .most_steps = 100, .tolerance = 1e-9};
    float *table = calloc(training->count * NOVELTY_FLAGS + 1, sizeof *table);
    float *weights = calloc(training->count + 1, sizeof *weights);
    uint8_t *labels = calloc(training->count + 1, sizeof *labels);
    bool fitted = table != NULL && weights != NULL && labels != NULL;

    if (!fitted)
        error_set_errno(error, FAULT_MODEL, ENOMEM, "the rows do not fit into memory");
    for (size_t i = 0; fitted && i < training->count; i++) {
        const struct training_row *row = &training->rows[i];
        evaluate_novelty(row->features, table + i * NOVELTY_FLAGS);
        labels[i] = row->family != ROW_LEGITIMATE;
        weights[i] = row->weight;
    }
    options.weights = weights;
    fitted = fitted &&
             fit_logistic(table, training->count, NOVELTY_FLAGS, labels, &options, novelty, error);
    free(labels);
    free(weights);
    free(table);
    return fitted;
}

/* ---- scores ---- */

static double or_nothing(double score)
{
    return isnan(score) ? 0 : score;
}

bool evaluate_score(const struct risk_model *model, const struct logistic_model *novelty,
                    const float features[FEATURE_COUNT], double scores[EVALUATE_METHOD_COUNT],
                    struct error *error)
{
    float flags[NOVELTY_FLAGS];
    struct risk risk;

    if (!risk_assess(model, features, &risk, error))
        return false;
    evaluate_novelty(features, flags);
    scores[METHOD_OF_STACK] = risk.probability;
    scores[METHOD_OF_FOREST] = risk.forest_logit;
    scores[METHOD_OF_ISOLATION] = risk.isolation;
    scores[METHOD_OF_FREEMAN] = or_nothing(risk.likelihood);
    scores[METHOD_OF_LOGISTIC] = logistic_probability(novelty, flags);
    scores[METHOD_OF_COUNTRY] = features[FEATURE_COUNTRY_SEEN] == 0;
    return true;
}
