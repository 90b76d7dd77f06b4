#include "trainer/evaluate_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BUDGET_FACTOR 1.5

const char *evaluate_percent(double share, char *text)
{
    if (isnan(share))
        snprintf(text, EVALUATE_TEXT_BYTES, "-");
    else
        snprintf(text, EVALUATE_TEXT_BYTES, "%.*f %%", share > 0 && share < 0.01 ? 2 : 1,
                 100 * share);
    return text;
}

const char *evaluate_interval(const struct bootstrap_interval *interval, char *text)
{
    if (isnan(interval->mean))
        snprintf(text, EVALUATE_TEXT_BYTES, "-");
    else
        snprintf(text, EVALUATE_TEXT_BYTES, "%.1f %% (%.1f to %.1f)", 100 * interval->mean,
                 100 * interval->lowest, 100 * interval->highest);
    return text;
}

const char *evaluate_number(double value, char *text)
{
    if (isnan(value))
        snprintf(text, EVALUATE_TEXT_BYTES, "-");
    else
        snprintf(text, EVALUATE_TEXT_BYTES, "%.4f", value);
    return text;
}

bool evaluate_has_family(const struct evaluation *evaluation, int family)
{
    return evaluation->groups[METHOD_OF_STACK][family][DEPTH_ALL].attacks > 0;
}

const char *evaluate_family_note(int family)
{
    if (family == ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK)
        return "begins as the user's own login";
    if (family == ROW_ATTACK_FIRST + ATTACK_RESIDENTIAL_PROXY)
        return "kept out of all training";
    return row_family_is_burst((enum row_family)family) ? "attempts, mostly failed" : "";
}

const char *evaluate_budget_note(const struct evaluation *evaluation, char *text)
{
    const struct evaluate_group *all =
        &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][DEPTH_ALL];
    int used = 0;

    text[0] = '\0';
    for (int i = 0; i < EVALUATE_BUDGET_COUNT; i++) {
        const struct evaluate_budget_info *budget = &EVALUATE_BUDGET_TABLE[i];
        double factor = all->false_alarms[i] / budget->share;
        if (factor > 1 / BUDGET_FACTOR && factor < BUDGET_FACTOR)
            continue;
        used += snprintf(text + used, EVALUATE_TEXT_BYTES - (size_t)used,
                         "%sthe budget of %s became %.2f %% of the test's logins",
                         used > 0 ? "; " : "", budget->text, 100 * all->false_alarms[i]);
    }
    return text;
}

static void name_model(const struct evaluate_output *output, char *text)
{
    const struct evaluation *evaluation = output->evaluation;

    if (evaluation->own_model)
        snprintf(
            text, EVALUATE_TEXT_BYTES,
            "The model (%s, %u of them, an isolation forest and the likelihood ratio, stacked) was "
            "trained for this on the first 60 %% of the logins: %" PRId64 " rows, %" PRId64
            " of them of simulated machines.",
            evaluation->kind == FOREST_BOOSTED ? "boosted trees" : "a random forest's trees",
            evaluation->trees, evaluation->training_rows, evaluation->prior_rows);
    else
        snprintf(text, EVALUATE_TEXT_BYTES,
                 "The model is %s, made elsewhere: it may have seen these very logins, and then "
                 "its figures are too good.",
                 output->model);
}

/* Which takeovers are mostly missed, and which baselines are as good for all that can be told. */
static void name_shortfalls(const struct evaluation *evaluation, char *text)
{
    const struct evaluate_group *all =
        &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][DEPTH_ALL];
    const char *before = " less than half is found of";
    int used = snprintf(text, EVALUATE_TEXT_BYTES, "At 1 %% false alarms");
    const int begun = used;

    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        const struct evaluate_group *group =
            &evaluation->groups[METHOD_OF_STACK][family][DEPTH_ALL];
        if (!(group->recall[BUDGET_PERCENT].mean < 0.5))
            continue;
        used += snprintf(text + used, EVALUATE_TEXT_BYTES - (size_t)used, "%s %s", before,
                         row_family_name((enum row_family)family));
        before = ",";
    }
    if (used == begun)
        used += snprintf(text + used, EVALUATE_TEXT_BYTES - (size_t)used,
                         " at least half is found of every family");
    before = "; the interval of the model overlaps that of";
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        const struct evaluate_group *other = &evaluation->groups[method][ROW_LEGITIMATE][DEPTH_ALL];
        if (!evaluate_is_baseline((enum evaluate_method)method) ||
            !(all->recall[BUDGET_PERCENT].lowest <= other->recall[BUDGET_PERCENT].highest))
            continue;
        used += snprintf(text + used, EVALUATE_TEXT_BYTES - (size_t)used, "%s %s", before,
                         EVALUATE_METHOD_TABLE[method].name);
        before = ",";
    }
    snprintf(text + used, EVALUATE_TEXT_BYTES - (size_t)used, "%s.",
             before[0] == ';' ? "; the model is apart from each baseline" : "");
}

