#include "trainer/evaluate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/fit_logistic.h"
#include "trainer/gather.h"

#define LOWEST_CURVE_SHARE 1e-4
#define LEAK_MOST_ROWS     20000

const struct evaluate_budget_info EVALUATE_BUDGET_TABLE[EVALUATE_BUDGET_COUNT] = {
#define EVALUATE_BUDGET(symbol, name, share, text) {name, share, text},
    EVALUATE_BUDGETS
#undef EVALUATE_BUDGET
};

const char *const EVALUATE_DEPTH_NAMES[DEPTH_COUNT] = {"all", "0", "1-2", "3-9", "10+"};

enum evaluate_depth evaluate_depth_of(const struct training_row *row)
{
    double logins = expm1((double)row->features[FEATURE_LOGINS_LEARNED]);
    if (!(logins > 0.5))
        return DEPTH_NONE;
    return logins < 2.5 ? DEPTH_FEW : logins < 9.5 ? DEPTH_SOME : DEPTH_MANY;
}

double evaluate_curve_share(unsigned point)
{
    return pow(LOWEST_CURVE_SHARE, 1 - point / (EVALUATE_CURVE_POINTS - 1.0));
}

static bool out_of_memory(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "the scores do not fit into memory");
}

/* ---- scores ---- */

/* What one part's rows score by every method: scores[method][row]. */
struct scored_rows {
    const struct training_rows *rows;
    double *scores[EVALUATE_METHOD_COUNT];
};

static void scored_rows_finish(struct scored_rows *scored)
{
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++)
        free(scored->scores[method]);
}

static bool score_rows(const struct risk_model *model, const struct logistic_model *novelty,
                       const struct training_rows *rows, struct scored_rows *scored,
                       struct error *error)
{
    *scored = (struct scored_rows){.rows = rows};
    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        scored->scores[method] = calloc(rows->count + 1, sizeof(double));
        if (scored->scores[method] == NULL)
            return out_of_memory(error);
    }
    for (size_t i = 0; i < rows->count; i++) {
        double scores[EVALUATE_METHOD_COUNT];
        if (!evaluate_score(model, novelty, rows->rows[i].features, scores, error))
            return false;
        for (int method = 0; method < EVALUATE_METHOD_COUNT; method++)
            scored->scores[method][i] = scores[method];
    }
    return true;
}

/* ---- groups ---- */

struct sample {
    double *logins, *attacks, *chances;
    uint64_t *victims;
    size_t login_count, attack_count;
};

static bool sample_init(struct sample *sample, size_t rows, struct error *error)
{
    *sample = (struct sample){.logins = calloc(rows + 1, sizeof(double)),
                              .attacks = calloc(rows + 1, sizeof(double)),
                              .chances = calloc(rows + 1, sizeof(double)),
                              .victims = calloc(rows + 1, sizeof(uint64_t))};
    return (sample->logins != NULL && sample->attacks != NULL && sample->chances != NULL &&
            sample->victims != NULL) ||
           out_of_memory(error);
}

static void sample_finish(struct sample *sample)
{
    free(sample->logins);
    free(sample->attacks);
    free(sample->chances);
    free(sample->victims);
}

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int64_t count_different(const uint64_t *keys, size_t count)
{
    int64_t different = count > 0;
    for (size_t i = 1; i < count; i++)
        different += keys[i] != keys[i - 1];
    return different;
}

/* Of the sample, whose logins are sorted; attacks and victims lose their order. */
static bool measure_group(struct sample *sample, const struct alarm_threshold *thresholds,
                          uint64_t seed, struct evaluate_group *group, struct error *error)
{
    group->attacks = (int64_t)sample->attack_count;
    group->logins = (int64_t)sample->login_count;
    for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++) {
        for (size_t i = 0; i < sample->attack_count; i++)
            sample->chances[i] = alarm_chance(&thresholds[budget], sample->attacks[i]);
        if (!bootstrap_mean(sample->chances, 0, sample->victims, sample->attack_count, seed,
                            &group->recall[budget], error))
            return false;
        group->false_alarms[budget] =
            alarm_share(&thresholds[budget], sample->logins, sample->login_count);
    }
    qsort(sample->victims, sample->attack_count, sizeof *sample->victims, compare_keys);
    group->victims = count_different(sample->victims, sample->attack_count);
    qsort(sample->attacks, sample->attack_count, sizeof *sample->attacks, compare_scores);
    group->measures =
        attack_measures(sample->logins, sample->login_count, sample->attacks, sample->attack_count);
    return true;
}

