#include "scorer/risk.h"

#include <math.h>
#include <string.h>

#include "scorer/risk_walk.h"

#define SMALLEST_SHARE 1e-6
#define POSITION_NOISE 1e-9 /* of a budget that is a quantile's own share */

double risk_quantile_share(unsigned i)
{
    return pow(SMALLEST_SHARE, (double)i / (RISK_MODEL_QUANTILES - 1));
}

static double stacked(const struct risk_stack *stack, const struct risk *risk)
{
    double likelihood = isnan(risk->likelihood) ? stack->likelihood_mean : risk->likelihood;
    return stack->intercept + stack->forest * risk->forest_logit +
           stack->isolation * risk->isolation + stack->likelihood * likelihood;
}

/* What the two forests' sums say, before anything is known of the likelihood. */
static struct risk risk_of(const struct risk_model *model, int64_t forest, int64_t isolation)
{
    return (struct risk){.forest_logit = forest_logit_of(&model->forest, forest),
                         .isolation = isolation_score_of(&model->isolation, isolation),
                         .likelihood = NAN};
}

static struct risk base_of(const struct risk_model *model)
{
    return risk_of(model, model->header->forest_base, model->header->isolation_base);
}

double risk_base(const struct risk_model *model)
{
    struct risk base = base_of(model);
    return forest_logistic(stacked(&model->header->stack, &base));
}

static bool assess(const struct risk_model *model, const float features[FEATURE_COUNT],
                   const uint64_t *keys, struct risk_sums *sums, struct risk *risk,
                   struct error *error)
{
    if (!risk_walk(model, keys, sums, error))
        return false;
    *risk = risk_of(model, sums->forest, sums->isolation);
    risk->likelihood = (double)features[FEATURE_LIKELIHOOD];
    risk->probability = forest_logistic(stacked(&model->header->stack, risk));
    return true;
}

bool risk_assess(const struct risk_model *model, const float features[FEATURE_COUNT],
                 struct risk *risk, struct error *error)
{
    uint64_t keys[TREES_NARROW_SLOTS];
    struct risk_sums sums;
    trees_write_keys(FEATURE_COUNT, features, keys);
    return assess(model, features, keys, &sums, risk, error);
}

/* How much an outcome changed for each unit that its cause changed; its slope where neither did. */
static double rate(double change, double cause, double slope)
{
    return cause != 0 ? change / cause : slope;
}

/* Log-odds of the stack for a unit of each forest's sum. */
static double forest_rate(const struct risk_model *model, const struct risk *risk,
                          const struct risk *base, int64_t sum)
{
    double cause = (double)(sum - model->header->forest_base);
    double slope = TREES_VALUE_UNIT;
    if (model->forest.kind == FOREST_BAGGED) {
        double share = forest_logistic(risk->forest_logit);
        slope /= share * (1 - share) * model->header->forest_trees;
    }
    return model->header->stack.forest *
           rate(risk->forest_logit - base->forest_logit, cause, slope);
}

static double isolation_rate(const struct risk_model *model, const struct risk *risk,
                             const struct risk *base, int64_t sum)
{
    double cause = (double)(sum - model->header->isolation_base);
    double slope =
        -risk->isolation * M_LN2 * TREES_VALUE_UNIT /
        (isolation_mean_path(model->isolation.sample_rows) * model->isolation.trees.tree_count);
    return model->header->stack.isolation * rate(risk->isolation - base->isolation, cause, slope);
}

bool risk_shares(const struct risk_model *model, const float features[FEATURE_COUNT],
                 double shares[FEATURE_COUNT], struct error *error)
{
    const struct risk_stack *stack = &model->header->stack;
    uint64_t keys[TREES_NARROW_SLOTS];
    struct risk_sums sums;
    struct risk risk, base = base_of(model);
    int64_t forest[FEATURE_COUNT] = {0}, isolation[FEATURE_COUNT] = {0};

    trees_write_keys(FEATURE_COUNT, features, keys);
    if (!assess(model, features, keys, &sums, &risk, error) ||
        !risk_walk_attribute(model, keys, forest, isolation, error))
        return false;
    double by_forest = forest_rate(model, &risk, &base, sums.forest);
    double by_isolation = isolation_rate(model, &risk, &base, sums.isolation);
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        shares[i] = by_forest * (double)forest[i] + by_isolation * (double)isolation[i];
    if (!isnan(risk.likelihood))
        shares[FEATURE_LIKELIHOOD] +=
            stack->likelihood * (risk.likelihood - stack->likelihood_mean);
    double before = forest_logistic(stacked(stack, &base));
    double by_log_odds =
        rate(risk.probability - before, stacked(stack, &risk) - stacked(stack, &base),
             risk.probability * (1 - risk.probability));
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        shares[i] *= by_log_odds;
    return true;
}

/* Logins often tie at one risk: only above it does the budget hold. */
float risk_step_threshold(const struct risk_model *model, unsigned i)
{
    return nextafterf(model->header->legitimate_quantiles[i], RISK_NEVER);
}

float risk_threshold_for(const struct risk_model *model, double budget)
{
    const struct risk_model_header *header = model->header;
    for (unsigned i = 0; i < RISK_LEVEL_COUNT; i++) {
        if ((float)budget == header->thresholds[i].budget)
            return header->thresholds[i].risk;
    }
    if (!(budget >= SMALLEST_SHARE))
        return RISK_NEVER;
    if (budget >= 1)
        return 0;
    double position = log(budget) / log(SMALLEST_SHARE) * (RISK_MODEL_QUANTILES - 1);
    return risk_step_threshold(model, (unsigned)ceil(position - POSITION_NOISE));
}
