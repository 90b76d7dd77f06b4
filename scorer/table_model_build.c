#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/model_head.h"
#include "scorer/table_layout.h"

#define SMALLEST_SHARE 1e-6

/* A file that is being filled. */
struct filling {
    const struct table_model_facts *facts;
    struct table_model_header header;
    struct table_layout layout;
    char *file;
    uint32_t text_used, words_used;
};

static bool refuse(struct error *error, const char *why)
{
    return error_set(error, FAULT_MODEL, "no model can be made of this table: %s", why);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static uint64_t bytes_of(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static bool count_texts(const struct table_model_facts *facts, struct table_model_header *header,
                        struct error *error)
{
    uint64_t bytes = bytes_of(facts->label) + bytes_of(facts->label_words[0]) +
                     bytes_of(facts->label_words[1]),
             words = 0;

    for (uint32_t c = 0; c < facts->column_count; c++) {
        const struct table_fact_column *column = &facts->columns[c];
        if (column->word_count > TABLE_MODEL_MOST_WORDS)
            return refuse(error, "a column has too many different words");
        bytes += bytes_of(column->name);
        words += column->word_count;
        for (uint32_t i = 0; i < column->word_count; i++)
            bytes += bytes_of(column->words[i].text);
    }
    if (bytes > TABLE_MODEL_MOST_BYTES)
        return refuse(error, "its names and words are too long; leave columns of free text out");
    header->text_bytes = (uint32_t)bytes;
    header->word_count = (uint32_t)words;
    return true;
}

static bool measure(struct filling *filling, struct error *error)
{
    const struct table_model_facts *facts = filling->facts;
    struct table_model_header *header = &filling->header;

    if (facts->column_count > TREES_MOST_COLUMNS)
        return refuse(error, "it has too many columns");
    *header = (struct table_model_header){
        .magic = TABLE_MODEL_MAGIC,
        .version = TABLE_MODEL_VERSION,
        .header_bytes = sizeof *header,
        .learner = facts->learner,
        .column_count = facts->column_count,
        .term_count = facts->term_count,
        .step_count = facts->step_count,
        .tree_count = facts->trees.tree_count,
        .node_count = facts->trees.node_count,
        .isolation_sample = facts->isolation_sample,
        .measured_on = facts->measured_on,
        .bias = facts->bias,
        .auc = facts->auc,
        .average_precision = facts->average_precision,
        .trained_us = facts->trained_us,
        .trained_rows = facts->trained_rows,
    };
    if (!count_texts(facts, header, error))
        return false;
    filling->layout = table_layout_of(header);
    header->front_bytes = filling->layout.front_bytes;
    header->file_bytes = filling->layout.file_bytes;
    return header->file_bytes <= TABLE_MODEL_MOST_BYTES ||
           error_set(error, FAULT_MODEL,
                     "a model of %llu bytes is larger than the %u that one can have: grow fewer "
                     "or shallower trees",
                     (unsigned long long)header->file_bytes, TABLE_MODEL_MOST_BYTES);
}

/* ---- filling -------------------------------------------------------------------------------- */

static uint32_t add_text(struct filling *filling, const char *text)
{
    uint32_t at = filling->text_used;

    if (text == NULL)
        return TABLE_MODEL_NO_TEXT;
    size_t bytes = strlen(text) + 1;
    memcpy(filling->file + filling->layout.text + at, text, bytes);
    filling->text_used += (uint32_t)bytes;
    return at;
}

static int by_hash(const void *left, const void *right)
{
    const struct table_model_word *a = left, *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static void add_column(struct filling *filling, uint32_t number)
{
    const struct table_fact_column *from = &filling->facts->columns[number];
    struct table_model_column *column =
        (struct table_model_column *)(void *)(filling->file + filling->layout.columns) + number;
    struct table_model_word *words =
        (struct table_model_word *)(void *)(filling->file + filling->layout.words) +
        filling->words_used;

    *column = (struct table_model_column){
        .name = add_text(filling, from->name),
        .kind = from->kind,
        .first_word = filling->words_used,
        .word_count = from->word_count,
        .unknown = from->unknown,
    };
    for (uint32_t i = 0; i < from->word_count; i++) {
        const char *text = from->words[i].text;
        words[i] = (struct table_model_word){
            .hash = hash_bytes(text, strlen(text)),
            .text = add_text(filling, text),
            .value = from->words[i].value,
        };
    }
    qsort(words, from->word_count, sizeof *words, by_hash);
    filling->words_used += from->word_count;
}

static void copy(char *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(to, from, bytes);
}

static void fill(struct filling *filling)
{
    const struct table_model_facts *facts = filling->facts;
    const struct table_layout *layout = &filling->layout;
    struct table_model_header *header = &filling->header;
    char *file = filling->file;

    for (uint32_t c = 0; c < facts->column_count; c++)
        add_column(filling, c);
    header->label = add_text(filling, facts->label);
    for (int i = 0; i < 2; i++)
        header->label_words[i] = add_text(filling, facts->label_words[i]);
    copy(file + layout->terms, facts->terms, facts->term_count * sizeof *facts->terms);
    copy(file + layout->steps, facts->steps, facts->step_count * sizeof *facts->steps);
    copy(file + layout->nodes, facts->trees.nodes,
         facts->trees.node_count * sizeof *facts->trees.nodes);
    copy(file + layout->values, facts->trees.values,
         facts->trees.node_count * sizeof *facts->trees.values);
}

static void seal(struct filling *filling)
{
    struct table_model_header *header = &filling->header;
    char *file = filling->file;

    header->front_checksum =
        hash_bytes(file + sizeof *header, header->front_bytes - sizeof *header);
    header->trees_checksum =
        hash_bytes(file + header->front_bytes, header->file_bytes - header->front_bytes);
    header->checksum = model_head_checksum(header, sizeof *header);
    memcpy(file, header, sizeof *header);
}

bool table_model_build(const struct table_model_facts *facts, void **bytes, size_t *size,
                       struct error *error)
{
    struct filling filling = {.facts = facts};
    struct table_model check;

    if (!measure(&filling, error))
        return false;
    *size = (size_t)filling.header.file_bytes;
    filling.file = calloc(1, *size);
    if (filling.file == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for a model");
    fill(&filling);
    seal(&filling);
    if (!table_model_open(&check, filling.file, *size, error)) {
        free(filling.file);
        return false;
    }
    *bytes = filling.file;
    return true;
}

/* ---- the training rows' scores -------------------------------------------------------------- */

uint32_t table_model_steps(const float *sorted, size_t count, struct table_model_step *steps)
{
    uint32_t found = 0;

    for (unsigned i = 0; count > 0 && i < TABLE_MODEL_MOST_STEPS; i++) {
        double share = pow(SMALLEST_SHARE, (double)i / (TABLE_MODEL_MOST_STEPS - 1));
        size_t above = (size_t)ceil(share * (double)count),
               at = above > 0 ? count - above : count - 1;
        while (at > 0 && sorted[at - 1] >= sorted[at])
            at--;
        if (found == 0 || sorted[at] > steps[found - 1].score)
            steps[found++] = (struct table_model_step){
                sorted[at], (float)((double)(count - at) / (double)count)};
    }
    return found;
}
