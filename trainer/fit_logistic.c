#include "trainer/fit_logistic.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HALVINGS 50
#define ROUNDING      1e-11 /* share of the objective that its sum may be off by */

struct fit {
    const float *table;
    const uint8_t *labels;
    const float *row_weights; /* NULL: 1 */
    double total;             /* of them */
    size_t rows;
    unsigned size; /* columns and, last, the intercept */
    double penalty;
    struct logistic_model *model;
    double *row;             /* standardised, 1 for the intercept */
    double *weights, *tried; /* size each, the intercept last */
    double *gradient, *step; /* size each */
    double *hessian;         /* size × size, the lower triangle */
};

static double row_weight(const struct fit *fit, size_t at)
{
    return fit->row_weights != NULL ? (double)fit->row_weights[at] : 1;
}

static double standardised(const struct logistic_model *model, const float *row, unsigned column)
{
    double value = (double)row[column];
    return isnan(value) ? 0 : (value - model->means[column]) / model->deviations[column];
}

static double logistic(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* log(1 + exp(x)) */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static bool check_rows(struct fit *fit, struct error *error)
{
    double ones = 0;
    fit->total = 0;
    for (size_t i = 0; i < fit->rows; i++) {
        double weight = row_weight(fit, i);
        if (fit->labels[i] > 1)
            return error_set(error, FAULT_MODEL, "row %zu has the label %u: labels are 0 or 1",
                             i + 1, fit->labels[i]);
        if (!(weight >= 0 && isfinite(weight)))
            return error_set(error, FAULT_MODEL, "row %zu has the weight %g: weights are 0 or more",
                             i + 1, weight);
        ones += fit->labels[i] ? weight : 0;
        fit->total += weight;
    }
    return (ones > 0 && ones < fit->total) ||
           error_set(error, FAULT_MODEL,
                     "a logistic regression needs rows of both labels: %g of %g have label 1", ones,
                     fit->total);
}

/* In two passes, so that large means lose no digits. */
static bool measure_column(const struct fit *fit, unsigned column, struct error *error)
{
    struct logistic_model *model = fit->model;
    double sum = 0, squares = 0, known = 0;
    for (size_t i = 0; i < fit->rows; i++) {
        double value = (double)fit->table[i * model->columns + column];
        if (isinf(value))
            return error_set(error, FAULT_MODEL,
                             "row %zu has an infinite value in column %u: leave it missing", i + 1,
                             column + 1);
        known += isnan(value) ? 0 : row_weight(fit, i);
        sum += isnan(value) ? 0 : row_weight(fit, i) * value;
    }
    double mean = known > 0 ? sum / known : 0;
    for (size_t i = 0; i < fit->rows; i++) {
        double value = (double)fit->table[i * model->columns + column] - mean;
        squares += isnan(value) ? 0 : row_weight(fit, i) * value * value;
    }
    double deviation = known > 0 ? sqrt(squares / known) : 0;
    model->means[column] = mean;
    model->deviations[column] = deviation > 1e-12 * fabs(mean) ? deviation : INFINITY;
    return true;
}

/* The standardised row and its linear predictor. */
static double read_row(const struct fit *fit, size_t at, const double *weights)
{
    const struct logistic_model *model = fit->model;
    const float *row = fit->table + at * model->columns;
    double predictor = weights[model->columns];
    for (unsigned i = 0; i < model->columns; i++) {
        fit->row[i] = standardised(model, row, i);
        predictor += fit->row[i] * weights[i];
    }
    fit->row[model->columns] = 1;
    return predictor;
}

static double penalty_of(const struct fit *fit, const double *weights)
{
    double squares = 0;
    for (unsigned i = 0; i + 1 < fit->size; i++)
        squares += weights[i] * weights[i];
    return fit->penalty / 2 * squares;
}

static double objective(const struct fit *fit, const double *weights)
{
    double sum = penalty_of(fit, weights);
    for (size_t at = 0; at < fit->rows; at++) {
        double predictor = read_row(fit, at, weights);
        sum += row_weight(fit, at) * softplus(fit->labels[at] != 0 ? -predictor : predictor);
    }
    return sum;
}

/* Gradient and Hessian at the weights; the objective. */
static double differentiate(const struct fit *fit)
{
    unsigned size = fit->size;
    double sum = penalty_of(fit, fit->weights);
    memset(fit->hessian, 0, (size_t)size * size * sizeof *fit->hessian);
    memset(fit->gradient, 0, size * sizeof *fit->gradient);
    for (unsigned i = 0; i + 1 < size; i++) {
        /* A column of one value is held at 0 even without a penalty. */
        bool constant = isinf(fit->model->deviations[i]);
        fit->hessian[(size_t)i * size + i] = fit->penalty + (constant ? 1 : 0);
        fit->gradient[i] = fit->penalty * fit->weights[i];
    }
    for (size_t at = 0; at < fit->rows; at++) {
        double predictor = read_row(fit, at, fit->weights), probability = logistic(predictor);
        double weight = row_weight(fit, at), excess = weight * (probability - fit->labels[at]);
        double curvature = weight * probability * (1 - probability);
        sum += weight * softplus(fit->labels[at] != 0 ? -predictor : predictor);
        for (unsigned i = 0; i < size; i++) {
            double *line = fit->hessian + (size_t)i * size, part = curvature * fit->row[i];
            fit->gradient[i] += excess * fit->row[i];
            for (unsigned j = 0; j <= i; j++)
                line[j] += part * fit->row[j];
        }
    }
    return sum;
}

/* The Cholesky factor in place. False when the matrix is not positive definite. */
static bool factor(double *matrix, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        double *line = matrix + (size_t)i * size, diagonal = line[i];
        for (unsigned j = 0; j <= i; j++) {
            const double *other = matrix + (size_t)j * size;
            double sum = line[j];
            for (unsigned k = 0; k < j; k++)
                sum -= line[k] * other[k];
            if (j < i)
                line[j] = sum / other[j];
            else if (!(sum > 1e-13 * diagonal))
                return false;
            else
                line[i] = sqrt(sum);
        }
    }
    return true;
}

