#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/forest.h"
#include "scorer/isolation.h"
#include "scorer/table_model.h"

float table_model_word_value(const struct table_model *model, unsigned column, const char *text,
                             size_t size, bool *known)
{
    const struct table_model_column *of = &model->columns[column];
    const struct table_model_word *words = model->words + of->first_word;
    uint64_t hash = hash_bytes(text, size);
    uint32_t low = 0, high = of->word_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (words[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    const char *found = low < of->word_count ? model->text + words[low].text : NULL;
    *known = found != NULL && words[low].hash == hash && strlen(found) == size &&
             memcmp(found, text, size) == 0;
    return *known ? words[low].value : of->unknown;
}

/* ---- scores --------------------------------------------------------------------------------- */

static double score_of_sum(const struct table_model *model, int64_t sum)
{
    const struct table_model_header *header = model->header;

    if (header->learner == TABLE_ISOLATION) {
        const struct isolation_forest forest = {model->trees, header->isolation_sample};
        return isolation_score_of(&forest, sum);
    }
    double value = (double)sum * TREES_VALUE_UNIT;
    return header->learner == TABLE_FOREST ? value / header->tree_count
                                           : forest_logistic(header->bias + value);
}

/* What a term adds to the log-odds. */
static double term_value(const struct table_model_term *term, const float *row)
{
    float cell = row[term->column];

    if (isnan(cell))
        return 0;
    double value = term->word < 0 ? (double)cell : cell == term->word;
    return term->coefficient * ((value - term->mean) / term->deviation);
}

static double log_odds(const struct table_model *model, const float *row)
{
    double sum = model->header->bias;
    for (uint32_t i = 0; i < model->header->term_count; i++)
        sum += term_value(&model->terms[i], row);
    return sum;
}

float table_model_score(const struct table_model *model, const float *row,
                        struct table_scratch *scratch)
{
    if (model->header->learner == TABLE_LOGISTIC)
        return (float)forest_logistic(log_odds(model, row));
    trees_write_keys(model->trees.column_count, row, scratch->keys);
    return (float)score_of_sum(model, trees_sum(&model->trees, scratch->keys));
}

/* ---- what did it ---------------------------------------------------------------------------- */

/* Shares of a change of the score, by those of the change of what it is made from. */
static void scale(double *shares, uint32_t count, double change, double cause)
{
    for (uint32_t i = 0; i < count; i++)
        shares[i] = cause != 0 ? shares[i] * (change / cause) : 0;
}

static void shares_of_terms(const struct table_model *model, const float *row, double *shares)
{
    double bias = model->header->bias, sum = log_odds(model, row);

    for (uint32_t i = 0; i < model->header->term_count; i++)
        shares[model->terms[i].column] += term_value(&model->terms[i], row);
    scale(shares, model->header->column_count, forest_logistic(sum) - forest_logistic(bias),
          sum - bias);
}

static void shares_of_trees(const struct table_model *model, const float *row,
                            struct table_scratch *scratch, double *shares)
{
    uint32_t columns = model->header->column_count;
    int64_t base = trees_base(&model->trees);

    trees_write_keys(columns, row, scratch->keys);
    int64_t sum = trees_sum(&model->trees, scratch->keys);
    memset(scratch->contributions, 0, columns * sizeof *scratch->contributions);
    trees_attribute(&model->trees, scratch->keys, scratch->contributions);
    for (uint32_t c = 0; c < columns; c++)
        shares[c] = (double)scratch->contributions[c];
    scale(shares, columns, score_of_sum(model, sum) - score_of_sum(model, base),
          (double)(sum - base));
}

void table_model_shares(const struct table_model *model, const float *row,
                        struct table_scratch *scratch, double *shares)
{
    memset(shares, 0, model->header->column_count * sizeof *shares);
    if (model->header->learner == TABLE_LOGISTIC)
        shares_of_terms(model, row, shares);
    else
        shares_of_trees(model, row, scratch, shares);
}

/* ---- among the training rows ---------------------------------------------------------------- */

double table_model_share_above(const struct table_model *model, float score)
{
    const struct table_model_step *steps = model->steps;
    uint32_t low = 0, high = model->header->step_count; /* steps below low are not above score */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (steps[middle].score <= score)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 1;
    const struct table_model_step *under = &steps[low - 1], *over = &steps[low];
    if (score == under->score)
        return (double)under->share;
    if (low == model->header->step_count)
        return 0;
    double way = (double)(score - under->score) / (double)(over->score - under->score);
    return (double)under->share + way * ((double)over->share - (double)under->share);
}
