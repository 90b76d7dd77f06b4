/* No CSV file crashes the reader; a table that it reads is sound and can be read like itself. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trainer/csv_table.h"

#define LABEL "l"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_column(const struct csv_column *column, size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        float value = column->values[row];
        require(!isinf(value) && (column->kind != CSV_UNDECIDED || isnan(value)));
        require(column->kind != CSV_WORDS || isnan(value) ||
                (value >= 0 && value < (float)column->words.count));
    }
}

static void check_again(const struct csv_table *table, const char *path)
{
    struct csv_table again;
    struct error error = ERROR_NONE;
    require(csv_table_read(&again, path, &(struct csv_table_plan){.label = LABEL, .like = table},
                           &error));
    require(again.rows == table->rows && again.columns == table->columns);
    for (size_t row = 0; row < table->rows; row++) {
        require(again.labels[row] <= 1 && again.labels[row] == table->labels[row]);
        for (unsigned c = 0; c < table->columns; c++) {
            float one = table->column[c].values[row], other = again.column[c].values[row];
            require((isnan(one) && isnan(other)) || (one <= other && one >= other));
        }
    }
    csv_table_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    struct csv_table table;
    struct error error = ERROR_NONE;
    int file = memfd_create("table", MFD_CLOEXEC);

    require(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    bool read = csv_table_read(&table, path, &(struct csv_table_plan){.label = LABEL}, &error);
    require(read == (error.fault == FAULT_NONE));
    if (read) {
        for (unsigned c = 0; c < table.columns; c++)
            check_column(&table.column[c], table.rows);
        check_again(&table, path);
        csv_table_finish(&table);
    }
    close(file);
    return 0;
}
