/*
 * The isolation forest of grow_isolation.h as a learner. It sees no label. A word counts as how
 * rare it is, the logarithm of known cells over those that hold it: what is rare then lies far from
 * what is frequent, and a word that was never learned lies the farthest.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/grow_isolation.h"
#include "trainer/table_learner.h"
#include "trainer/work_queue.h"

#define BLOCK_ROWS 1024

struct isolation_model {
    struct isolation_forest forest;
    unsigned columns, threads;
    float **rarity; /* of text column c: [c][word + 1], CSV_UNKNOWN_WORD being -1; NULL: numbers */
    size_t rows;
    float *table; /* row after row */
};

static void isolation_destroy(void *held)
{
    struct isolation_model *model = held;
    if (model == NULL)
        return;
    for (unsigned c = 0; model->rarity != NULL && c < model->columns; c++)
        free(model->rarity[c]);
    free(model->rarity);
    free(model->table);
    trees_free(&model->forest.trees);
    free(model);
}

static bool no_room(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM,
                           "the table and its isolation forest do not fit into memory");
}

static bool learn_rarity(struct isolation_model *model, const struct csv_table *table,
                         struct error *error)
{
    for (unsigned c = 0; c < table->columns; c++) {
        const struct csv_column *column = &table->column[c];
        size_t known = 0;
        if (column->kind != CSV_WORDS)
            continue;
        uint32_t words = column->words.count;
        uint32_t *counts = csv_column_word_counts(column, table->rows);
        float *rarity = model->rarity[c] = calloc((size_t)words + 1, sizeof *rarity);
        if (counts == NULL || rarity == NULL) {
            free(counts);
            return no_room(error);
        }
        for (uint32_t word = 0; word < words; word++)
            known += counts[word];
        rarity[0] = logf((float)(known + 1));
        for (uint32_t word = 0; word < words; word++)
            rarity[word + 1] = logf((float)known / (float)counts[word]);
        free(counts);
    }
    return true;
}

static bool isolation_take_rows(void *held, struct csv_table *table, struct error *error)
{
    struct isolation_model *model = held;

    free(model->table);
    model->rows = table->rows;
    model->table = calloc(table->rows * model->columns, sizeof *model->table);
    if (model->table == NULL)
        return no_room(error);
    for (unsigned c = 0; c < model->columns; c++) {
        const float *values = table->column[c].values, *rarity = model->rarity[c];
        float *to = model->table + c;
        for (size_t row = 0; row < table->rows; row++) {
            bool is_word = rarity != NULL && !isnan(values[row]);
            to[row * model->columns] = is_word ? rarity[(int)values[row] + 1] : values[row];
        }
    }
    csv_table_drop_values(table);
    return true;
}

static bool isolation_fit(void **held, struct csv_table *table,
                          const struct learner_options *options, float *out_of_bag,
                          struct error *error)
{
    struct isolation_model *model = *held = calloc(1, sizeof *model);
    const struct isolation_options isolation_options = {
        .trees = options->trees,
        .sample = ISOLATION_SAMPLE,
        .threads = options->threads,
        .seed = options->seed,
    };

    (void)out_of_bag;
    if (model == NULL)
        return no_room(error);
    model->columns = table->columns;
    model->threads = options->threads;
    model->rarity = calloc(table->columns, sizeof *model->rarity);
    if (model->rarity == NULL)
        return no_room(error);
    return learn_rarity(model, table, error) && isolation_take_rows(model, table, error) &&
           grow_isolation_forest(model->table, model->rows, model->columns, &isolation_options,
                                 &model->forest, error);
}

struct scoring {
    const struct isolation_model *model;
    float *scores;
};

static void score_block(void *context, unsigned number, unsigned worker)
{
    const struct scoring *scoring = context;
    const struct isolation_model *model = scoring->model;
    size_t first = (size_t)number * BLOCK_ROWS;
    size_t count = model->rows - first < BLOCK_ROWS ? model->rows - first : BLOCK_ROWS;
    double scores[BLOCK_ROWS];

    (void)worker;
    isolation_score_rows(&model->forest, model->table + first * model->columns, count, scores);
    for (size_t i = 0; i < count; i++)
        scoring->scores[first + i] = (float)scores[i];
}

static void isolation_score_all(const void *held, float *scores)
{
    const struct isolation_model *model = held;
    struct scoring scoring = {model, scores};
    unsigned blocks = (unsigned)((model->rows + BLOCK_ROWS - 1) / BLOCK_ROWS);
    work_run(model->threads, blocks, score_block, &scoring);
}

static bool isolation_keep(void *held, struct table_model_facts *facts, struct error *error)
{
    const struct isolation_model *model = held;

    (void)error;
    facts->learner = TABLE_ISOLATION;
    facts->trees = model->forest.trees;
    facts->isolation_sample = model->forest.sample_rows;
    for (uint32_t c = 0; c < facts->column_count; c++) {
        struct table_fact_column *column = &facts->columns[c];
        if (model->rarity[c] == NULL)
            continue;
        column->unknown = model->rarity[c][0];
        for (uint32_t word = 0; word < column->word_count; word++)
            column->words[word].value = model->rarity[c][word + 1];
    }
    return true;
}

const struct table_learner table_learner_isolation = {
    .fit = isolation_fit,
    .take_rows = isolation_take_rows,
    .score = isolation_score_all,
    .destroy = isolation_destroy,
    .keep = isolation_keep,
};
