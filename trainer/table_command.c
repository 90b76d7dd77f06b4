#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trainer/commands.h"
#include "trainer/output.h"
#include "trainer/table_keep.h"
#include "trainer/table_learner.h"
#include "trainer/table_measure.h"

struct table_values {
    const char *train, *label, *model, *test, *out, *save, *penalty;
    int64_t seed, trees, depth, leaf, threads;
    bool balanced;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct table_values, train, "train", "FILE", "learn from this CSV table"),
    COMMAND_TEXT(struct table_values, label, "label", "COL",
                 "the column that holds the label; isolation needs none"),
    COMMAND_TEXT(struct table_values, model, "model", "LEARNER",
                 "what to learn, one of those above"),
    COMMAND_TEXT(struct table_values, test, "test", "FILE",
                 "measure on this table instead of what was learned from"),
    COMMAND_TEXT(struct table_values, out, "out", "FILE", "gets each measured row's score"),
    COMMAND_TEXT(struct table_values, save, "save", "FILE",
                 "gets the model, for score --format table and the dashboard"),
    COMMAND_INTEGER(struct table_values, seed, "seed", "S", 0, INT64_MAX, 1,
                    "the same seed gives the same scores"),
    COMMAND_INTEGER(struct table_values, threads, "threads", "T", 0, 64, 0,
                    "how many threads; 0: one for each processor"),
    COMMAND_INTEGER(struct table_values, trees, "trees", "N", 1, 4096, 100, "how many trees"),
    COMMAND_INTEGER(struct table_values, depth, "depth", "D", 1, 1024, 0,
                    "how deep at most; otherwise 12 in a forest, 6 when boosted"),
    COMMAND_INTEGER(struct table_values, leaf, "leaf", "N", 1, 1000000, 5,
                    "the fewest rows a leaf may have"),
    COMMAND_FLAG(struct table_values, balanced, "balanced",
                 "weigh both labels the same, however rare one is"),
    COMMAND_TEXT(struct table_values, penalty, "penalty", "P",
                 "on the squared coefficients, 0 or more; otherwise 1"),
};

/* Of the options above those that some learners use and others do not. */
static const char *const LEARNER_OPTIONS[] = {"trees", "depth", "leaf", "balanced", "penalty"};

struct named_learner {
    const char *name, *options; /* as in table_learners.def */
    const struct table_learner *learner;
};

#define TABLE_LEARNER(name, options, help) {#name, options, &table_learner_##name},
static const struct named_learner LEARNERS[] = {
#include "trainer/table_learners.def"
};
#undef TABLE_LEARNER
#define LEARNER_COUNT (sizeof LEARNERS / sizeof LEARNERS[0])

