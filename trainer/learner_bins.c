#include "trainer/learner_bins.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "trainer/grown_trees.h"

static void forget_unknown_words(struct csv_table *table)
{
    for (unsigned c = 0; c < table->columns; c++) {
        const struct csv_column *column = &table->column[c];
        for (size_t row = 0; column->kind == CSV_WORDS && row < table->rows; row++) {
            if (column->values[row] < 0)
                column->values[row] = NAN;
        }
    }
}

bool learner_bin(struct table_bins **bins, struct csv_table *table, const struct table_bins *like,
                 unsigned threads, struct error *error)
{
    const float **columns = calloc(table->columns, sizeof *columns);
    if (columns == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the table does not fit into memory");
    if (like != NULL)
        forget_unknown_words(table);
    for (unsigned c = 0; c < table->columns; c++)
        columns[c] = table->column[c].values;
    const struct table_view view = {table->rows, table->columns, columns, 1};
    bool made = like == NULL ? table_bins_create(bins, &view, threads, error)
                             : table_bins_create_like(bins, like, &view, threads, error);
    free(columns);
    csv_table_drop_values(table);
    return made;
}

bool learner_rebin(struct table_bins **bins, struct csv_table *table, unsigned threads,
                   struct error *error)
{
    struct table_bins *others = NULL;

    if (!learner_bin(&others, table, *bins, threads, error))
        return false;
    table_bins_destroy(*bins);
    *bins = others;
    return true;
}

void learner_balance(const struct csv_table *table, double class_weight[2])
{
    size_t rows[2] = {0, 0};
    for (size_t row = 0; row < table->rows; row++)
        rows[table->labels[row]]++;
    for (unsigned label = 0; label < 2; label++)
        class_weight[label] = (double)table->rows / (2 * (double)rows[label]);
}

bool learner_trees(const struct histogram_tree *grown, uint32_t count,
                   const struct table_bins *bins, struct trees *trees, struct error *error)
{
    struct grown_tree *laid = NULL;

    *trees = (struct trees){.nodes = NULL};
    if (count == 0)
        return true;
    if (!grown_trees_of(grown, count, bins, &laid, error))
        return false;
    bool built = trees_build(laid, count, bins->columns, trees, error);
    grown_trees_free(laid, count);
    return built;
}
