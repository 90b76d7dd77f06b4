#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/owner.h"
#include "store/model_file.h"
#include "store/policy_of_config.h"
#include "trainer/commands.h"
#include "trainer/evaluate.h"
#include "trainer/evaluate_raw.h"
#include "trainer/evaluate_text.h"
#include "trainer/gather.h"
#include "trainer/history_options.h"
#include "trainer/import_store.h"
#include "trainer/output.h"

struct evaluate_values {
    const char *csv, *format, *model, *report;
    int64_t trees, depth, seed, threads;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct evaluate_values, csv, "csv", "FILE",
                 "evaluate on this history instead of the store's"),
    COMMAND_TEXT(struct evaluate_values, format, "format", IMPORT_FORMAT_NAMES,
                 "what the file is; otherwise csv"),
    COMMAND_TEXT(struct evaluate_values, model, "model", "FILE",
                 "this model instead of one trained on the first part"),
    COMMAND_TEXT(struct evaluate_values, report, "report", "FILE", "also as a page"),
    COMMAND_INTEGER(struct evaluate_values, trees, "trees", "N", 1, RISK_MODEL_MOST_TREES, 100,
                    "how many trees, as in train"),
    COMMAND_INTEGER(struct evaluate_values, depth, "depth", "D", 1, 24, 10,
                    "how deep a tree may be, as in train"),
    COMMAND_INTEGER(struct evaluate_values, seed, "seed", "S", 0, INT64_MAX, 1,
                    "the same seed and history give the same figures"),
    COMMAND_INTEGER(struct evaluate_values, threads, "threads", "T", 0, 64, 0,
                    "how many threads; otherwise one for each processor"),
};

struct evaluate_job {
    const struct command_line *line;
    const struct evaluate_values *values;
    struct config config;
    struct raw_logins raw;
    struct training_rows rows;
    struct model_file model;
    struct evaluation evaluation;
};

/* ---- a history that is in no store ---- */

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

/* Nothing of it is left behind, however this ends: its files have no names once they are open. */
static bool open_scratch(struct store **store, struct error *error)
{
    const char *room = getenv("TMPDIR");
    char directory[4096];

    snprintf(directory, sizeof directory, "%s/anomaly-trainer-XXXXXX",
             room != NULL && room[0] != '\0' ? room : "/tmp");
    if (mkdtemp(directory) == NULL)
        return error_set_errno(error, FAULT_STORE, errno, "cannot make %s", directory);
    bool opened = store_open(store, directory, STORE_WRITE, error);
    nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return opened;
}

static void show_progress(int64_t lines)
{
    command_progress("reading lines", lines, 0);
}

/* Without learning from it: the logins are replayed. */
static bool import_scratch(struct evaluate_job *job, struct store *store, struct input *input,
                           struct error *error)
{
    const struct import_format *format = import_format_find(job->values->format);
    struct import_target target = {.store = NULL};
    struct import_reading reading = {.input = input,
                                     .utc = job->line->utc,
                                     .visit = import_target_add,
                                     .context = &target,
                                     .progress = show_progress};
    struct geo *geo = NULL;

    bool imported = geo_open(&geo, job->config.geo, error) &&
                    import_target_init(&target, store, geo, false, error) &&
                    store_begin(store, error) && format->read(&reading, error) &&
                    store_commit(store, error);
    command_progress_end();
    if (imported && reading.note[0] != '\0')
        command_note(job->line, "%s", reading.note);
    if (imported && import_skipped_in_all(&reading.counts) > 0)
        command_note(job->line, "%lld lines skipped: import says why",
                     (long long)import_skipped_in_all(&reading.counts));
    import_target_finish(&target);
    geo_close(geo);
    return imported;
}

static bool gather_from(struct evaluate_job *job, struct store *store, struct error *error)
{
    struct row_options options = {.seed = (uint64_t)job->values->seed,
                                  .injection_share = GATHER_INJECTED_PER_LOGIN,
                                  .measured = true,
                                  .session_rule = session_rule_of_config(&job->config)};
    return gather_rows(store, &options, &job->rows, raw_logins_add, &job->raw, error);
}

/* Through a store of its own, so that a file is read, located and replayed as the store's logins
 * are. */
static bool gather_from_file(struct evaluate_job *job, struct error *error)
{
    struct store *store = NULL;
    struct input input;

    if (!input_open(&input, job->values->csv, error))
        return false;
    bool gathered = open_scratch(&store, error) && import_scratch(job, store, &input, error) &&
                    gather_from(job, store, error);
    store_close(store);
    input_close(&input);
    return gathered;
}