/* What one run holds. */
struct table_run {
    const struct table_values *values;
    const struct table_learner *learner;
    unsigned threads;
    double penalty;
    struct csv_table train, test;
    void *model;
    float *train_scores, *test_scores; /* NULL: not known */
    double fit_s, score_rows_per_s;
    struct table_measure measure;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static const struct csv_table *measured_table(const struct table_run *run)
{
    return run->values->test != NULL ? &run->test : &run->train;
}

static const float *measured_scores(const struct table_run *run)
{
    return run->values->test != NULL ? run->test_scores : run->train_scores;
}

/* How the learner came to the scores that are measured. */
static enum table_measured_on measured_on(const struct table_run *run)
{
    if (run->values->test != NULL)
        return TABLE_TEST;
    return run->learner->has_out_of_bag ? TABLE_OUT_OF_BAG : TABLE_TRAIN;
}

static bool allocate_scores(float **scores, size_t rows, struct error *error)
{
    *scores = calloc(rows, sizeof **scores);
    return *scores != NULL || error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the scores");
}

static bool fit(struct table_run *run, struct error *error)
{
    const struct table_values *values = run->values;
    const struct learner_options options = {
        .trees = (unsigned)values->trees,
        .depth = values->depth > 0 ? (unsigned)values->depth : run->learner->usual_depth,
        .smallest_leaf = (unsigned)values->leaf,
        .threads = run->threads,
        .seed = (uint64_t)values->seed,
        .balanced = values->balanced,
        .penalty = run->penalty,
    };
    bool wants_train = values->test == NULL || values->save != NULL;
    double start_s = now_s();

    if (wants_train && run->learner->has_out_of_bag &&
        !allocate_scores(&run->train_scores, run->train.rows, error))
        return false;
    if (!run->learner->fit(&run->model, &run->train, &options, run->train_scores, error))
        return false;
    run->fit_s = now_s() - start_s;
    return true;
}

/* The rows that the model holds; *scores stay what they are where they are known already. */
static bool score_rows(struct table_run *run, size_t rows, float **scores, struct error *error)
{
    float *scored = NULL;

    if (!allocate_scores(&scored, rows, error))
        return false;
    double start_s = now_s();
    run->learner->score(run->model, scored);
    run->score_rows_per_s = (double)rows / fmax(now_s() - start_s, 1e-9);
    if (*scores == NULL)
        *scores = scored;
    else
        free(scored);
    return true;
}

static bool score_test(struct table_run *run, struct error *error)
{
    const struct table_values *values = run->values;
    const struct csv_table_plan plan = {.label = values->label, .like = &run->train};

    return values->test == NULL || (csv_table_read(&run->test, values->test, &plan, error) &&
                                    run->learner->take_rows(run->model, &run->test, error) &&
                                    score_rows(run, run->test.rows, &run->test_scores, error));
}

static bool measure(struct table_run *run, struct error *error)
{
    const struct csv_table *table = measured_table(run);

    run->measure = (struct table_measure){NAN, NAN, NAN};
    if (table->labels == NULL)
        return true;
    if (!table_measure(&run->measure, measured_scores(run), table->labels, table->rows, error))
        return false;
    if (!run->learner->gives_probabilities)
        run->measure.logloss = NAN;
    return true;
}

/* Scores the test table, or what was learned from; for the speed alone where out of bag is known.
 */
static bool score(struct table_run *run, struct error *error)
{
    const struct table_values *values = run->values;
    bool wants_train = values->test == NULL || (values->save != NULL && run->train_scores == NULL);

    return (!wants_train || score_rows(run, run->train.rows, &run->train_scores, error)) &&
           score_test(run, error) && measure(run, error);
}

static bool save(const struct table_run *run, struct error *error)
{
    const struct table_kept kept = {
        .learner = run->learner,
        .model = run->model,
        .train = &run->train,
        .label = run->values->label,
        .scores = run->train_scores,
        .measure = run->measure,
        .measured_on = measured_on(run),
    };
    return run->values->save == NULL || table_keep(&kept, run->values->save, error);
}

static void note_words(const struct command_line *line, const struct csv_table *table)
{
    for (unsigned c = 0; c < table->columns; c++) {
        if (table->column[c].too_many_words)
            command_note(line,
                         "column \"%s\" has more than %u different words: those that come later "
                         "count as missing",
                         table->column[c].name, TABLE_MODEL_MOST_WORDS);
    }
}

static bool write_scores(const struct table_run *run, struct error *error)
{
    const char *path = run->values->out;
    const float *scores = measured_scores(run);
    size_t rows = measured_table(run)->rows;

    if (path == NULL)
        return true;
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot write %s", path);
    fputs("score\n", out);
    for (size_t row = 0; row < rows; row++) {
        if (isnan(scores[row]))
            fputc('\n', out);
        else
            fprintf(out, "%.9g\n", (double)scores[row]);
    }
    bool failed = ferror(out) != 0;
    failed |= fclose(out) != 0;
    return !failed || error_set_errno(error, FAULT_MODEL, errno, "cannot write %s", path);
}

static bool print_json(const struct table_run *run, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_integer(&json, "rows", (int64_t)run->train.rows);
    json_integer(&json, "columns", (int64_t)run->train.columns);
    json_text(&json, "positive", run->train.label_words[1]);
    json_text(&json, "measured_on", table_measured_on_name(measured_on(run)));
    json_number(&json, "auc", run->measure.auc);
    json_number(&json, "average_precision", run->measure.average_precision);
    json_number(&json, "logloss", run->measure.logloss);
    json_number(&json, "fit_seconds", run->fit_s);
    json_number(&json, "score_rows_per_second", run->score_rows_per_s);
    if (run->learner->describe != NULL)
        run->learner->describe(run->model, &json);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static void print_measured_on(const struct table_run *run)
{
    if (run->values->test != NULL)
        printf("measured on %zu rows of %s\n", run->test.rows, run->values->test);
    else if (run->learner->has_out_of_bag)
        puts("measured out of bag: each row by the trees that have not seen it");
    else
        puts("measured on the rows that it learned from; --test measures on others");
}

static void print_measure(const struct table_run *run)
{
    print_measured_on(run);
    printf("AUC %.4f, average precision %.4f", run->measure.auc, run->measure.average_precision);
    if (run->learner->gives_probabilities)
        printf(", log loss %.4f", run->measure.logloss);
    putchar('\n');
}

static void print_text(const struct table_run *run)
{
    const struct csv_table *train = &run->train;

    printf("%zu rows of %u column%s", train->rows, train->columns, train->columns == 1 ? "" : "s");
    if (train->labels != NULL) {
        printf("; anomalies are those with %s \"%s\"\n", run->values->label, train->label_words[1]);
        print_measure(run);
    } else {
        puts("; without a label there is nothing to measure");
    }
    printf("learned in %.2f s; scores %.0f rows a second\n", run->fit_s, run->score_rows_per_s);
}

static void finish(struct table_run *run)
{
    free(run->train_scores);
    free(run->test_scores);
    run->learner->destroy(run->model);
    csv_table_finish(&run->train);
    csv_table_finish(&run->test);
}

static const struct named_learner *find_learner(const char *name)
{
    for (size_t i = 0; i < LEARNER_COUNT; i++) {
        if (strcmp(LEARNERS[i].name, name) == 0)
            return &LEARNERS[i];
    }
    return NULL;
}

/* Whether the option is one of those in "--one --other". */
static bool is_among(const char *option, const char *options)
{
    size_t length = strlen(option);
    for (const char *at = options + strspn(options, "-"); *at != '\0'; at += strspn(at, " -")) {
        size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, option, size) == 0)
            return true;
        at += size;
    }
    return false;
}