/* step: the solution of hessian × step = gradient, by its factor. */
static void solve(const struct fit *fit)
{
    unsigned size = fit->size;
    const double *lower = fit->hessian;
    double *step = fit->step;
    for (unsigned i = 0; i < size; i++) {
        step[i] = fit->gradient[i];
        for (unsigned j = 0; j < i; j++)
            step[i] -= lower[(size_t)i * size + j] * step[j];
        step[i] /= lower[(size_t)i * size + i];
    }
    for (unsigned i = size; i-- > 0;) {
        for (unsigned j = i + 1; j < size; j++)
            step[i] -= lower[(size_t)j * size + i] * step[j];
        step[i] /= lower[(size_t)i * size + i];
    }
}

/* Takes the step, halved until the objective does not rise. False when it always does. */
static bool take_step(struct fit *fit, double before)
{
    double share = 1;
    for (unsigned halvings = 0; halvings < MOST_HALVINGS; halvings++, share /= 2) {
        for (unsigned i = 0; i < fit->size; i++)
            fit->tried[i] = fit->weights[i] - share * fit->step[i];
        if (objective(fit, fit->tried) <= before * (1 + ROUNDING)) {
            memcpy(fit->weights, fit->tried, fit->size * sizeof *fit->weights);
            return true;
        }
    }
    return false;
}

static double steepest(const struct fit *fit)
{
    double most = 0;
    for (unsigned i = 0; i < fit->size; i++)
        most = fmax(most, fabs(fit->gradient[i]));
    return most / fit->total;
}

static bool descend(struct fit *fit, const struct logistic_options *options, struct error *error)
{
    struct logistic_model *model = fit->model;
    for (;;) {
        double before = differentiate(fit);
        /* Each row costs less than log 2, so each is on its label's side: larger weights are always
         * better, and the derivatives vanish without a minimum. */
        if (fit->penalty <= 0 && before < M_LN2)
            return error_set(error, FAULT_MODEL,
                             "the columns part the labels without error: give a penalty above 0");
        model->converged = steepest(fit) <= options->tolerance;
        if (model->converged || model->steps == options->most_steps)
            return true;
        if (!factor(fit->hessian, fit->size))
            return error_set(error, FAULT_MODEL,
                             "the columns depend on each other or part the labels without error: "
                             "give a penalty above 0");
        solve(fit);
        if (!take_step(fit, before))
            return true;
        model->steps++;
    }
}

static bool fit_init(struct fit *fit, unsigned columns)
{
    struct logistic_model *model = fit->model;
    fit->size = columns + 1;
    model->columns = columns;
    model->coefficients = calloc(columns, sizeof(double));
    model->means = calloc(columns, sizeof(double));
    model->deviations = calloc(columns, sizeof(double));
    fit->row = calloc((size_t)fit->size * 5, sizeof(double));
    fit->hessian = calloc((size_t)fit->size * fit->size, sizeof(double));
    if (model->coefficients == NULL || model->means == NULL || model->deviations == NULL ||
        fit->row == NULL || fit->hessian == NULL)
        return false;
    fit->weights = fit->row + fit->size;
    fit->tried = fit->weights + fit->size;
    fit->gradient = fit->tried + fit->size;
    fit->step = fit->gradient + fit->size;
    return true;
}

static bool fit_run(struct fit *fit, const struct logistic_options *options, struct error *error)
{
    struct logistic_model *model = fit->model;
    for (unsigned column = 0; column < model->columns; column++) {
        if (!measure_column(fit, column, error))
            return false;
    }
    if (!descend(fit, options, error))
        return false;
    memcpy(model->coefficients, fit->weights, model->columns * sizeof(double));
    model->intercept = fit->weights[model->columns];
    return true;
}

bool fit_logistic(const float *table, size_t rows, unsigned columns, const uint8_t *labels,
                  const struct logistic_options *options, struct logistic_model *model,
                  struct error *error)
{
    struct fit fit = {.table = table,
                      .labels = labels,
                      .row_weights = options->weights,
                      .rows = rows,
                      .penalty = options->penalty,
                      .model = model};
    *model = (struct logistic_model){.columns = columns};
    if (columns < 1 || columns > LOGISTIC_MAX_COLUMNS)
        return error_set(error, FAULT_MODEL, "a logistic regression takes 1 to %u columns, not %u",
                         LOGISTIC_MAX_COLUMNS, columns);
    if (!(options->penalty >= 0 && isfinite(options->penalty)))
        return error_set(error, FAULT_MODEL, "the penalty must be 0 or more");
    if (!check_rows(&fit, error))
        return false;
    bool fitted = fit_init(&fit, columns)
                      ? fit_run(&fit, options, error)
                      : error_set_errno(error, FAULT_MODEL, ENOMEM,
                                        "the logistic regression does not fit into memory");
    free(fit.hessian);
    free(fit.row);
    if (!fitted)
        logistic_model_free(model);
    return fitted;
}

void logistic_model_free(struct logistic_model *model)
{
    free(model->coefficients);
    free(model->means);
    free(model->deviations);
    *model = (struct logistic_model){.columns = 0};
}

double logistic_probability(const struct logistic_model *model, const float *row)
{
    double predictor = model->intercept;
    for (unsigned i = 0; i < model->columns; i++)
        predictor += model->coefficients[i] * standardised(model, row, i);
    return logistic(predictor);
}