static bool is_of_family(const struct training_row *row, int family)
{
    return family == ROW_LEGITIMATE ? evaluate_is_takeover(row) : row->family == family;
}

static bool is_of_depth(const struct training_row *row, enum evaluate_depth depth)
{
    return depth == DEPTH_ALL || evaluate_depth_of(row) == depth;
}

static void take_logins(const struct training_rows *rows, const double *scores,
                        enum evaluate_depth depth, struct sample *sample)
{
    sample->login_count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].family == ROW_LEGITIMATE && is_of_depth(&rows->rows[i], depth))
            sample->logins[sample->login_count++] = scores[i];
    }
    qsort(sample->logins, sample->login_count, sizeof *sample->logins, compare_scores);
}

static void take_attacks(const struct training_rows *rows, const double *scores, int family,
                         enum evaluate_depth depth, struct sample *sample)
{
    sample->attack_count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        if (row->family == ROW_LEGITIMATE || !is_of_family(row, family) || !is_of_depth(row, depth))
            continue;
        sample->attacks[sample->attack_count] = scores[i];
        sample->victims[sample->attack_count++] = row->user;
    }
}

/* ---- one method ---- */

static void find_thresholds(const struct training_rows *validation, const double *scores,
                            struct sample *sample, struct alarm_threshold *thresholds)
{
    take_logins(validation, scores, DEPTH_ALL, sample);
    for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
        thresholds[budget] = alarm_threshold(sample->logins, sample->login_count,
                                             EVALUATE_BUDGET_TABLE[budget].share);
}

/* On the test itself: what would be found if exactly that share of its logins raised alarms. */
static void draw_curve(struct sample *sample, double curve[EVALUATE_CURVE_POINTS])
{
    for (unsigned point = 0; point < EVALUATE_CURVE_POINTS; point++) {
        struct alarm_threshold threshold =
            alarm_threshold(sample->logins, sample->login_count, evaluate_curve_share(point));
        curve[point] = alarm_share(&threshold, sample->attacks, sample->attack_count);
    }
}

static bool measure_method(const struct training_rows *test, const double *scores,
                           const struct alarm_threshold *thresholds, struct sample *sample,
                           struct evaluate_group groups[ROW_FAMILY_COUNT][DEPTH_COUNT],
                           double *curve, struct error *error)
{
    for (int depth = 0; depth < DEPTH_COUNT; depth++) {
        take_logins(test, scores, (enum evaluate_depth)depth, sample);
        for (int family = ROW_LEGITIMATE; family < ROW_FAMILY_COUNT; family++) {
            take_attacks(test, scores, family, (enum evaluate_depth)depth, sample);
            if (!measure_group(sample, thresholds, 1, &groups[family][depth], error))
                return false;
            if (depth == DEPTH_ALL && family == ROW_LEGITIMATE)
                draw_curve(sample, curve);
        }
    }
    return true;
}

static bool compare_methods(const struct scored_rows *test,
                            struct alarm_threshold thresholds[][EVALUATE_BUDGET_COUNT],
                            struct sample *sample, struct evaluation *evaluation,
                            struct error *error)
{
    for (int method = METHOD_OF_STACK + 1; method < EVALUATE_METHOD_COUNT; method++) {
        for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++) {
            take_attacks(test->rows, test->scores[METHOD_OF_STACK], ROW_LEGITIMATE, DEPTH_ALL,
                         sample);
            for (size_t i = 0; i < sample->attack_count; i++)
                sample->chances[i] =
                    alarm_chance(&thresholds[METHOD_OF_STACK][budget], sample->attacks[i]);
            take_attacks(test->rows, test->scores[method], ROW_LEGITIMATE, DEPTH_ALL, sample);
            for (size_t i = 0; i < sample->attack_count; i++)
                sample->chances[i] -= alarm_chance(&thresholds[method][budget], sample->attacks[i]);
            if (!bootstrap_mean(sample->chances, -1, sample->victims, sample->attack_count, 1,
                                &evaluation->ahead[method][budget], error))
                return false;
        }
    }
    return true;
}

