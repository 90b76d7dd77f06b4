#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/trusted_file.h"
#include "store/geo.h"
#include "trainer/bootstrap.h"
#include "trainer/commands.h"
#include "trainer/fit_summary.h"
#include "trainer/read_model.h"
#include "trainer/store_owner.h"

#define INJECTED_PER_LOGIN 1.0
#define SMALLEST_LEAF      10
#define PRIOR_MOST_LOGINS  40000

struct train_values {
    const char *out;
    int64_t trees, depth, seed, threads;
    bool if_better;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct train_values, out, "out", "FILE",
                 "the model; otherwise " STORE_MODEL_FILE " in the store"),
    COMMAND_INTEGER(struct train_values, trees, "trees", "N", 1, RISK_MODEL_MOST_TREES, 100,
                    "how many trees; as many boosted ones at most"),
    COMMAND_INTEGER(struct train_values, depth, "depth", "D", 1, 24, 10,
                    "how deep a tree may be; a boosted one 6 at most"),
    COMMAND_INTEGER(struct train_values, seed, "seed", "S", 0, INT64_MAX, 1,
                    "the same seed and store give the same model"),
    COMMAND_INTEGER(struct train_values, threads, "threads", "T", 0, 64, 0,
                    "how many threads; otherwise one for each processor"),
    COMMAND_FLAG(struct train_values, if_better, "if-better",
                 "keep the old model when the new one is worse on the same logins"),
};

struct gathering {
    struct row_builder *builder;
    struct error *error;
    int64_t done, total;
    bool failed;
};

static bool gather_login(void *context, const struct stored_login *login)
{
    struct gathering *gathering = context;
    if (!row_builder_add(gathering->builder, login, gathering->error))
        gathering->failed = true;
    command_progress("replaying logins", ++gathering->done, gathering->total);
    return !gathering->failed;
}

static bool gather_rows(const struct config *config, uint64_t seed, struct training_rows *rows,
                        struct error *error)
{
    struct row_options options = {.seed = seed, .injection_share = INJECTED_PER_LOGIN};
    struct gathering gathering = {.error = error};
    struct login_filter filter = {.user = NULL};
    struct store_counts counts;
    struct store *store = NULL;

    if (!store_open(&store, config->store, STORE_READ, error))
        return false;
    bool gathered = store_counts(store, clock_utc_us(), &counts, error) &&
                    row_builder_create(&gathering.builder, &options, rows, error);
    gathering.total = gathered ? counts.logins : 0;
    gathered = gathered && store_logins(store, &filter, gather_login, &gathering, error) &&
               !gathering.failed && row_builder_finish(gathering.builder, error);
    row_builder_destroy(gathering.builder);
    store_close(store);
    command_progress_end();
    return gathered;
}

static bool describe_geo(const struct config *config, struct risk_model_facts *facts,
                         struct error *error)
{
    struct geo *geo = NULL;
    if (!geo_open(&geo, config->geo, error))
        return false;
    geo_describe(geo, facts->geo_type, &facts->geo_epoch);
    geo_close(geo);
    return true;
}

/* What a history of this length cannot hold, and what was done about it. */
static void note_budgets(const struct command_line *line, const struct fit_result *result)
{
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct fit_threshold *threshold = &result->thresholds[i];
        double needed = fit_logins_needed(threshold->budget);
        if ((double)result->held_out.logins >= needed)
            continue;
        command_note(line,
                     "%s_budget = %g needs about %.0f held-out logins to be held, there are "
                     "%" PRId64 ": its threshold %.3f %s",
                     fit_level_name((enum risk_level)i), threshold->budget, needed,
                     result->held_out.logins, (double)threshold->found.risk,
                     threshold->extrapolated
                         ? "lies halfway between the highest legitimate risk seen and 1"
                         : "stands on the few of them that reach it");
    }
}

static void print_choice(const struct fit_result *result)
{
    enum forest_kind other = result->kind == FOREST_BAGGED ? FOREST_BOOSTED : FOREST_BAGGED;
    const char *name = fit_forest_name(result->kind);

    if (result->candidates[other].trees == 0)
        printf("%s: %" PRId64 " later logins are too few to try %s on, %d are needed\n", name,
               result->validation.logins, fit_forest_name(other), FIT_LEAST_TO_CHOOSE);
    else
        printf("%s: average precision %.4f against %.4f of the %s, on %" PRId64 " later logins\n",
               name, result->candidates[result->kind].average_precision,
               result->candidates[other].average_precision, fit_forest_name(other),
               result->validation.logins);
}