static bool gather(struct evaluate_job *job, struct error *error)
{
    struct store *store = NULL;

    if (job->values->csv != NULL)
        return gather_from_file(job, error);
    bool gathered = owner_become_for_files(job->config.store, error) &&
                    store_open(&store, job->config.store, STORE_READ, error) &&
                    gather_from(job, store, error);
    store_close(store);
    return gathered && owner_leave(error);
}

/* ---- what comes out ---- */

static bool look_at_columns(struct evaluate_job *job, struct error *error)
{
    struct evaluate_warning warning = {.names = EVALUATE_RAW_NAMES, .what = "set's own columns"};
    struct evaluation *evaluation = &job->evaluation;

    if (!leak_find(job->raw.table, job->raw.rows, RAW_COLUMN_COUNT, job->raw.labels, &warning.leak,
                   error))
        return false;
    if (warning.leak.conditions > 0)
        evaluation->warnings[evaluation->warning_count++] = warning;
    return true;
}

static bool run_evaluation(struct evaluate_job *job, struct error *error)
{
    const struct evaluate_values *values = job->values;
    struct evaluate_options options = {
        .fit = gather_fit_options((unsigned)values->trees, (unsigned)values->depth,
                                  (unsigned)values->threads, (uint64_t)values->seed),
        .budgets = fit_budgets_of(&job->config),
        .facts = {.trained_us = clock_utc_us()}};

    if (values->model != NULL) {
        if (!model_file_read(&job->model, values->model, error))
            return false;
        options.model = &job->model.risk;
    }
    return evaluate(&job->rows, &options, &job->evaluation, error) && look_at_columns(job, error);
}

static bool write_report(const struct evaluate_output *output, const char *path,
                         struct error *error)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot write %s", path);
    bool written = evaluate_write_html(output, out, error);
    if (fclose(out) != 0 && written)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot write %s", path);
    return written;
}

static bool show(const struct evaluate_job *job, const struct evaluate_output *output,
                 struct error *error)
{
    char text[EVALUATE_TEXT_BYTES];

    for (unsigned i = 0; i < job->evaluation.warning_count; i++) {
        evaluate_warning_text(&job->evaluation.warnings[i], text, sizeof text);
        command_note(job->line, "%s", text);
    }
    if (evaluate_budget_note(&job->evaluation, text)[0] != '\0')
        command_note(job->line, "%s", text);
    if (output->model != NULL)
        command_note(job->line, "%s may have seen these logins: its figures may be too good",
                     output->model);
    if (job->values->report != NULL && !write_report(output, job->values->report, error))
        return false;
    if (!job->line->json)
        return evaluate_print(output, stdout, command_colour(stdout), error);
    struct json_writer json = json_writer_to(stdout);
    evaluate_write_json(output, &json);
    return json_writer_end(&json, error);
}

static void job_finish(struct evaluate_job *job)
{
    raw_logins_finish(&job->raw);
    training_rows_finish(&job->rows);
    model_file_close(&job->model);
    free(job);
}

static int run_job(struct evaluate_job *job, const struct command_line *line)
{
    struct error error = ERROR_NONE;
    int64_t began_us = clock_monotonic_us();

    bool done = output_spares(job->values->report, job->values->csv, &error) &&
                output_spares(job->values->report, job->values->model, &error) &&
                command_config(line, &job->config, &error) && raw_logins_init(&job->raw, &error) &&
                gather(job, &error) && run_evaluation(job, &error);
    const struct evaluate_output output = {
        .evaluation = &job->evaluation,
        .source = job->values->csv != NULL ? job->values->csv : job->config.store,
        .model = job->values->model,
        .seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S};
    if (!done || !show(job, &output, &error))
        return command_fail(line, &error);
    return command_finish_output(line);
}

static int run_evaluate(const struct command_line *line)
{
    const struct evaluate_values *given = line->values;
    struct evaluate_values values = *given;

    if (values.format != NULL && values.csv == NULL)
        return command_misused(line, "--format is of a --csv FILE");
    if (values.format == NULL)
        values.format = "csv";
    if (history_format(line, values.format) == NULL)
        return COMMAND_USAGE;
    struct evaluate_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        struct error error = ERROR_NONE;
        error_set_errno(&error, FAULT_MODEL, ENOMEM, "cannot evaluate");
        return command_fail(line, &error);
    }
    job->line = line;
    job->values = &values;
    int status = run_job(job, line);
    job_finish(job);
    return status;
}

const struct command EVALUATE_COMMAND = {
    .name = "evaluate",
    .operands = "",
    .help = "what a model finds on later logins, and at what price",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct evaluate_values),
    .run = run_evaluate,
};
