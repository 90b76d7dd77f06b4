/*
 * The rows of a CSV table scored by a table model, one out for each in, in order, by several
 * threads, in memory of a fixed size. The table is never held: a batch of its rows is.
 */
#ifndef TRAINER_SCORE_TABLE_H
#define TRAINER_SCORE_TABLE_H

#include "trainer/table_measure.h"
#include "trainer/table_row.h"
#include "trainer/worst_rows.h"

/* A row stands out when at most this share of the training rows scored so, or when it is more
 * likely than not an anomaly. */
#define SCORE_TABLE_OUTLIERS 0.02

#define SCORE_TABLE_BINS     20 /* of equal width from 0 to 1 */
#define SCORE_TABLE_TAILS    4
#define SCORE_TABLE_UNREAD   10
#define SCORE_TABLE_MEASURED (UINT32_C(1) << 22) /* rows, the first that have a label */

extern const double SCORE_TABLE_TAIL_SHARES[SCORE_TABLE_TAILS]; /* 0.5, 0.1, 0.01, 0.001 */

struct score_table_totals {
    uint64_t rows, unread, outliers;
    uint64_t unread_numbers, unknown_words; /* cells that counted as missing, or as never seen */
    uint64_t bins[SCORE_TABLE_BINS];
    uint64_t tails[SCORE_TABLE_TAILS]; /* rows that at most that share of the training rows reach */
    struct {
        uint64_t row;
        uint32_t cells;
    } first_unread[SCORE_TABLE_UNREAD];
    uint32_t measured; /* rows with a label */
    float *scores;     /* theirs */
    uint8_t *labels;
};

struct score_table {
    const struct table_model *model;
    struct table_match match;
    struct score_table_totals totals;
    struct worst_rows worst;
};

/*
 * Scores what is in the input (a name, or "-") onto out: row,score,share_above,reasons. Rows of
 * another number of cells than the header get no score. threads: as work_thread_count() takes them.
 * progress: NULL, or told now and then how many rows are done. To be finished also when it fails.
 */
bool score_table_run(struct score_table *scored, const struct table_model *model, const char *input,
                     FILE *out, unsigned threads, void (*progress)(int64_t rows),
                     struct error *error) MUST_USE;
void score_table_finish(struct score_table *scored);

/* The rows that score highest, the highest first: row,score,share_above,reasons and the table's own
 * cells; and as an array "worst" of at most `most` of them. */
bool score_table_print_worst(const struct score_table *scored, FILE *out,
                             struct error *error) MUST_USE;
bool score_table_write_worst(const struct score_table *scored, unsigned most,
                             struct json_writer *json, struct error *error) MUST_USE;

/* Of the rows that had a label. */
bool score_table_measure(const struct score_table *scored, struct table_measure *measure,
                         struct error *error) MUST_USE;

#endif
