#include "trainer/drift.h"

#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

struct comparison {
    const struct risk_model *model;
    struct drift *drift;
    struct distribution then[FEATURE_COUNT], now[FEATURE_COUNT];
    struct distribution risk_then, risk_now;
    double thresholds[RISK_LEVEL_COUNT];
};

static bool read_then(struct comparison *comparison, struct error *error)
{
    const struct risk_model *model = comparison->model;
    struct json_value summary = json_parse(model->summary, model->header->summary_bytes);
    struct json_value all = json_member(summary, "distributions");
    struct json_value features = json_member(all, "features");
    bool sound = distribution_read(json_member(all, "risk"), &comparison->risk_then);

    for (int i = 0; sound && i < FEATURE_COUNT; i++) {
        sound =
            distribution_read(json_member(features, FEATURE_TABLE[i].name), &comparison->then[i]);
        comparison->now[i] = distribution_like(&comparison->then[i]);
    }
    comparison->risk_now = distribution_like(&comparison->risk_then);
    return sound || error_set(error, FAULT_MODEL,
                              "the model does not say how the logins it was trained on were "
                              "distributed: train again");
}

static bool add_login(void *context, const struct stored_login *login)
{
    struct comparison *comparison = context;
    struct drift *drift = comparison->drift;
    const struct login_record *record = &login->record;
    const struct assessment *assessment = &record->assessment;

    if (!record->assessed || !assessment->features_known || login->label == LABEL_ATTACK ||
        login->reached < STAGE_ACCEPTED)
        return true;
    drift->logins++;
    for (int i = 0; i < FEATURE_COUNT; i++)
        distribution_count(&comparison->now[i], (double)assessment->features[i]);
    if (record->model != comparison->model->header->checksum)
        return true;
    drift->scored++;
    distribution_count(&comparison->risk_now, assessment->risk);
    for (int level = 0; level < RISK_LEVEL_COUNT; level++)
        drift->levels[level].reached += assessment->risk >= comparison->thresholds[level];
    return true;
}

static struct drift_change change_of(const char *name, const struct distribution *then,
                                     const struct distribution *now)
{
    return (struct drift_change){.name = name,
                                 .shift = distribution_shift(then, now),
                                 .noise = distribution_noise(then, now),
                                 .missing_then = distribution_missing_share(then),
                                 .missing_now = distribution_missing_share(now)};
}

static int compare_changes(const void *left, const void *right)
{
    const struct drift_change *a = left, *b = right;
    return a->shift != b->shift ? (a->shift < b->shift) - (a->shift > b->shift)
                                : strcmp(a->name, b->name);
}

static void conclude(struct comparison *comparison)
{
    struct drift *drift = comparison->drift;

    for (int i = 0; drift->logins >= DRIFT_LEAST_LOGINS && i < FEATURE_COUNT; i++)
        drift->changes[i] =
            change_of(FEATURE_TABLE[i].name, &comparison->then[i], &comparison->now[i]);
    qsort(drift->changes, drift->logins >= DRIFT_LEAST_LOGINS ? FEATURE_COUNT : 0,
          sizeof drift->changes[0], compare_changes);
    if (drift->scored >= DRIFT_LEAST_LOGINS)
        drift->risk = change_of("risk", &comparison->risk_then, &comparison->risk_now);
    for (int level = 0; level < RISK_LEVEL_COUNT; level++)
        drift->levels[level].share =
            binomial_interval(drift->levels[level].reached, drift->scored, CONFIDENCE);
}

bool drift_measure(struct store *store, const struct risk_model *model,
                   const struct fit_budgets *budgets, struct drift *drift, struct error *error)
{
    struct comparison comparison = {.model = model, .drift = drift};
    const struct login_filter since = {.since_us = model->header->trained_us};

    memset(drift, 0, sizeof *drift);
    for (int level = 0; level < RISK_LEVEL_COUNT; level++) {
        drift->levels[level].budget = budgets->of[level];
        comparison.thresholds[level] = (double)risk_threshold_for(model, budgets->of[level]);
    }
    if (!read_then(&comparison, error) ||
        !store_logins(store, &since, add_login, &comparison, error))
        return false;
    conclude(&comparison);
    return true;
}
