#include "trainer/table_keep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/trusted_file.h"

#define FILE_MODE 0644 /* the dashboard reads it too */

static bool no_room(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for a model");
}

static enum table_column_kind kind_of(enum csv_kind kind)
{
    return kind == CSV_NUMBERS ? TABLE_NUMBERS : kind == CSV_WORDS ? TABLE_WORDS : TABLE_EMPTY;
}

/* A word counts as its number, unless the learner says otherwise. */
static bool describe_words(const struct words *words, struct table_fact_column *column)
{
    const char **texts = calloc((size_t)words->count + 1, sizeof *texts);

    column->words = calloc((size_t)words->count + 1, sizeof *column->words);
    if (texts == NULL || column->words == NULL) {
        free(texts);
        return false;
    }
    words_list(words, texts);
    column->word_count = words->count;
    for (uint32_t i = 0; i < words->count; i++)
        column->words[i] = (struct table_fact_word){texts[i], (float)i};
    free(texts);
    return true;
}

static bool describe_columns(const struct csv_table *table, struct table_model_facts *facts,
                             struct error *error)
{
    facts->columns = calloc(table->columns, sizeof *facts->columns);
    if (facts->columns == NULL)
        return no_room(error);
    facts->column_count = table->columns;
    for (unsigned c = 0; c < table->columns; c++) {
        const struct csv_column *column = &table->column[c];
        facts->columns[c] = (struct table_fact_column){
            .name = column->name, .kind = kind_of(column->kind), .unknown = NAN};
        if (!describe_words(&column->words, &facts->columns[c]))
            return no_room(error);
    }
    return true;
}

static void columns_free(struct table_model_facts *facts)
{
    for (uint32_t c = 0; c < facts->column_count; c++)
        free(facts->columns[c].words);
    free(facts->columns);
}

static int by_score(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* *steps has room for TABLE_MODEL_MOST_STEPS. */
static bool describe_scores(const struct table_kept *kept, struct table_model_step *steps,
                            uint32_t *step_count, struct error *error)
{
    size_t rows = kept->train->rows, known = 0;
    float *sorted = calloc(rows, sizeof *sorted);

    if (sorted == NULL)
        return no_room(error);
    for (size_t row = 0; row < rows; row++) {
        if (!isnan(kept->scores[row]))
            sorted[known++] = fminf(fmaxf(kept->scores[row], 0), 1);
    }
    qsort(sorted, known, sizeof *sorted, by_score);
    *step_count = table_model_steps(sorted, known, steps);
    free(sorted);
    return *step_count > 0 || error_set(error, FAULT_MODEL,
                                        "no training row could be scored, which a model has to "
                                        "know: grow more trees");
}

static bool build(const struct table_kept *kept, struct table_model_facts *facts, const char *path,
                  struct error *error)
{
    void *bytes = NULL;
    size_t size = 0;

    if (!describe_columns(kept->train, facts, error) ||
        !kept->learner->keep(kept->model, facts, error) ||
        !table_model_build(facts, &bytes, &size, error))
        return false;
    bool written = trusted_file_replace(path, bytes, size, FILE_MODE, FAULT_MODEL, error);
    free(bytes);
    return written;
}

bool table_keep(const struct table_kept *kept, const char *path, struct error *error)
{
    struct table_model_step steps[TABLE_MODEL_MOST_STEPS];
    struct table_model_facts facts = {
        .label = kept->label,
        .label_words = {kept->train->label_words[0], kept->train->label_words[1]},
        .steps = steps,
        .measured_on = isnan(kept->measure.auc) ? TABLE_MEASURED_NOT : kept->measured_on,
        .auc = kept->measure.auc,
        .average_precision = kept->measure.average_precision,
        .trained_us = clock_utc_us(),
        .trained_rows = kept->train->rows,
    };
    bool done =
        describe_scores(kept, steps, &facts.step_count, error) && build(kept, &facts, path, error);
    columns_free(&facts);
    return done;
}