static bool measure_methods(const struct scored_rows *validation, const struct scored_rows *test,
                            struct sample *sample, struct evaluation *evaluation,
                            struct error *error)
{
    struct alarm_threshold thresholds[EVALUATE_METHOD_COUNT][EVALUATE_BUDGET_COUNT];

    for (int method = 0; method < EVALUATE_METHOD_COUNT; method++) {
        find_thresholds(validation->rows, validation->scores[method], sample, thresholds[method]);
        if (!measure_method(test->rows, test->scores[method], thresholds[method], sample,
                            evaluation->groups[method], evaluation->curves[method], error))
            return false;
    }
    return compare_methods(test, thresholds, sample, evaluation, error);
}

/* ---- hijacked sessions ---- */

/* Rows whose volume is known, with the volume as their score. */
static void take_volumes(const struct training_rows *rows, bool hijacks, struct sample *sample)
{
    size_t *count = hijacks ? &sample->attack_count : &sample->login_count;
    double *scores = hijacks ? sample->attacks : sample->logins;
    int family = hijacks ? (int)ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK : (int)ROW_LEGITIMATE;

    *count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct training_row *row = &rows->rows[i];
        if (row->family != family || isnan(row->volume))
            continue;
        if (hijacks)
            sample->victims[*count] = row->user;
        scores[(*count)++] = (double)row->volume;
    }
    if (!hijacks)
        qsort(scores, *count, sizeof *scores, compare_scores);
}

static void count_sessions(const struct training_rows *test, struct evaluate_sessions *sessions)
{
    for (size_t i = 0; i < test->count; i++) {
        const struct training_row *row = &test->rows[i];
        if (row->volume_judged && row->family == ROW_LEGITIMATE) {
            sessions->logins++;
            sessions->logins_large += row->large;
        } else if (row->volume_judged && row->family == ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK) {
            sessions->hijacked++;
            sessions->hijacked_large += row->large;
        }
    }
}

static bool measure_hijacks(const struct evaluate_split *split, struct sample *sample,
                            struct evaluation *evaluation, struct error *error)
{
    struct alarm_threshold thresholds[EVALUATE_BUDGET_COUNT];

    take_volumes(&split->validation, false, sample);
    for (int budget = 0; budget < EVALUATE_BUDGET_COUNT; budget++)
        thresholds[budget] = alarm_threshold(sample->logins, sample->login_count,
                                             EVALUATE_BUDGET_TABLE[budget].share);
    take_volumes(&split->test, false, sample);
    take_volumes(&split->test, true, sample);
    count_sessions(&split->test, &evaluation->sessions);
    return measure_group(sample, thresholds, 1, &evaluation->hijacks, error);
}

/* ---- calibration ---- */

/* Hijacked sessions are logins of the user's own at the moment that the risk speaks of. */
static bool measure_calibration(const struct scored_rows *test, struct evaluation *evaluation,
                                struct error *error)
{
    size_t count = test->rows->count, kept = 0;
    struct training_row *rows = calloc(count + 1, sizeof *rows);
    double *risks = calloc(count + 1, sizeof *risks);
    uint8_t *labels = calloc(count + 1, sizeof *labels);
    float *weights = calloc(count + 1, sizeof *weights);
    bool room = rows != NULL && risks != NULL && labels != NULL && weights != NULL;

    for (size_t i = 0; room && i < count; i++) {
        if (test->rows->rows[i].family == ROW_ATTACK_FIRST + ATTACK_SESSION_HIJACK)
            continue;
        rows[kept] = test->rows->rows[i];
        labels[kept] = rows[kept].family != ROW_LEGITIMATE;
        risks[kept++] = test->scores[METHOD_OF_STACK][i];
    }
    if (room) {
        fit_rows_weigh(rows, kept);
        for (size_t i = 0; i < kept; i++)
            weights[i] = rows[i].weight;
        calibration_measure(risks, labels, weights, kept, &evaluation->calibration);
    }
    free(weights);
    free(labels);
    free(risks);
    free(rows);
    return room || out_of_memory(error);
}

/* ---- leaks ---- */

static const char *const *feature_names(void)
{
    static const char *names[FEATURE_COUNT];
    for (int i = 0; i < FEATURE_COUNT; i++)
        names[i] = FEATURE_TABLE[i].name;
    return names;
}