/* COMMAND_DONE when each option that was given means something to the learner. */
static int check_options(const struct command_line *line, const struct named_learner *learner)
{
    for (size_t i = 0; i < sizeof LEARNER_OPTIONS / sizeof LEARNER_OPTIONS[0]; i++) {
        const char *option = LEARNER_OPTIONS[i];
        if (command_option_given(line, option) && !is_among(option, learner->options))
            return command_misused(line, "--model %s does not use --%s", learner->name, option);
    }
    return COMMAND_DONE;
}

static bool parse_penalty(const char *text, double *penalty)
{
    char *end = NULL;
    *penalty = text != NULL ? strtod(text, &end) : 1;
    return text == NULL || (end != text && *end == '\0' && *penalty >= 0 && isfinite(*penalty));
}

static bool spares_inputs(const struct table_values *values, struct error *error)
{
    return output_spares(values->out, values->train, error) &&
           output_spares(values->out, values->test, error) &&
           output_spares(values->save, values->train, error) &&
           output_spares(values->save, values->test, error);
}

static int run_table(const struct command_line *line)
{
    struct table_run run = {.values = line->values};
    const struct table_values *values = run.values;
    struct error error = ERROR_NONE;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (values->train == NULL || values->model == NULL)
        return command_misused(line, "--train and --model must be given");
    const struct named_learner *named = find_learner(values->model);
    if (named == NULL)
        return command_misused(line, "--model %s is not known", values->model);
    run.learner = named->learner;
    if (values->label == NULL && run.learner->needs_label)
        return command_misused(line, "--label must be given: --model %s learns from labels",
                               values->model);
    int status = check_options(line, named);
    if (status != COMMAND_DONE)
        return status;
    if (!parse_penalty(values->penalty, &run.penalty))
        return command_misused(line, "--penalty needs a number of 0 or more, not \"%s\"",
                               values->penalty);
    run.threads = (unsigned)(values->threads > 0 ? values->threads
                             : processors > 0    ? processors
                                                 : 1);
    const struct csv_table_plan plan = {
        .label = values->label,
        .most_words = values->save != NULL ? TABLE_MODEL_MOST_WORDS : 0,
    };
    bool done = spares_inputs(values, &error) &&
                csv_table_read(&run.train, values->train, &plan, &error) && fit(&run, &error) &&
                score(&run, &error) && write_scores(&run, &error) && save(&run, &error);
    if (done)
        note_words(line, &run.train);
    const char *warning =
        done && run.learner->warning != NULL ? run.learner->warning(run.model) : NULL;
    if (warning != NULL)
        command_note(line, "%s", warning);
    if (done && line->json)
        done = print_json(&run, &error);
    else if (done)
        print_text(&run);
    finish(&run);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

#define TABLE_LEARNER(name, options, help) "  " #name ": " help "\n    " options "\n"
const struct command TABLE_COMMAND = {
    .name = "table",
    .operands = "",
    .help = "the learners on any CSV table with a header",
    .details =
        "Learners, with the options that not all of them use:\n"
#include "trainer/table_learners.def"
        "A column whose first cell is a number holds numbers, any other one words; an empty\n"
        "cell is missing.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct table_values),
    .run = run_table,
};
#undef TABLE_LEARNER
