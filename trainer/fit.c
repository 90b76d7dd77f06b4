#include "trainer/fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_writer.h"

#define HELD_OUT_SHARE 0.3
#define ATTACK_WEIGHT  0.35 /* of all attacks together, over that of the legitimate logins */
#define HEAVIEST_ROW   25.0
#define PRIOR_LOGINS   2000.0
#define QUANTILES      (sizeof((struct forest_header *)NULL)->legitimate_quantiles / sizeof(float))

static bool out_of_memory(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the training rows do not fit into memory");
}

/* ---- split and weights ---- */

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* The moment from which on legitimate logins are held out. */
static bool find_split_time(const struct training_rows *rows, int64_t *split_us,
                            struct error *error)
{
    int64_t *times = calloc((size_t)rows->legitimate + 1, sizeof *times);
    size_t count = 0;

    if (times == NULL)
        return out_of_memory(error);
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        if (row->family == ROW_LEGITIMATE && !row->cold && !row->prior)
            times[count++] = row->time_us;
    }
    qsort(times, count, sizeof *times, compare_times);
    *split_us = times[(size_t)((1 - HELD_OUT_SHARE) * (double)count)];
    free(times);
    return true;
}

/* Moves the earlier rows to the front, keeping the order within both parts. */
static bool split_rows(struct training_rows *rows, int64_t split_us, size_t *train_count,
                       struct error *error)
{
    struct training_row *later = calloc(rows->count + 1, sizeof *later);
    size_t later_count = 0;

    if (later == NULL)
        return out_of_memory(error);
    *train_count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].prior || rows->rows[i].time_us < split_us)
            rows->rows[(*train_count)++] = rows->rows[i];
        else
            later[later_count++] = rows->rows[i];
    }
    memcpy(rows->rows + *train_count, later, later_count * sizeof *later);
    free(later);
    return true;
}

/* The rows of the store, or the prior ones beside them; `legitimate` is what a login weighs. */
static void weigh_part(struct training_row *rows, size_t count, bool prior, double legitimate)
{
    double counts[ROW_FAMILY_COUNT] = {0};
    unsigned families = 0;

    for (size_t i = 0; i < count; i++)
        counts[rows[i].family] += rows[i].prior == prior;
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++)
        families += counts[family] > 0;
    double share = ATTACK_WEIGHT * counts[ROW_LEGITIMATE] / (families == 0 ? 1 : families);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].prior != prior)
            continue;
        rows[i].weight = (float)legitimate;
        if (rows[i].family != ROW_LEGITIMATE)
            rows[i].weight *= (float)fmin(share / counts[rows[i].family], HEAVIEST_ROW);
    }
}

/*
 * All families weigh the same; the attacks together a fixed part of the legitimate logins, among
 * the store's rows as among the prior ones: evidence that only one of the two has must not speak
 * for or against a login. Prior rows weigh as much as PRIOR_LOGINS logins of the store's own would:
 * they carry a young store and hardly count beside a long history.
 */
static void weigh_rows(struct training_row *rows, size_t count)
{
    double prior_logins = 0;

    for (size_t i = 0; i < count; i++)
        prior_logins += rows[i].prior && rows[i].family == ROW_LEGITIMATE;
    weigh_part(rows, count, false, 1);
    weigh_part(rows, count, true, PRIOR_LOGINS / fmax(prior_logins, 1));
}

/* ---- measures ---- */

struct scored {
    double risk;
    uint8_t family;
};

static int compare_scored(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;
    if (a->risk != b->risk)
        return a->risk < b->risk ? -1 : 1;
    return (a->family > b->family) - (a->family < b->family);
}

/* Mann-Whitney: the chance that an attack ranks above a legitimate login, ties counting half. */
static void measure_auc(const struct scored *scored, size_t count, struct fit_measures *measures)
{
    double wins[ROW_FAMILY_COUNT] = {0}, all = 0;
    double legitimate_below = 0;

    for (size_t i = 0; i < count;) {
        size_t end = i;
        double ties = 0;
        for (; end < count && scored[end].risk == scored[i].risk; end++)
            ties += scored[end].family == ROW_LEGITIMATE;
        for (; i < end; i++) {
            if (scored[i].family != ROW_LEGITIMATE)
                wins[scored[i].family] += legitimate_below + ties / 2;
        }
        legitimate_below += ties;
    }
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        all += wins[family];
        measures->family[family].auc =
            wins[family] / (double)measures->family[family].rows / (double)measures->legitimate;
    }
    measures->auc = all / (double)measures->attacks / (double)measures->legitimate;
}

