/*
 * The logistic regression of fit_logistic.h as a learner. Each of a text column's most frequent
 * words is a column of its own, 1 where a cell holds it and 0 where it holds another. The least
 * frequent word has none, since it would follow from the others.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/fit_logistic.h"
#include "trainer/table_learner.h"
#include "trainer/work_queue.h"

#define BLOCK_ROWS 1024
#define MOST_WORDS 31 /* of one text column */
#define MOST_STEPS 100
#define TOLERANCE  1e-9
#define ANY_VALUE  (-1.0F) /* no word's number */

/* A column of the regression: a table's column of numbers, or one word of a text column. */
struct indicator {
    unsigned column;
    float word; /* ANY_VALUE: numbers, as they are */
};

struct logistic_learner {
    struct logistic_model model;
    struct indicator indicators[LOGISTIC_MAX_COLUMNS];
    unsigned count, threads;
    size_t rows;
    float *table; /* of indicators, row after row */
    struct table_model_term terms[LOGISTIC_MAX_COLUMNS];
};

static void logistic_destroy(void *held)
{
    struct logistic_learner *learner = held;
    if (learner == NULL)
        return;
    logistic_model_free(&learner->model);
    free(learner->table);
    free(learner);
}

static bool no_room(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM,
                           "the table and its logistic regression do not fit into memory");
}

/* The most frequent words, the earlier of equals first; returns how many, at most `most`. */
static unsigned most_frequent(const uint32_t *counts, uint32_t count, unsigned most,
                              uint32_t *words)
{
    unsigned found = 0;
    for (uint32_t word = 0; word < count; word++) {
        unsigned at = found;
        while (at > 0 && counts[words[at - 1]] < counts[word])
            at--;
        if (at == most)
            continue;
        found += found < most;
        for (unsigned i = found - 1; i > at; i--)
            words[i] = words[i - 1];
        words[at] = word;
    }
    return found;
}

static bool add_words(struct logistic_learner *learner, const struct csv_table *table,
                      unsigned column, unsigned most, struct error *error)
{
    const struct csv_column *text = &table->column[column];
    uint32_t words[MOST_WORDS];
    uint32_t *counts = csv_column_word_counts(text, table->rows);

    if (counts == NULL)
        return no_room(error);
    if (most > text->words.count - 1)
        most = text->words.count - 1;
    unsigned found = most_frequent(counts, text->words.count, most, words);
    free(counts);
    for (unsigned i = 0; i < found; i++)
        learner->indicators[learner->count++] = (struct indicator){column, (float)words[i]};
    return true;
}

static bool choose_indicators(struct logistic_learner *learner, const struct csv_table *table,
                              struct error *error)
{
    unsigned text_columns = 0;
    for (unsigned c = 0; c < table->columns; c++)
        text_columns += table->column[c].kind == CSV_WORDS;
    unsigned numbers = table->columns - text_columns;
    if (numbers > LOGISTIC_MAX_COLUMNS)
        return error_set(error, FAULT_MODEL,
                         "a logistic regression takes at most %u columns of numbers, here are %u",
                         LOGISTIC_MAX_COLUMNS, numbers);
    unsigned most = text_columns > 0 ? (LOGISTIC_MAX_COLUMNS - numbers) / text_columns : 0;
    if (most > MOST_WORDS)
        most = MOST_WORDS;
    for (unsigned c = 0; c < table->columns; c++) {
        if (table->column[c].kind != CSV_WORDS)
            learner->indicators[learner->count++] = (struct indicator){c, ANY_VALUE};
        else if (!add_words(learner, table, c, most, error))
            return false;
    }
    return learner->count > 0 ||
           error_set(error, FAULT_MODEL,
                     "no column has two different words or a number to learn from");
}

/* What was never learned counts as missing. */
static float indicate(const struct indicator *indicator, float value)
{
    if (indicator->word < 0)
        return value;
    if (isnan(value) || value < 0)
        return NAN;
    return value == indicator->word ? 1 : 0;
}

static bool logistic_take_rows(void *held, struct csv_table *table, struct error *error)
{
    struct logistic_learner *learner = held;

    free(learner->table);
    learner->rows = table->rows;
    learner->table = calloc(table->rows * learner->count, sizeof *learner->table);
    if (learner->table == NULL)
        return no_room(error);
    for (unsigned i = 0; i < learner->count; i++) {
        const struct indicator *indicator = &learner->indicators[i];
        const float *values = table->column[indicator->column].values;
        for (size_t row = 0; row < table->rows; row++)
            learner->table[row * learner->count + i] = indicate(indicator, values[row]);
    }
    csv_table_drop_values(table);
    return true;
}

static bool logistic_fit(void **held, struct csv_table *table,
                         const struct learner_options *options, float *out_of_bag,
                         struct error *error)
{
    struct logistic_learner *learner = *held = calloc(1, sizeof *learner);
    const struct logistic_options logistic_options = {
        .penalty = options->penalty,
        .most_steps = MOST_STEPS,
        .tolerance = TOLERANCE,
    };

    (void)out_of_bag;
    if (learner == NULL)
        return no_room(error);
    learner->threads = options->threads;
    return choose_indicators(learner, table, error) && logistic_take_rows(learner, table, error) &&
           fit_logistic(learner->table, learner->rows, learner->count, table->labels,
                        &logistic_options, &learner->model, error);
}

struct scoring {
    const struct logistic_learner *learner;
    float *scores;
};

static void score_block(void *context, unsigned number, unsigned worker)
{
    const struct scoring *scoring = context;
    const struct logistic_learner *learner = scoring->learner;
    size_t first = (size_t)number * BLOCK_ROWS, end = first + BLOCK_ROWS;

    (void)worker;
    for (size_t row = first; row < end && row < learner->rows; row++)
        scoring->scores[row] =
            (float)logistic_probability(&learner->model, learner->table + row * learner->count);
}

static void logistic_score(const void *held, float *scores)
{
    const struct logistic_learner *learner = held;
    struct scoring scoring = {learner, scores};
    unsigned blocks = (unsigned)((learner->rows + BLOCK_ROWS - 1) / BLOCK_ROWS);
    work_run(learner->threads, blocks, score_block, &scoring);
}

static bool logistic_keep(void *held, struct table_model_facts *facts, struct error *error)
{
    struct logistic_learner *learner = held;
    const struct logistic_model *model = &learner->model;

    (void)error;
    for (unsigned i = 0; i < learner->count; i++)
        learner->terms[i] = (struct table_model_term){
            .column = learner->indicators[i].column,
            .word = learner->indicators[i].word,
            .coefficient = model->coefficients[i],
            .mean = model->means[i],
            .deviation = model->deviations[i],
        };
    facts->learner = TABLE_LOGISTIC;
    facts->bias = model->intercept;
    facts->terms = learner->terms;
    facts->term_count = learner->count;
    return true;
}

static void logistic_describe(const void *held, struct json_writer *json)
{
    const struct logistic_learner *learner = held;
    json_bool(json, "converged", learner->model.converged);
    json_integer(json, "steps", learner->model.steps);
}

static const char *logistic_warning(const void *held)
{
    const struct logistic_learner *learner = held;
    return learner->model.converged ? NULL
                                    : "the logistic regression did not converge: do not trust its "
                                      "scores; a higher --penalty may help";
}

const struct table_learner table_learner_logistic = {
    .needs_label = true,
    .gives_probabilities = true,
    .fit = logistic_fit,
    .take_rows = logistic_take_rows,
    .score = logistic_score,
    .destroy = logistic_destroy,
    .keep = logistic_keep,
    .describe = logistic_describe,
    .warning = logistic_warning,
};
