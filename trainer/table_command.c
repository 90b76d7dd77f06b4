#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/json_writer.h"
#include "trainer/commands.h"
#include "trainer/csv_table.h"
#include "trainer/table_boosted.h"
#include "trainer/table_forest.h"
#include "trainer/table_measure.h"

struct table_values {
    const char *train, *label, *model, *test, *out;
    int64_t seed, trees, depth, leaf, threads;
    bool balanced;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct table_values, train, "train", "FILE", "learn from this CSV table"),
    COMMAND_TEXT(struct table_values, label, "label", "COL", "the column that holds the label"),
    COMMAND_TEXT(struct table_values, model, "model", "forest",
                 "what to learn: forest (random) or boosted"),
    COMMAND_TEXT(struct table_values, test, "test", "FILE",
                 "measure on this table; without it, on the rows each tree has not seen"),
    COMMAND_TEXT(struct table_values, out, "out", "FILE", "each measured row's score, as CSV"),
    COMMAND_INTEGER(struct table_values, seed, "seed", "S", 0, INT64_MAX, 1,
                    "the same seed gives the same scores"),
    COMMAND_INTEGER(struct table_values, trees, "trees", "N", 1, 4096, 100, "how many trees"),
    COMMAND_INTEGER(struct table_values, depth, "depth", "D", 0, 1024, 0,
                    "how deep at most; 0: 12, boosted 6"),
    COMMAND_INTEGER(struct table_values, leaf, "leaf", "N", 1, 1000000, 5,
                    "the fewest rows a forest's leaf may have"),
    COMMAND_INTEGER(struct table_values, threads, "threads", "T", 0, 64, 0,
                    "how many threads; 0: one for each processor"),
    COMMAND_FLAG(struct table_values, balanced, "balanced",
                 "weigh both labels the same, however rare one is"),
};