/* The share of attacks above the risk that one legitimate login in a hundred exceeds. */
static void measure_recall(const struct scored *scored, size_t count, struct fit_measures *measures)
{
    double allowed = floor((double)measures->legitimate / 100);
    double above[ROW_FAMILY_COUNT] = {0}, all = 0;
    size_t i = count;

    while (i > 0) {
        size_t end = i;
        double legitimate = 0;
        for (; i > 0 && scored[i - 1].risk == scored[end - 1].risk; i--)
            legitimate += scored[i - 1].family == ROW_LEGITIMATE;
        allowed -= legitimate;
        if (allowed < 0)
            break;
        for (size_t at = i; at < end; at++)
            above[scored[at].family]++;
    }
    for (int family = ROW_ATTACK_FIRST; family < ROW_FAMILY_COUNT; family++) {
        all += above[family];
        measures->family[family].recall_at_1pct =
            above[family] / (double)measures->family[family].rows;
    }
    measures->recall_at_1pct = all / (double)measures->attacks;
}

/* Sorted by risk; cold rows left out. */
static struct scored *score_rows(const struct forest *forest, const struct training_row *rows,
                                 size_t count, size_t *scored_count)
{
    struct scored *scored = calloc(count + 1, sizeof *scored);
    *scored_count = 0;
    if (scored == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].cold)
            scored[(*scored_count)++] =
                (struct scored){forest_score(forest, rows[i].features), rows[i].family};
    }
    qsort(scored, *scored_count, sizeof *scored, compare_scored);
    return scored;
}

static void measure_scored(const struct scored *scored, size_t count, struct fit_measures *measures)
{
    memset(measures, 0, sizeof *measures);
    for (size_t i = 0; i < count; i++)
        measures->family[scored[i].family].rows++;
    measures->legitimate = measures->family[ROW_LEGITIMATE].rows;
    measures->attacks = (int64_t)count - measures->legitimate;
    measure_auc(scored, count, measures);
    measure_recall(scored, count, measures);
}

bool measure_rows(const struct forest *forest, const struct training_row *rows, size_t count,
                  struct fit_measures *measures, struct error *error)
{
    size_t scored_count = 0;
    struct scored *scored = score_rows(forest, rows, count, &scored_count);
    if (scored == NULL)
        return out_of_memory(error);
    measure_scored(scored, scored_count, measures);
    free(scored);
    return true;
}

/* ---- thresholds ---- */

/* The legitimate risks alone, ascending, in place; returns how many. */
static size_t keep_legitimate(struct scored *scored, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (scored[i].family == ROW_LEGITIMATE)
            scored[kept++] = scored[i];
    }
    return kept;
}

/*
 * The smallest risk that at most a share `budget` of the logins reach. Where even one login is more
 * than that, halfway between the highest of them and 1; 2, which is never reached, for no budget.
 */
static float threshold_of(const struct scored *legitimate, size_t count, double budget,
                          bool *extrapolated)
{
    *extrapolated = false;
    if (budget <= 0)
        return 2;
    double highest = legitimate[count - 1].risk;
    double allowed = floor(budget * (double)count + 1e-9);
    if (allowed < 1) {
        *extrapolated = true;
        return (float)((highest + 1) / 2);
    }
    if (allowed >= (double)count)
        return 0;
    /* The risk of the last login that must stay below; a hair above it. */
    float edge = (float)legitimate[count - 1 - (size_t)allowed].risk;
    return nextafterf(edge, 2);
}

static void fill_facts(const struct scored *legitimate, size_t count,
                       const struct fit_budgets *budgets, struct forest_header *facts,
                       struct fit_result *result)
{
    bool beyond = false;

