#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trainer/commands.h"
#include "trainer/output.h"
#include "trainer/table_learner.h"
#include "trainer/table_measure.h"

struct table_values {
    const char *train, *label, *model, *test, *out, *penalty;
    int64_t seed, trees, depth, leaf, threads;
    bool balanced;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct table_values, train, "train", "FILE", "learn from this CSV table"),
    COMMAND_TEXT(struct table_values, label, "label", "COL", "the column that holds the label"),
    COMMAND_TEXT(struct table_values, model, "model", "LEARNER",
                 "what to learn, one of those above"),
    COMMAND_TEXT(struct table_values, test, "test", "FILE",
                 "measure on this table instead of what was learned from"),
    COMMAND_TEXT(struct table_values, out, "out", "FILE", "gets each measured row's score"),
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
    float *scores; /* of the rows that are measured */
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

/* How the learner came to the scores that are measured. */
static const char *measured_on(const struct table_run *run)
{
    if (run->values->test != NULL)
        return "test";
    return run->learner->has_out_of_bag ? "out_of_bag" : "train";
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
    bool out_of_bag = values->test == NULL && run->learner->has_out_of_bag;
    double start_s = now_s();

    if (out_of_bag && !allocate_scores(&run->scores, run->train.rows, error))
        return false;
    if (!run->learner->fit(&run->model, &run->train, &options, run->scores, error))
        return false;
    run->fit_s = now_s() - start_s;
    return true;
}

/* Scores the test table, or what was learned from; for the speed alone where out of bag is known.
 */
static bool score(struct table_run *run, struct error *error)
{
    const struct table_values *values = run->values;
    const struct table_learner *learner = run->learner;
    const struct csv_table *table = measured_table(run);
    float *scores = NULL;

    if (values->test != NULL &&
        (!csv_table_read(&run->test, values->test, values->label, &run->train, error) ||
         !learner->take_rows(run->model, &run->test, error)))
        return false;
    if (!allocate_scores(&scores, table->rows, error))
        return false;
    double start_s = now_s();
    learner->score(run->model, scores);
    run->score_rows_per_s = (double)table->rows / fmax(now_s() - start_s, 1e-9);
    if (run->scores == NULL)
        run->scores = scores;
    else
        free(scores);
    if (!table_measure(&run->measure, run->scores, table->labels, table->rows, error))
        return false;
    if (!learner->gives_probabilities)
        run->measure.logloss = NAN;
    return true;
}

static bool write_scores(const struct table_run *run, struct error *error)
{
    const char *path = run->values->out;
    size_t rows = measured_table(run)->rows;

    if (path == NULL)
        return true;
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return error_set_errno(error, FAULT_MODEL, errno, "cannot write %s", path);
    fputs("score\n", out);
    for (size_t row = 0; row < rows; row++) {
        if (isnan(run->scores[row]))
            fputc('\n', out);
        else
            fprintf(out, "%.9g\n", (double)run->scores[row]);
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
    json_text(&json, "measured_on", measured_on(run));
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

static void print_text(const struct table_run *run)
{
    const struct csv_table *train = &run->train;

    printf("%zu rows of %u column%s; anomalies are those with %s \"%s\"\n", train->rows,
           train->columns, train->columns == 1 ? "" : "s", run->values->label,
           train->label_words[1]);
    print_measured_on(run);
    printf("AUC %.4f, average precision %.4f", run->measure.auc, run->measure.average_precision);
    if (run->learner->gives_probabilities)
        printf(", log loss %.4f", run->measure.logloss);
    putchar('\n');
    printf("learned in %.2f s; scores %.0f rows a second\n", run->fit_s, run->score_rows_per_s);
}

static void finish(struct table_run *run)
{
    free(run->scores);
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

static int run_table(const struct command_line *line)
{
    struct table_run run = {.values = line->values};
    const struct table_values *values = run.values;
    struct error error = ERROR_NONE;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (values->train == NULL || values->label == NULL || values->model == NULL)
        return command_misused(line, "--train, --label and --model must be given");
    const struct named_learner *named = find_learner(values->model);
    if (named == NULL)
        return command_misused(line, "--model %s is not known", values->model);
    run.learner = named->learner;
    int status = check_options(line, named);
    if (status != COMMAND_DONE)
        return status;
    if (!parse_penalty(values->penalty, &run.penalty))
        return command_misused(line, "--penalty needs a number of 0 or more, not \"%s\"",
                               values->penalty);
    run.threads = (unsigned)(values->threads > 0 ? values->threads
                             : processors > 0    ? processors
                                                 : 1);
    bool done = output_spares(values->out, values->train, &error) &&
                output_spares(values->out, values->test, &error) &&
                csv_table_read(&run.train, values->train, values->label, NULL, &error) &&
                fit(&run, &error) && score(&run, &error) && write_scores(&run, &error);
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
