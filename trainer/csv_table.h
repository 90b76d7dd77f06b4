/*
 * A CSV file with a header as a table of numbers and labels. A column whose first cell that is not
 * empty is a number holds numbers, and everything else in it is a mistake; any other column holds
 * words, numbered in the order in which they first come. An empty cell is missing, and so is "nan"
 * among numbers; an infinite number is a mistake.
 */
#ifndef TRAINER_CSV_TABLE_H
#define TRAINER_CSV_TABLE_H

#include "trainer/table_bins.h"
#include "trainer/words.h"

enum csv_kind { CSV_UNDECIDED, CSV_NUMBERS, CSV_WORDS };

#define CSV_UNKNOWN_WORD (-1.0F) /* in place of its number */

struct csv_column {
    char *name;
    enum csv_kind kind;
    struct words words;
    bool too_many_words; /* those behind the first most_words are missing */
    float *values;       /* NAN: missing */
};

struct csv_table {
    size_t rows, capacity;
    unsigned columns; /* without the label's */
    struct csv_column *column;
    uint8_t *labels; /* 0 or 1; NULL: none were asked for */
    char *label_words[2];
};

/* How a table is to be read. */
struct csv_table_plan {
    const char *label;            /* the column with the label; NULL: there is none */
    const struct csv_table *like; /* NULL, or the table whose columns are wanted */
    uint32_t most_words;          /* different ones that a column may have; 0: WORDS_MOST */
};

/*
 * plan->like: its columns are taken by name, with its words; other columns are left out, and a word
 * it does not know is CSV_UNKNOWN_WORD. Labels are two words; of 0 and 1, of
 * normal and anything, and of two others in the order of their bytes, the second is 1. What is
 * wrong is named by line and column.
 */
bool csv_table_read(struct csv_table *table, const char *path, const struct csv_table_plan *plan,
                    struct error *error) MUST_USE;

/* How many of a text column's rows hold each word; the caller's to free(). NULL without memory. */
uint32_t *csv_column_word_counts(const struct csv_column *column, size_t rows);

/* The numbers alone, which are most of it. */
void csv_table_drop_values(struct csv_table *table);
void csv_table_finish(struct csv_table *table);

#endif