static void print_measures(const struct fit_result *result)
{
    static const char *const ALONE[EVIDENCE_COUNT] = {"forest", "isolation forest",
                                                      "likelihood ratio"};

    printf("on the last %" PRId64 " logins and %" PRId64
           " simulated or labelled attacks: AUC %.4f, %.1f %% of attacks found at 1 %% false "
           "alarms (",
           result->held_out.logins, result->held_out.attacks, result->measures.auc,
           100 * result->measures.recall_at_1pct);
    for (int i = 0; i < EVIDENCE_COUNT; i++)
        printf("%s%s alone %.1f %%", i == 0 ? "" : ", ", ALONE[i],
               100 * result->alone[i].recall_at_1pct);
    printf(")\nprobabilities: off by %.1f points on average, Brier score %.4f\n",
           100 * result->calibration.error, result->calibration.brier);
}

static void print_thresholds(const struct fit_result *result)
{
    static const char *const NAMES[RISK_LEVEL_COUNT] = {"log", "step up", "deny"};

    printf("thresholds:");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        const struct risk_threshold *found = &result->thresholds[i].found;
        printf("%s %s %.3f", i == 0 ? "" : ",", NAMES[i], (double)found->risk);
        if (found->risk <= 1)
            printf(" (%.2g to %.2g %% of logins)", 100 * (double)found->lowest,
                   100 * (double)found->highest);
    }
    putchar('\n');
}

static void print_result(const struct fit_result *result, const char *model, double seconds)
{
    printf("%s: %u trees and %u isolation trees from %" PRId64 " rows of %" PRId64
           " completed logins and %" PRId64 " rows of simulated machines in %.1f s\n",
           model, result->trees, result->isolation_trees, result->rows - result->prior_rows,
           result->logins, result->prior_rows, seconds);
    print_choice(result);
    print_measures(result);
    print_thresholds(result);
}

/* ---- the old model ---- */

struct old_model {
    struct risk_model model;
    void *bytes;
    bool usable; /* there is one to compare with */
};

/* The file that would be replaced; while there is none, what is built in is in use. */
static bool open_old(const struct command_line *line, const char *path, struct old_model *old,
                     struct error *error)
{
    const struct train_values *values = line->values;
    struct error trouble = ERROR_NONE;
    size_t size = 0;

    if (!values->if_better)
        return true;
    old->bytes = read_model(path, &size, &trouble);
    if (old->bytes == NULL && errno == ENOENT)
        risk_model_open_default(&old->model);
    else if (old->bytes == NULL)
        return error_set(error, trouble.fault, "%s", trouble.text);
    else if (!risk_model_open_checked(&old->model, old->bytes, size, &trouble)) {
        command_note(line, "the old model is replaced whatever the new one is like: %s",
                     trouble.text);
        return true;
    }
    old->usable = true;
    return true;
}

static void print_kept(const struct fit_result *result, const struct old_model *old, bool kept_new)
{
    const struct fit_rival *rival = &result->rival;
    enum risk_level overrun = old->usable ? fit_rival_overrun(rival) : RISK_LEVEL_COUNT;

    printf("kept the %s model", kept_new ? "new" : "old");
    if (old->usable)
        printf(": average precision %.4f with the new one and %.4f with the old one%s on %" PRId64
               " held-out logins",
               result->measures.average_precision, rival->measures.average_precision,
               old->bytes == NULL ? ", which is built in," : "", result->held_out.logins);
    if (overrun != RISK_LEVEL_COUNT)
        printf("; the old one's %s threshold is reached by %.3g %% of them instead of %.3g %%",
               fit_level_name(overrun),
               100 * (double)rival->levels[overrun].reached / (double)result->held_out.logins,
               100 * rival->levels[overrun].budget);
    putchar('\n');
}

static void write_kept(struct json_writer *json, const struct fit_result *result,
                       const struct old_model *old, bool kept_new)
{
    const struct fit_rival *rival = &result->rival;

    json_text(json, "kept", kept_new ? "new" : "old");
    if (!old->usable) {
        json_null(json, "old");
        return;
    }
    json_object_begin(json, "old");
    json_bool(json, "built_in", old->bytes == NULL);
    json_number(json, "auc", rival->measures.auc);
    json_number(json, "average_precision", rival->measures.average_precision);
    json_number(json, "recall_at_1pct", rival->measures.recall_at_1pct);
    json_object_begin(json, "realised");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        json_object_begin(json, fit_level_name((enum risk_level)i));
        json_integer(json, "logins", rival->levels[i].reached);
        json_number(json, "budget", rival->levels[i].budget);
        json_number(json, "lowest", rival->levels[i].share.lowest);
        json_number(json, "highest", rival->levels[i].share.highest);
        json_object_end(json);
    }
    json_object_end(json);
    json_object_end(json);
}