/* Whether a feature, or a rule of a few, already tells the test's takeovers. */
static bool look_for_leaks(const struct training_rows *test, struct evaluation *evaluation,
                           struct error *error)
{
    size_t stride = test->count / LEAK_MOST_ROWS + 1, rows = 0;
    float *table = calloc(test->count * FEATURE_COUNT + 1, sizeof *table);
    uint8_t *labels = calloc(test->count + 1, sizeof *labels);
    struct evaluate_warning warning = {.names = feature_names(), .what = "features"};
    bool looked = table != NULL && labels != NULL;

    for (size_t i = 0; looked && i < test->count; i++) {
        const struct training_row *row = &test->rows[i];
        bool takeover = evaluate_is_takeover(row);
        if (!takeover && (row->family != ROW_LEGITIMATE || i % stride != 0))
            continue;
        memcpy(table + rows * FEATURE_COUNT, row->features, sizeof row->features);
        labels[rows++] = takeover;
    }
    if (!looked)
        out_of_memory(error);
    looked = looked && leak_find(table, rows, FEATURE_COUNT, labels, &warning.leak, error);
    if (looked && warning.leak.conditions > 0)
        evaluation->warnings[evaluation->warning_count++] = warning;
    free(labels);
    free(table);
    return looked;
}

/* ---- the model ---- */

struct judged_model {
    void *owned; /* bytes of a model made here */
    struct risk_model model;
    struct logistic_model novelty;
    bool has_novelty;
};

static bool make_model(struct evaluate_split *split, const struct evaluate_options *options,
                       struct judged_model *judged, struct evaluation *evaluation,
                       struct error *error)
{
    struct fit_result result = {.bytes = NULL};

    evaluation->own_model = options->model == NULL;
    if (evaluation->own_model) {
        if (!gather_prior(&split->training, options->fit.forest.seed, error) ||
            !fit_model(&split->training, &options->fit, &options->budgets, &options->facts, &result,
                       error))
            return false;
        judged->owned = result.bytes;
        if (!risk_model_open_checked(&judged->model, result.bytes, result.size, error))
            return false;
        evaluation->training_rows = result.rows;
        evaluation->prior_rows = result.prior_rows;
    } else {
        judged->model = *options->model;
        fit_rows_weigh(split->training.rows, split->training.count);
    }
    if (!evaluate_fit_novelty(&split->training, &judged->novelty, error))
        return false;
    judged->has_novelty = true;
    evaluation->kind = (enum forest_kind)judged->model.header->forest_kind;
    evaluation->trees = judged->model.header->forest_trees;
    return true;
}

static bool measure_all(struct evaluate_split *split, const struct judged_model *judged,
                        struct evaluation *evaluation, struct error *error)
{
    struct scored_rows validation = {.rows = NULL}, test = {.rows = NULL};
    struct sample sample = {.logins = NULL};
    size_t most =
        split->test.count > split->validation.count ? split->test.count : split->validation.count;
    bool measured =
        score_rows(&judged->model, &judged->novelty, &split->validation, &validation, error) &&
        score_rows(&judged->model, &judged->novelty, &split->test, &test, error) &&
        sample_init(&sample, most, error) &&
        measure_methods(&validation, &test, &sample, evaluation, error) &&
        measure_hijacks(split, &sample, evaluation, error) &&
        measure_calibration(&test, evaluation, error) &&
        look_for_leaks(&split->test, evaluation, error);
    sample_finish(&sample);
    scored_rows_finish(&test);
    scored_rows_finish(&validation);
    return measured;
}

bool evaluate(const struct training_rows *rows, const struct evaluate_options *options,
              struct evaluation *evaluation, struct error *error)
{
    struct evaluate_split split;
    struct judged_model judged = {.owned = NULL};

    memset(evaluation, 0, sizeof *evaluation);
    bool done = evaluate_split(rows, &split, error);
    if (done) {
        evaluation->logins = rows->legitimate;
        evaluation->validation_logins = split.validation.legitimate;
        evaluation->test_logins = split.test.legitimate;
        evaluation->labelled = split.labelled;
        evaluation->left_out_victims = split.attacks_by_victim;
        evaluation->left_out_addresses = split.attacks_by_address;
    }
    done = done && make_model(&split, options, &judged, evaluation, error) &&
           measure_all(&split, &judged, evaluation, error);
    if (judged.has_novelty)
        logistic_model_free(&judged.novelty);
    free(judged.owned);
    evaluate_split_finish(&split);
    return done;
}
