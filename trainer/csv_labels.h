/* Which of a table's two labels is 1. */
#ifndef TRAINER_CSV_LABELS_H
#define TRAINER_CSV_LABELS_H

#include "trainer/csv_table.h"

/* Where a table's labels come from, for sentences. */
struct csv_labels {
    const struct words *words; /* by number, as the table's labels hold them yet */
    const char *column, *path;
};

/*
 * Makes 0 and 1 of them, as those of `like` are or, where that is NULL, as csv_table_read() says.
 * False when there is only one to learn from, or one that `like` does not know.
 */
bool csv_labels_order(struct csv_table *table, const struct csv_labels *labels,
                      const struct csv_table *like, struct error *error) MUST_USE;

#endif
