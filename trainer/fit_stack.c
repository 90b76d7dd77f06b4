#include "trainer/fit_stack.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/fit_logistic.h"

static const struct logistic_options OPTIONS = {.penalty = 1, .most_steps = 100, .tolerance = 1e-9};

const char *fit_evidence_name(enum fit_evidence evidence)
{
    static const char *const NAMES[EVIDENCE_COUNT] = {"forest", "isolation", "likelihood"};
    return NAMES[evidence];
}

double fit_evidence_of(const struct risk *risk, enum fit_evidence evidence,
                       const struct risk_stack *stack)
{
    if (evidence == EVIDENCE_LIKELIHOOD)
        return isnan(risk->likelihood) ? stack->likelihood_mean : risk->likelihood;
    return evidence == EVIDENCE_FOREST ? risk->forest_logit : risk->isolation;
}

/* What the regression reads: EVIDENCE_COUNT values a row, NAN where missing. */
struct design {
    float *table, *weights;
    uint8_t *labels;
    size_t rows;
};

static bool design_init(struct design *design, const struct risk *risks,
                        const struct fit_part *validation)
{
    size_t rows = validation->count;
    *design = (struct design){.rows = rows};
    design->table = calloc(rows * EVIDENCE_COUNT + 1, sizeof *design->table);
    design->weights = calloc(rows + 1, sizeof *design->weights);
    design->labels = calloc(rows + 1, sizeof *design->labels);
    if (design->table == NULL || design->weights == NULL || design->labels == NULL)
        return false;
    for (size_t i = 0; i < rows; i++) {
        float *row = design->table + i * EVIDENCE_COUNT;
        row[EVIDENCE_FOREST] = (float)risks[i].forest_logit;
        row[EVIDENCE_ISOLATION] = (float)risks[i].isolation;
        row[EVIDENCE_LIKELIHOOD] = (float)risks[i].likelihood;
        design->weights[i] = validation->rows[i].weight;
        design->labels[i] = validation->rows[i].family != ROW_LEGITIMATE;
    }
    return true;
}

static void design_finish(struct design *design)
{
    free(design->table);
    free(design->weights);
    free(design->labels);
}

/* A column of one value gets no weight. */
static void leave_out(struct design *design, unsigned column)
{
    for (size_t i = 0; i < design->rows; i++)
        design->table[i * EVIDENCE_COUNT + column] = 0;
}

static bool regress(const struct design *design, struct logistic_model *model, struct error *error)
{
    struct logistic_options options = OPTIONS;
    options.weights = design->weights;
    if (!fit_logistic(design->table, design->rows, EVIDENCE_COUNT, design->labels, &options, model,
                      error))
        return false;
    if (model->converged)
        return true;
    logistic_model_free(model);
    return error_set(error, FAULT_MODEL,
                     "the regression that stacks the forests has not converged after %u steps on "
                     "%zu rows: train with another seed or more history",
                     options.most_steps, design->rows);
}

/* The column with the most negative coefficient; EVIDENCE_COUNT when none is. */
static unsigned most_negative(const struct logistic_model *model)
{
    unsigned found = EVIDENCE_COUNT;
    double least = 0;
    for (unsigned i = 0; i < EVIDENCE_COUNT; i++) {
        if (model->coefficients[i] < least) {
            least = model->coefficients[i];
            found = i;
        }
    }
    return found;
}

/* From standardised columns to the evidence's own units; 0 where the deviation is infinite. */
static struct risk_stack raw_stack(const struct logistic_model *model, double likelihood_mean)
{
    double weights[EVIDENCE_COUNT], intercept = model->intercept;
    for (unsigned i = 0; i < EVIDENCE_COUNT; i++) {
        weights[i] = model->coefficients[i] / model->deviations[i];
        intercept -= weights[i] * model->means[i];
    }
    return (struct risk_stack){.intercept = intercept,
                               .forest = weights[EVIDENCE_FOREST],
                               .isolation = weights[EVIDENCE_ISOLATION],
                               .likelihood = weights[EVIDENCE_LIKELIHOOD],
                               .likelihood_mean = likelihood_mean};
}

static bool stack_up(struct design *design, struct risk_stack *stack, struct error *error)
{
    struct logistic_model model;
    double likelihood_mean = NAN;

    for (unsigned column = 0; column < EVIDENCE_COUNT;) {
        if (!regress(design, &model, error))
            return false;
        if (isnan(likelihood_mean))
            likelihood_mean = model.means[EVIDENCE_LIKELIHOOD];
        column = most_negative(&model);
        if (column < EVIDENCE_COUNT) {
            leave_out(design, column);
            logistic_model_free(&model);
        } else {
            *stack = raw_stack(&model, likelihood_mean);
        }
    }
    logistic_model_free(&model);
    return stack->forest > 0 || stack->isolation > 0 || stack->likelihood > 0 ||
           error_set(error, FAULT_MODEL,
                     "neither forest nor likelihood ratio tells later attacks from later logins: "
                     "check the labels, or train with more history");
}

bool fit_stack(const struct risk *risks, const struct fit_part *validation,
               struct risk_stack *stack, struct error *error)
{
    struct design design;
    bool fitted = design_init(&design, risks, validation)
                      ? stack_up(&design, stack, error)
                      : error_set_errno(error, FAULT_MODEL, ENOMEM,
                                        "the validation rows do not fit into memory");
    design_finish(&design);
    return fitted;
}
