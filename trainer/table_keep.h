/* What a learner made of a table, as a model file (scorer/table_model.h). */
#ifndef TRAINER_TABLE_KEEP_H
#define TRAINER_TABLE_KEEP_H

#include "trainer/table_learner.h"
#include "trainer/table_measure.h"

struct table_kept {
    const struct table_learner *learner;
    void *model;
    const struct csv_table *train; /* its values may be gone */
    const char *label;             /* NULL: none */
    const float *scores;           /* of the training rows; NAN: not known */
    struct table_measure measure;
    enum table_measured_on measured_on;
};

/* Writes it at path, in place of what was there. */
bool table_keep(const struct table_kept *kept, const char *path, struct error *error) MUST_USE;

#endif
