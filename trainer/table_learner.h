/*
 * A learner as `anomaly-trainer table` sees it. table_learners.def names them all.
 *
 * A model holds the rows that it scores, in the form that it scores them in: those that it was
 * fitted on, until take_rows() gives it others. Fitting and taking use up the table's values.
 */
#ifndef TRAINER_TABLE_LEARNER_H
#define TRAINER_TABLE_LEARNER_H

#include "common/json_writer.h"
#include "scorer/table_model.h"
#include "trainer/csv_table.h"

struct learner_options {
    unsigned trees, depth, smallest_leaf, threads;
    uint64_t seed;
    bool balanced;  /* both labels weigh the same */
    double penalty; /* 0 or more */
};

struct table_learner {
    unsigned usual_depth; /* where none is asked for */
    bool needs_label;
    bool gives_probabilities; /* else scores only order rows, and have no log loss */
    bool has_out_of_bag;      /* fit() can score each row by what has not seen it */

    /*
     * *model is the caller's to destroy(), also after a failure. out_of_bag: NULL where the learner
     * has none or they are not wanted, else room for each row's score, NAN where all has seen it.
     */
    bool (*fit)(void **model, struct csv_table *table, const struct learner_options *options,
                float *out_of_bag, struct error *error);
    /* table: read like the one that was fitted on. */
    bool (*take_rows)(void *model, struct csv_table *table, struct error *error);
    /* One score for each row that the model holds, the higher the more anomalous. */
    void (*score)(const void *model, float *scores);
    void (*destroy)(void *model); /* NULL is nothing to do */

    /*
     * What was learned, for a model file: learner, bias, trees or terms, and what words count as,
     * in facts whose columns hold their words by number. It stays the model's, until destroy().
     */
    bool (*keep)(void *model, struct table_model_facts *facts, struct error *error);

    /* Either may be NULL. Members for the JSON object; a sentence of warning, or NULL. */
    void (*describe)(const void *model, struct json_writer *json);
    const char *(*warning)(const void *model);
};

#define TABLE_LEARNER(name, options, help) extern const struct table_learner table_learner_##name;
#include "trainer/table_learners.def"
#undef TABLE_LEARNER

#endif