/* old: NULL when it was not asked which one to keep. */
static bool print_json(const struct fit_result *result, const struct old_model *old, bool kept_new,
                       const char *model, double seconds, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    fit_write(&json, result);
    if (old != NULL)
        write_kept(&json, result, old, kept_new);
    json_number(&json, "seconds", seconds);
    json_text(&json, "model", model);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

/* ---- training ---- */

/* Where the model goes; files in the store are its owner's, others the caller's. */
static bool write_model(const struct train_values *values, const char *path,
                        const struct fit_result *result, struct error *error)
{
    if (values->out != NULL && !store_owner_leave(error))
        return false;
    return trusted_file_replace(path, result->bytes, result->size, 0640, FAULT_MODEL, error);
}

/* A store whose own logins would outweigh the simulated ones anyway does without them. */
static bool add_prior(struct training_rows *rows, uint64_t seed, struct error *error)
{
    return rows->legitimate < FIT_LEAST_LOGINS || rows->legitimate > PRIOR_MOST_LOGINS ||
           bootstrap_add_prior(seed, rows, error);
}

static bool train(const struct command_line *line, const struct config *config, const char *path,
                  struct old_model *old, bool *kept_new, struct fit_result *result,
                  struct error *error)
{
    const struct train_values *values = line->values;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct fit_options options = {.forest = {.trees = (unsigned)values->trees,
                                             .depth = (unsigned)values->depth,
                                             .threads = (unsigned)values->threads,
                                             .smallest_leaf = SMALLEST_LEAF,
                                             .seed = (uint64_t)values->seed}};
    struct fit_budgets budgets = fit_budgets_of(config);
    struct training_rows rows = {.rows = NULL};
    struct risk_model_facts facts = {.trained_us = clock_utc_us()};

    if (options.forest.threads == 0)
        options.forest.threads = processors > 0 ? (unsigned)processors : 1;
    bool trained = describe_geo(config, &facts, error) &&
                   store_owner_become(config->store, error) && open_old(line, path, old, error);
    if (old->usable)
        options.rival = &old->model;
    trained = trained && gather_rows(config, options.forest.seed, &rows, error) &&
              add_prior(&rows, options.forest.seed, error) &&
              fit_model(&rows, &options, &budgets, &facts, result, error);
    training_rows_finish(&rows);
    *kept_new = !old->usable || fit_rival_yields(&result->rival, &result->measures);
    return trained && (!*kept_new || write_model(values, path, result, error));
}

/* What was found; of a new model that was not kept only why. */
static bool report(const struct command_line *line, const struct fit_result *result,
                   const struct old_model *old, bool kept_new, const char *model, double seconds,
                   struct error *error)
{
    const struct train_values *values = line->values;

    if (kept_new)
        note_budgets(line, result);
    if (line->json)
        return print_json(result, values->if_better ? old : NULL, kept_new, model, seconds, error);
    if (kept_new)
        print_result(result, model, seconds);
    if (values->if_better)
        print_kept(result, old, kept_new);
    return true;
}

static int run_train(const struct command_line *line)
{
    const struct train_values *values = line->values;
    struct error error = ERROR_NONE;
    struct config config;
    struct fit_result result = {.bytes = NULL};
    struct old_model old = {.usable = false};
    char path[CONFIG_TEXT_BYTES + sizeof STORE_MODEL_FILE + 1];
    int64_t began_us = clock_monotonic_us();
    bool kept_new = true;

    if (!command_config(line, &config, &error))
        return command_fail(line, &error);
    snprintf(path, sizeof path, "%s/%s", config.store, STORE_MODEL_FILE);
    const char *model = values->out != NULL ? values->out : path;
    bool done = train(line, &config, model, &old, &kept_new, &result, &error);
    double seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    done = done && report(line, &result, &old, kept_new, model, seconds, &error);
    free(old.bytes);
    free(result.bytes);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command TRAIN_COMMAND = {
    .name = "train",
    .operands = "",
    .help = "a model from the store",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct train_values),
    .run = run_train,
};
