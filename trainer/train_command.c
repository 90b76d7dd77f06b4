#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/owner.h"
#include "common/trusted_file.h"
#include "store/geo.h"
#include "store/model_file.h"
#include "trainer/commands.h"
#include "trainer/fit_summary.h"
#include "trainer/gather.h"

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
                     risk_level_name((enum risk_level)i), threshold->budget, needed,
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
    else if (isnan(result->candidates[result->kind].average_precision))
        printf("%s: no attack among %" PRId64 " later logins to choose by\n", name,
               result->validation.logins);
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

    if (result->held_out.attacks == 0) {
        printf("on the last %" PRId64 " logins: no attack, simulated or labelled, so what would be "
               "found is not known\n",
               result->held_out.logins);
        return;
    }
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
    printf("%s: %" PRId64 " completed logins; %u trees and %u isolation trees from %" PRId64
           " rows of the earlier ones and %" PRId64 " of simulated machines in %.1f s\n",
           model, result->logins, result->trees, result->isolation_trees,
           result->rows - result->prior_rows, result->prior_rows, seconds);
    print_choice(result);
    print_measures(result);
    print_thresholds(result);
}

/* ---- the old model ---- */

struct old_model {
    struct model_file file;
    bool usable; /* there is one to compare with */
};

/* The file that would be replaced; while there is none, what is built in is in use. */
static void open_old(const struct command_line *line, const char *path, struct old_model *old)
{
    const struct train_values *values = line->values;
    struct error trouble = ERROR_NONE;

    if (!values->if_better)
        return;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        risk_model_open_default(&old->file.risk);
    } else if (!model_file_read(&old->file, path, &trouble)) {
        command_note(line, "the old model is replaced whatever the new one is like: %s",
                     trouble.text);
        return;
    }
    old->usable = true;
}

static void print_kept(const struct fit_result *result, const struct old_model *old, bool kept_new)
{
    const struct fit_rival *rival = &result->rival;
    enum risk_level overrun = old->usable ? fit_rival_overrun(rival) : RISK_LEVEL_COUNT;

    printf("kept the %s model", kept_new ? "new" : "old");
    if (old->usable && isnan(rival->measures.average_precision))
        printf(": no attack among %" PRId64 " held-out logins tells which is the better",
               result->held_out.logins);
    else if (old->usable)
        printf(": average precision %.4f with the new one and %.4f with the old one%s on %" PRId64
               " held-out logins",
               result->measures.average_precision, rival->measures.average_precision,
               old->file.bytes == NULL ? ", which is built in," : "", result->held_out.logins);
    if (overrun != RISK_LEVEL_COUNT)
        printf("; the old one's %s threshold is reached by %.3g %% of them instead of %.3g %%",
               risk_level_name(overrun),
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
    json_bool(json, "built_in", old->file.bytes == NULL);
    json_number(json, "auc", rival->measures.auc);
    json_number(json, "average_precision", rival->measures.average_precision);
    json_number(json, "recall_at_1pct", rival->measures.recall_at_1pct);
    json_object_begin(json, "realised");
    for (int i = 0; i < RISK_LEVEL_COUNT; i++) {
        json_object_begin(json, risk_level_name((enum risk_level)i));
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
    if (values->out != NULL && !owner_leave(error))
        return false;
    return trusted_file_replace(path, result->bytes, result->size, 0640, FAULT_MODEL, error);
}

static bool train(const struct command_line *line, const struct config *config, const char *path,
                  struct old_model *old, bool *kept_new, struct fit_result *result,
                  struct error *error)
{
    const struct train_values *values = line->values;
    struct fit_options options =
        gather_fit_options((unsigned)values->trees, (unsigned)values->depth,
                           (unsigned)values->threads, (uint64_t)values->seed);
    struct row_options row_options = {.seed = options.forest.seed,
                                      .injection_share = GATHER_INJECTED_PER_LOGIN};
    struct fit_budgets budgets = fit_budgets_of(config);
    struct training_rows rows = {.rows = NULL};
    struct store *store = NULL;
    struct risk_model_facts facts = {.trained_us = clock_utc_us()};

    /* A file elsewhere is the caller's to read, one in the store its owner's. */
    if (values->out != NULL)
        open_old(line, path, old);
    bool trained =
        describe_geo(config, &facts, error) && owner_become_for_files(config->store, error);
    if (trained && values->out == NULL)
        open_old(line, path, old);
    if (old->usable)
        options.rival = &old->file.risk;
    trained = trained && store_open(&store, config->store, STORE_READ, error) &&
              gather_rows(store, &row_options, &rows, NULL, NULL, error) &&
              gather_prior(&rows, options.forest.seed, error) &&
              fit_model(&rows, &options, &budgets, &facts, result, error);
    training_rows_finish(&rows);
    store_close(store);
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
    model_file_close(&old.file);
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
