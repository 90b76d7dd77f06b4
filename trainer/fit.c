#include "trainer/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/fit_isolation.h"
#include "trainer/fit_summary.h"

struct fit_budgets fit_budgets_of(const struct config *config)
{
    return (struct fit_budgets){.of = {[RISK_LOG] = config->log_budget,
                                       [RISK_STEP_UP] = config->step_up_budget,
                                       [RISK_DENY] = config->deny_budget}};
}

/* What a model is made of, while it is made. */
struct making {
    struct fit_parts parts;
    struct grown_forest forest;
    struct grown_isolation isolation;
    struct risk_model_facts facts;
    struct fit_result *result;
};

static bool out_of_memory(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
}

static struct fit_counts counts_of(const struct fit_part *part)
{
    return (struct fit_counts){part->logins, part->attacks, part->prior_rows};
}

static void note_parts(const struct fit_parts *parts, struct fit_result *result)
{
    result->rows = (int64_t)parts->training.count;
    result->prior_rows = parts->training.prior_rows;
    result->validation = counts_of(&parts->validation);
    result->held_out = counts_of(&parts->held_out);
}

/* What the model, as it is so far, makes of each row; the caller's to free(). */
static struct risk *assess_rows(const struct making *making, const struct fit_part *part,
                                struct error *error)
{
    struct risk_model model;
    void *bytes = NULL;
    size_t size = 0;

    if (!risk_model_build(&making->facts, &bytes, &size, error))
        return NULL;
    struct risk *risks = calloc(part->count + 1, sizeof *risks);
    bool assessed = risks != NULL || out_of_memory(error);
    assessed = assessed && risk_model_open_checked(&model, bytes, size, error);
    for (size_t i = 0; assessed && i < part->count; i++)
        assessed = risk_assess(&model, part->rows[i].features, &risks[i], error);
    free(bytes);
    if (assessed)
        return risks;
    free(risks);
    return NULL;
}

static bool grow_forests(struct making *making, const struct fit_options *options,
                         struct error *error)
{
    struct fit_result *result = making->result;
    struct risk_model_facts *facts = &making->facts;

    if (!fit_forest(&making->parts, options, &making->forest, result->candidates, error) ||
        !fit_isolation(&making->parts.training, options->forest.threads, options->forest.seed,
                       &making->isolation, &result->isolation_rows, error))
        return false;
    facts->forest_kind = result->kind = making->forest.kind;
    facts->forest = making->forest.trees;
    facts->forest_trees = result->trees = making->forest.count;
    facts->forest_bias = making->forest.bias;
    facts->isolation = making->isolation.trees;
    facts->isolation_trees = result->isolation_trees = making->isolation.tree_count;
    facts->isolation_sample = making->isolation.sample_rows;
    facts->stack = (struct risk_stack){.forest = 1};
    facts->summary = "";
    return true;
}

static bool stack_forests(struct making *making, struct error *error)
{
    const struct fit_part *validation = &making->parts.validation;
    struct risk *risks = assess_rows(making, validation, error);
    bool stacked = risks != NULL && fit_stack(risks, validation, &making->result->stack, error);
    free(risks);
    making->facts.stack = making->result->stack;
    return stacked;
}

/* ---- on held-out rows ---- */

/* Of the risk and of what it is stacked from. scores: room for one a row. */
static bool measure_alone(const struct risk *risks, const struct fit_part *part, double *scores,
                          struct fit_result *result, struct error *error)
{
    bool measured = true;
    for (int i = 0; measured && i < EVIDENCE_COUNT; i++) {
        for (size_t row = 0; row < part->count; row++)
            scores[row] = fit_evidence_of(&risks[row], (enum fit_evidence)i, &result->stack);
        measured = measure_ranking(scores, part->rows, part->count, &result->alone[i], error);
    }
    return measured;
}

static bool measure_calibration(const double *probabilities, const struct fit_part *part,
                                struct calibration *calibration, struct error *error)
{
    uint8_t *labels = calloc(part->count + 1, sizeof *labels);
    float *weights = calloc(part->count + 1, sizeof *weights);
    bool measured = labels != NULL && weights != NULL;

    for (size_t i = 0; measured && i < part->count; i++) {
        labels[i] = part->rows[i].family != ROW_LEGITIMATE;
        weights[i] = part->rows[i].weight;
    }
    if (measured)
        calibration_measure(probabilities, labels, weights, part->count, calibration);
    free(weights);
    free(labels);
    return measured || out_of_memory(error);
}

static int compare_risks(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* risks: of all rows; the legitimate ones alone stay, ascending. */
static void find_thresholds(double *risks, const struct fit_part *part,
                            const struct fit_budgets *budgets, struct making *making)
{
    size_t count = 0;

    for (size_t i = 0; i < part->count; i++) {
        if (part->rows[i].family == ROW_LEGITIMATE)
            risks[count++] = risks[i];
    }
    qsort(risks, count, sizeof *risks, compare_risks);
    for (int level = 0; level < RISK_LEVEL_COUNT; level++) {
        making->result->thresholds[level] = fit_threshold(risks, count, budgets->of[level]);
        making->facts.thresholds[level] = making->result->thresholds[level].found;
    }
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++)
        making->facts.legitimate_quantiles[i] =
            fit_threshold(risks, count, risk_quantile_share(i)).found.risk;
}

static bool judge(struct making *making, const struct fit_budgets *budgets, struct error *error)
{
    const struct fit_part *part = &making->parts.held_out;
    struct risk *risks = assess_rows(making, part, error);
    double *scores = calloc(part->count + 1, sizeof *scores);
    bool judged = risks != NULL && (scores != NULL || out_of_memory(error)) &&
                  measure_alone(risks, part, scores, making->result, error);
    for (size_t row = 0; judged && row < part->count; row++)
        scores[row] = risks[row].probability;
    judged = judged &&
             measure_ranking(scores, part->rows, part->count, &making->result->measures, error) &&
             measure_calibration(scores, part, &making->result->calibration, error);
    if (judged)
        find_thresholds(scores, part, budgets, making);
    free(scores);
    free(risks);
    return judged;
}

/* ---- the model ---- */

static bool build(struct making *making, struct error *error)
{
    char *summary = fit_summary(making->result, error);
    if (summary == NULL)
        return false;
    making->facts.summary = summary;
    bool built =
        risk_model_build(&making->facts, &making->result->bytes, &making->result->size, error);
    free(summary);
    return built;
}

bool fit_model(struct training_rows *rows, const struct fit_options *options,
               const struct fit_budgets *budgets, const struct risk_model_facts *facts,
               struct fit_result *result, struct error *error)
{
    struct making making = {.result = result};

    memset(result, 0, sizeof *result);
    result->logins = rows->legitimate;
    if (rows->legitimate < FIT_LEAST_LOGINS)
        return error_set(error, FAULT_MODEL,
                         "%lld completed logins are too few to train on, at least %d are needed; "
                         "the built-in model stays in use",
                         (long long)rows->legitimate, FIT_LEAST_LOGINS);
    making.facts.trained_us = facts->trained_us;
    making.facts.geo_epoch = facts->geo_epoch;
    memcpy(making.facts.geo_type, facts->geo_type, sizeof facts->geo_type);
    if (!fit_rows_split(rows, &making.parts, error))
        return false;
    note_parts(&making.parts, result);
    bool fitted = grow_forests(&making, options, error) && stack_forests(&making, error) &&
                  judge(&making, budgets, error) && build(&making, error);
    grown_isolation_finish(&making.isolation);
    grown_forest_finish(&making.forest);
    return fitted;
}