    for (unsigned i = 0; i < QUANTILES; i++)
        facts->legitimate_quantiles[i] =
            threshold_of(legitimate, count, forest_quantile_share(i), &beyond);
    facts->thresholds.log =
        threshold_of(legitimate, count, budgets->log, &result->log_extrapolated);
    facts->thresholds.step_up =
        threshold_of(legitimate, count, budgets->step_up, &result->step_up_extrapolated);
    facts->thresholds.deny =
        threshold_of(legitimate, count, budgets->deny, &result->deny_extrapolated);
    facts->budget_log = (float)budgets->log;
    facts->budget_step_up = (float)budgets->step_up;
    facts->budget_deny = (float)budgets->deny;
    result->thresholds = facts->thresholds;
}

static char *summarise(const struct fit_result *result, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL) {
        out_of_memory(error);
        return NULL;
    }
    struct json_writer json = json_writer_to(out);
    json_object_begin(&json, NULL);
    json_text(&json, "learner", "random forest");
    json_integer(&json, "logins", result->logins);
    json_integer(&json, "rows", result->rows);
    json_integer(&json, "prior_rows", result->prior_rows);
    json_integer(&json, "held_out_logins", result->measures.legitimate);
    json_integer(&json, "held_out_attacks", result->measures.attacks);
    json_number(&json, "auc", result->measures.auc);
    json_number(&json, "recall_at_1pct", result->measures.recall_at_1pct);
    json_object_end(&json);
    if (fclose(out) != 0) {
        free(text);
        out_of_memory(error);
        return NULL;
    }
    return text;
}

/* Builds once to score the held-out rows, and again with what they say in its header. */
static bool build_calibrated(const struct training_row *held_out, size_t count,
                             const struct forest_tree *trees, const struct fit_budgets *budgets,
                             const struct forest_header *facts, struct fit_result *result,
                             struct error *error)
{
    struct forest_header full = *facts;
    struct forest forest;
    size_t scored_count = 0;
    void *bytes = NULL;
    size_t size = 0;

    if (!forest_build(trees, result->trees, &full, "", &bytes, &size, error))
        return false;
    bool opened = forest_open(&forest, bytes, size, error);
    struct scored *scored = opened ? score_rows(&forest, held_out, count, &scored_count) : NULL;
    free(bytes);
    if (scored == NULL)
        return opened ? out_of_memory(error) : false;
    measure_scored(scored, scored_count, &result->measures);
    size_t legitimate = keep_legitimate(scored, scored_count);
    fill_facts(scored, legitimate, budgets, &full, result);
    free(scored);
    char *summary = summarise(result, error);
    if (summary == NULL)
        return false;
    bool built =
        forest_build(trees, result->trees, &full, summary, &result->bytes, &result->size, error);
    free(summary);
    return built;
}

bool fit_model(struct training_rows *rows, const struct forest_options *options,
               const struct fit_budgets *budgets, const struct forest_header *facts,
               struct fit_result *result, struct error *error)
{
    struct forest_tree *trees = NULL;
    int64_t split_us = 0;
    size_t train_count = 0;

    memset(result, 0, sizeof *result);
    result->logins = rows->legitimate;
    result->trees = options->trees;
    if (rows->legitimate < FIT_LEAST_LOGINS)
        return error_set(error, FAULT_MODEL,
                         "%lld completed logins are too few to train on, at least %d are needed; "
                         "the built-in forest stays in use",
                         (long long)rows->legitimate, FIT_LEAST_LOGINS);
    if (!find_split_time(rows, &split_us, error) ||
        !split_rows(rows, split_us, &train_count, error))
        return false;
    weigh_rows(rows->rows, train_count);
    result->rows = (int64_t)train_count;
    for (size_t i = 0; i < train_count; i++)
        result->prior_rows += rows->rows[i].prior;
    if (!grow_forest(rows->rows, train_count, options, &trees, error))
        return false;
    bool built = build_calibrated(rows->rows + train_count, rows->count - train_count, trees,
                                  budgets, facts, result, error);
    grown_forest_free(trees, options->trees);
    return built;
}
