#include "trainer/replay_slide.h"

#include <stdlib.h>

#include "store/login_json.h"

#define REASONS_WRITTEN 3

static int compare_thresholds(const void *a, const void *b)
{
    const double *one = a, *other = b;

    return *one < *other ? -1 : *one > *other;
}

static void find_thresholds(struct replay_slide *slide)
{
    double found[SLIDE_MOST_THRESHOLDS] = {0};
    unsigned count = 1;

    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++)
        found[count++] = (double)risk_step_threshold(slide->model, i);
    for (unsigned i = 0; i < RISK_LEVEL_COUNT; i++)
        found[count++] = (double)slide->model->header->thresholds[i].risk;
    qsort(found, count, sizeof found[0], compare_thresholds);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || found[i] > found[i - 1])
            slide->thresholds[slide->threshold_count++] = found[i];
    }
}

bool replay_slide_init(struct replay_slide *slide, const struct risk_model *model,
                       const struct policy *policy, size_t worst, struct error *error)
{
    *slide = (struct replay_slide){.model = model, .policy = *policy};
    find_thresholds(slide);
    return worst_logins_init(&slide->worst, worst, error);
}

void replay_slide_finish(struct replay_slide *slide)
{
    worst_logins_finish(&slide->worst);
}

/* The highest threshold that the risk reaches; each reaches the first one. */
static unsigned highest_reached(const struct replay_slide *slide, double risk)
{
    unsigned reached = 0, beyond = slide->threshold_count;

    while (beyond - reached > 1) {
        unsigned middle = (reached + beyond) / 2;
        if (risk >= slide->thresholds[middle])
            reached = middle;
        else
            beyond = middle;
    }
    return reached;
}

static enum slide_fate fate_of(const struct replay_slide *slide, const struct judged_login *login)
{
    switch (policy_spares(&slide->policy, &login->facts)) {
    case RULE_EXEMPT:
        return FATE_EXEMPT;
    case RULE_NONE:
        return FATE_DENIABLE;
    default:
        return FATE_ASKABLE;
    }
}

void replay_slide_add(struct replay_slide *slide, const struct judged_login *login,
                      enum replayed_kind kind)
{
    unsigned reached = highest_reached(slide, login->assessment.risk);
    enum slide_fate fate = fate_of(slide, login);

    slide->logins[kind][fate][reached]++;
    if (kind != REPLAYED_LOGIN)
        return;
    if (login->label == 0)
        slide->logins[REPLAYED_LEGITIMATE][fate][reached]++;
    worst_logins_add(&slide->worst, login);
}

void replay_slide_add_user(struct replay_slide *slide, double risk)
{
    slide->users[highest_reached(slide, risk)]++;
}

bool replay_slide_complete(struct replay_slide *slide, struct error *error)
{
    worst_logins_sort(&slide->worst);
    for (size_t i = 0; i < slide->worst.count; i++) {
        if (!assess_reasons(slide->model, &worst_login(&slide->worst, i)->assessment, error))
            return false;
    }
    return true;
}

/* ---- for programs ---- */

static void write_budget(struct json_writer *json, double budget, float risk)
{
    json_object_begin(json, NULL);
    json_number(json, "budget", budget);
    json_number(json, "risk", (double)risk);
    json_object_end(json);
}

static void write_budgets(struct json_writer *json, const struct risk_model *model)
{
    json_array_begin(json, "trained");
    for (unsigned i = 0; i < RISK_LEVEL_COUNT; i++)
        write_budget(json, (double)model->header->thresholds[i].budget,
                     model->header->thresholds[i].risk);
    json_array_end(json);
    json_array_begin(json, "steps");
    for (unsigned i = 0; i < RISK_MODEL_QUANTILES; i++)
        write_budget(json, risk_quantile_share(i), risk_step_threshold(model, i));
    json_array_end(json);
}

static int64_t sum_from(const int64_t *counts, unsigned from, unsigned end)
{
    int64_t sum = 0;

    for (unsigned i = from; i < end; i++)
        sum += counts[i];
    return sum;
}

static void write_reached(const struct replay_slide *slide, struct json_writer *json, unsigned from)
{
    static const char *const FATES[FATE_COUNT] = {
#define SLIDE_FATE(symbol, name) [FATE_##symbol] = name,
        SLIDE_FATES
#undef SLIDE_FATE
    };
    unsigned end = slide->threshold_count;

    json_object_begin(json, NULL);
    json_number(json, "risk", slide->thresholds[from]);
    for (unsigned kind = 0; kind < REPLAYED_KIND_COUNT; kind++) {
        json_object_begin(json, replayed_kind_name(kind));
        for (unsigned fate = 0; fate < FATE_COUNT; fate++)
            json_integer(json, FATES[fate], sum_from(slide->logins[kind][fate], from, end));
        json_object_end(json);
    }
    json_integer(json, "users", sum_from(slide->users, from, end));
    json_object_end(json);
}

static void write_login(const struct replay_slide *slide, struct json_writer *json,
                        const struct judged_login *login)
{
    enum policy_rule spares = policy_spares(&slide->policy, &login->facts);
    const struct assessment *assessment = &login->assessment;
    char id[LOGIN_ID_TEXT_BYTES], text[REASON_TEXT_BYTES];

    json_object_begin(json, NULL);
    json_text(json, "id", login_id_format(&login->event.id, id));
    worst_login_write(json, login);
    json_text(json, "spared", spares == RULE_NONE ? NULL : policy_rule_name(spares));
    json_text(json, "label", login->label == 0 ? "legitimate" : NULL);
    json_array_begin(json, "reasons");
    for (unsigned i = 0; i < assessment->reason_count && i < REASONS_WRITTEN; i++) {
        json_object_begin(json, NULL);
        json_text(json, "text", reason_text(&assessment->reasons[i], text));
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

void replay_slide_write(const struct replay_slide *slide, struct json_writer *json)
{
    json_object_begin(json, "slide");
    write_budgets(json, slide->model);
    json_array_begin(json, "reached");
    for (unsigned i = 0; i < slide->threshold_count; i++)
        write_reached(slide, json, i);
    json_array_end(json);
    json_array_begin(json, "worst");
    for (size_t i = 0; i < slide->worst.count; i++)
        write_login(slide, json, worst_login(&slide->worst, i));
    json_array_end(json);
    json_object_end(json);
}
