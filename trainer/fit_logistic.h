/*
 * Logistic regression with an L2 penalty on standardised columns, by Newton's method (iteratively
 * reweighted least squares: Hastie, Tibshirani and Friedman 2009, "The Elements of Statistical
 * Learning", 4.4.1) with steps halved until the objective falls, solved by Cholesky. It minimises
 *
 *     penalty / 2 · |coefficients|² + Σ weight · log loss
 *
 * The intercept is not penalised: scikit-learn's LogisticRegression(C = 1 / penalty) behind a
 * StandardScaler, both with the same sample_weight, has the same minimum. A row of weight 2 counts
 * as two rows, in means and deviations too.
 *
 * Missing values (NAN) take no part in a column's mean and deviation and count as its mean, 0 once
 * standardised: in fitting and in predicting. A column without two different known values gets the
 * coefficient 0.
 */
#ifndef TRAINER_FIT_LOGISTIC_H
#define TRAINER_FIT_LOGISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define LOGISTIC_MAX_COLUMNS 512

struct logistic_options {
    double penalty;      /* 0 or more */
    unsigned most_steps; /* of Newton's method; 100 is plenty */
    double tolerance; /* converged: no derivative of the objective, over the weights' sum, above */
    const float *weights; /* NULL: 1; otherwise of each row, none negative */
};

struct logistic_model {
    unsigned columns, steps;
    bool converged; /* false: the model is the best of most_steps and should not be trusted */
    double intercept;
    double *coefficients;       /* of the standardised columns */
    double *means, *deviations; /* of the known values; infinite where all are one */
};

/*
 * table: rows × columns finite values or NAN, row after row; labels: 0 or 1, both of them there.
 * The model is the caller's to give to logistic_model_free(). False with a sentence when the input
 * cannot be fitted; not converging is told by model->converged.
 */
bool fit_logistic(const float *table, size_t rows, unsigned columns, const uint8_t *labels,
                  const struct logistic_options *options, struct logistic_model *model,
                  struct error *error) MUST_USE;
void logistic_model_free(struct logistic_model *model);

/* 0 to 1. row: model->columns values, NAN where missing. */
double logistic_probability(const struct logistic_model *model, const float *row);

#endif