static void name_sessions(const struct evaluate_sessions *sessions, char *text)
{
    snprintf(text, EVALUATE_TEXT_BYTES,
             "Of the sessions that ended, %" PRId64 " of %" PRId64 " hijacked ones and %" PRId64
             " of %" PRId64 " legitimate ones are large by the rule of the configuration.",
             sessions->hijacked_large, sessions->hijacked, sessions->logins_large,
             sessions->logins);
}

const char *evaluate_sentence(const struct evaluate_output *output, unsigned number, char *text)
{
    const struct evaluation *evaluation = output->evaluation;
    const struct evaluate_group *all =
        &evaluation->groups[METHOD_OF_STACK][ROW_LEGITIMATE][DEPTH_ALL];

    switch (number) {
    case 0:
        snprintf(text, EVALUATE_TEXT_BYTES,
                 "%s: %" PRId64 " completed logins in time order; thresholds from %" PRId64
                 " of them, carried unchanged to the last %" PRId64 ".",
                 output->source, evaluation->logins, evaluation->validation_logins,
                 evaluation->test_logins);
        break;
    case 1:
        name_model(output, text);
        break;
    case 2:
        snprintf(text, EVALUATE_TEXT_BYTES,
                 "Among the last: %" PRId64 " takeovers of %" PRId64 " accounts, %s. Attacks on "
                 "accounts attacked in another part (%" PRId64
                 ") and earlier ones from the same addresses (%" PRId64 ") are left out.",
                 all->attacks, all->victims,
                 evaluation->labelled ? "as the history labels them"
                                      : "simulated against the users' profiles",
                 evaluation->left_out_victims, evaluation->left_out_addresses);
        break;
    case 3:
        snprintf(text, EVALUATE_TEXT_BYTES,
                 "Intervals: 95 %%, bootstrap of %d rounds over whole victims; Clopper and "
                 "Pearson's for as many victims where all of these are alike. \"Asked\": logins "
                 "whose user is asked again when 99 %% of the attacks are to be caught.",
                 EVALUATE_ROUNDS);
        break;
    case 4:
        name_shortfalls(evaluation, text);
        break;
    case 5:
        text[0] = '\0';
        if (evaluation->sessions.logins > 0)
            name_sessions(&evaluation->sessions, text);
        break;
    default:
        text[0] = '\0';
    }
    return text;
}

void evaluate_warning_text(const struct evaluate_warning *warning, char *text, size_t capacity)
{
    const struct leak *leak = &warning->leak;
    int used;

    if (leak->conditions == 1 && isnan(leak->condition[0].cut)) {
        snprintf(text, capacity,
                 "of the %s, \"%s\" alone tells attacks from logins (AUC %.4f): figures on such a "
                 "set prove nothing",
                 warning->what, warning->names[leak->condition[0].column], leak->auc);
        return;
    }
    used = snprintf(text, capacity,
                    "of the %s, a rule of %u condition%s tells attacks from logins "
                    "(AUC %.4f): figures on such a set prove nothing; it parts them by",
                    warning->what, leak->conditions, leak->conditions > 1 ? "s" : "", leak->auc);
    for (unsigned i = 0; i < leak->conditions && used > 0 && (size_t)used < capacity; i++)
        used += snprintf(text + used, capacity - (size_t)used, "%s %s above %g",
                         i == 0                     ? ""
                         : i + 1 < leak->conditions ? ","
                                                    : " and",
                         warning->names[leak->condition[i].column], leak->condition[i].cut);
}