/* What one run holds. */
struct table_run {
    const struct table_values *values;
    unsigned threads;
    struct csv_table train, test;
    struct table_bins *bins, *test_bins;
    struct table_forest forest;
    struct table_boosted boosted;
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

static bool bin_table(struct table_bins **bins, const struct csv_table *table,
                      const struct table_bins *like, unsigned threads, struct error *error)
{
    const float **columns = calloc(table->columns, sizeof *columns);
    if (columns == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the table does not fit into memory");
    for (unsigned c = 0; c < table->columns; c++)
        columns[c] = table->column[c].values;
    const struct table_view view = {table->rows, table->columns, columns, 1};
    bool made = like == NULL ? table_bins_create(bins, &view, threads, error)
                             : table_bins_create_like(bins, like, &view, threads, error);
    free(columns);
    return made;
}

static void balance(const struct csv_table *table, double class_weight[2])
{
    size_t rows[2] = {0, 0};
    for (size_t row = 0; row < table->rows; row++)
        rows[table->labels[row]]++;
    for (unsigned label = 0; label < 2; label++)
        class_weight[label] = (double)table->rows / (2 * (double)rows[label]);
}

static bool is_boosted(const struct table_run *run)
{
    return strcmp(run->values->model, "boosted") == 0;
}

static bool fit_boosted(struct table_run *run, const struct table_labels *labels,
                        struct error *error)
{
    const struct table_values *values = run->values;
    struct table_boosted_options options = TABLE_BOOSTED_DEFAULTS;

    options.rounds = (unsigned)values->trees;
    options.threads = run->threads;
    options.seed = (uint64_t)values->seed;
    if (values->depth > 0)
        options.depth = (unsigned)values->depth;
    if (values->balanced)
        balance(&run->train, options.class_weight);
    return table_boosted_grow(&run->boosted, run->bins, labels, NULL, &options, error);
}

static bool fit(struct table_run *run, struct error *error)
{
    const struct table_values *values = run->values;
    const struct table_labels labels = {run->train.labels, NULL};
    struct table_forest_options options = {
        .trees = (unsigned)values->trees,
        .depth = values->depth > 0 ? (unsigned)values->depth : 12,
        .threads = run->threads,
        .smallest_leaf = (unsigned)values->leaf,
        .seed = (uint64_t)values->seed,
    };
    double start_s = now_s();

    if (values->balanced)
        balance(&run->train, options.class_weight);
    if (!bin_table(&run->bins, &run->train, NULL, run->threads, error))
        return false;
    csv_table_drop_values(&run->train);
    if (values->test == NULL) {
        run->scores = calloc(run->train.rows, sizeof *run->scores);
        if (run->scores == NULL)
            return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the scores");
    }
    if (is_boosted(run)
            ? !fit_boosted(run, &labels, error)
            : !table_forest_grow(&run->forest, run->bins, &labels, &options, run->scores, error))
        return false;
    run->fit_s = now_s() - start_s;
    return true;
}

/* Scores the test table, or the one that was learned from for its speed alone. */
static bool score(struct table_run *run, struct error *error)
{
    bool has_test = run->values->test != NULL;
    const struct csv_table *table = has_test ? &run->test : &run->train;

    if (has_test) {
        if (!csv_table_read(&run->test, run->values->test, run->values->label, &run->train,
                            error) ||
            !bin_table(&run->test_bins, &run->test, run->bins, run->threads, error))
            return false;
        csv_table_drop_values(&run->test);
    }
    float *scores = calloc(table->rows, sizeof *scores);
    if (scores == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the scores");
    double start_s = now_s();
    const struct table_bins *bins = has_test ? run->test_bins : run->bins;
    if (is_boosted(run))
        table_boosted_score(&run->boosted, bins, run->threads, scores);
    else
        table_forest_score(&run->forest, bins, run->threads, scores);
    run->score_rows_per_s = (double)table->rows / fmax(now_s() - start_s, 1e-9);
    if (has_test)
        run->scores = scores;
    else
        free(scores);
    return table_measure(&run->measure, run->scores, table->labels, table->rows, error);
}

static bool write_scores(const struct table_run *run, struct error *error)
{
    const char *path = run->values->out;
    size_t rows = run->values->test != NULL ? run->test.rows : run->train.rows;

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
    json_text(&json, "measured_on", run->values->test != NULL ? "test" : "out_of_bag");
    json_number(&json, "auc", run->measure.auc);
    json_number(&json, "average_precision", run->measure.average_precision);
    json_number(&json, "logloss", run->measure.logloss);
    json_number(&json, "fit_seconds", run->fit_s);
    json_number(&json, "score_rows_per_second", run->score_rows_per_s);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static void print_text(const struct table_run *run)
{
    printf("%zu rows of %u columns; a row is an anomaly when it is \"%s\"\n", run->train.rows,
           run->train.columns, run->train.label_words[1]);
    printf("measured %s: AUC %.4f, average precision %.4f, log loss %.4f\n",
           run->values->test != NULL ? "on the test table" : "out of bag", run->measure.auc,
           run->measure.average_precision, run->measure.logloss);
    printf("learned in %.2f s; scores %.0f rows a second\n", run->fit_s, run->score_rows_per_s);
}

static void finish(struct table_run *run)
{
    free(run->scores);
    table_forest_finish(&run->forest);
    table_boosted_finish(&run->boosted);
    table_bins_destroy(run->bins);
    table_bins_destroy(run->test_bins);
    csv_table_finish(&run->train);
    csv_table_finish(&run->test);
}

static int run_table(const struct command_line *line)
{
    struct table_run run = {.values = line->values};
    const struct table_values *values = run.values;
    struct error error = ERROR_NONE;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (values->train == NULL || values->label == NULL || values->model == NULL)
        return command_misused(line, "--train, --label and --model must be given");
    if (strcmp(values->model, "forest") != 0 && !is_boosted(&run))
        return command_misused(line, "--model %s is not there; forest and boosted are",
                               values->model);
    if (is_boosted(&run) && values->test == NULL)
        return command_misused(line, "boosted trees have no rows out of the bag: --test is needed");
    run.threads = (unsigned)(values->threads > 0 ? values->threads
                             : processors > 0    ? processors
                                                 : 1);
    bool done = csv_table_read(&run.train, values->train, values->label, NULL, &error) &&
                fit(&run, &error) && score(&run, &error) && write_scores(&run, &error);
    if (done && line->json)
        done = print_json(&run, &error);
    else if (done)
        print_text(&run);
    finish(&run);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command TABLE_COMMAND = {
    .name = "table",
    .operands = "",
    .help = "the learners on any CSV table with a header",
    .details =
        "A column whose first cell is a number holds numbers, any other one words; an empty\n"
        "cell is missing.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct table_values),
    .run = run_table,
};
