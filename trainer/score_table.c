#include "trainer/score_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/work_queue.h"

#define BLOCK_ROWS  512
#define BLOCK_BYTES (UINT32_C(1) << 18)
#define BLOCKS      48

const double SCORE_TABLE_TAIL_SHARES[SCORE_TABLE_TAILS] = {0.5, 0.1, 0.01, 0.001};

struct record {
    size_t at, size;
};

/* Rows that follow one another: what they are and, once they are scored, what is said of them. */
struct block {
    uint64_t first_row;
    unsigned count;
    struct record records[BLOCK_ROWS];
    char *text;
    size_t used, capacity;

    float scores[BLOCK_ROWS]; /* NAN: unread */
    float shares[BLOCK_ROWS]; /* of the training rows that scored so */
    uint32_t cells[BLOCK_ROWS];
    int8_t labels[BLOCK_ROWS];
    uint64_t outliers, unread_numbers, unknown_words;
    char *out;
    size_t out_size;
    bool failed; /* no memory */
};

struct batch {
    const struct table_model *model;
    const struct table_match *match;
    struct block *blocks;
    unsigned filled;
    struct table_row *rows[WORK_MOST_THREADS];
};

static bool no_room(struct error *error)
{
    return error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for rows that are to be scored");
}

/* ---- one row -------------------------------------------------------------------------------- */

static bool is_outlier(const struct table_model *model, float score, double share)
{
    return share <= SCORE_TABLE_OUTLIERS ||
           (table_model_gives_probabilities(model) && score >= 0.5F);
}

static void print_unread(const struct table_row *row, uint64_t number, FILE *out)
{
    fprintf(out, "%" PRIu64 ",,,\"%u cells, the header has %u\"", number, row->found,
            row->match->cell_count);
}

static void score_row(const struct batch *batch, struct block *block, unsigned i,
                      struct table_row *row, FILE *out)
{
    const struct record *record = &block->records[i];
    uint64_t number = block->first_row + i;

    if (!table_row_read(row, block->text + record->at, record->size)) {
        block->failed = true;
        return;
    }
    block->cells[i] = row->found;
    block->labels[i] = (int8_t)row->label;
    block->scores[i] = NAN;
    if (row->found != batch->match->cell_count) {
        print_unread(row, number, out);
    } else {
        float score = table_model_score(batch->model, row->values, &row->scratch);
        double share = table_model_share_above(batch->model, score);
        bool outlier = is_outlier(batch->model, score, share);
        block->scores[i] = score;
        block->shares[i] = (float)share;
        block->outliers += outlier;
        block->unread_numbers += row->unread_numbers;
        block->unknown_words += row->unknown_words;
        table_row_print(row, number, score, share, outlier, out);
    }
    fputc('\n', out);
}

static void score_block(void *context, unsigned number, unsigned worker)
{
    const struct batch *batch = context;
    struct block *block = &batch->blocks[number];
    FILE *out = open_memstream(&block->out, &block->out_size);

    block->outliers = block->unread_numbers = block->unknown_words = 0;
    block->failed = out == NULL;
    for (unsigned i = 0; !block->failed && i < block->count; i++)
        score_row(batch, block, i, batch->rows[worker], out);
    if (out != NULL)
        block->failed |= fclose(out) != 0;
}

/* ---- batches -------------------------------------------------------------------------------- */

static bool block_add(struct block *block, const char *text, size_t size)
{
    if (size > block->capacity - block->used) {
        size_t capacity = block->used + size + BLOCK_BYTES;
        char *wider = realloc(block->text, capacity);
        if (wider == NULL)
            return false;
        block->text = wider;
        block->capacity = capacity;
    }
    memcpy(block->text + block->used, text, size);
    block->records[block->count++] = (struct record){block->used, size};
    block->used += size;
    return true;
}

/* As many rows as a batch holds, or as there are: *ended then. */
static bool fill_batch(struct batch *batch, struct csv_lines *lines, uint64_t rows, bool *ended,
                       struct error *error)
{
    size_t bytes = 0, size;
    char *text;

    batch->filled = 0;
    while (batch->filled < BLOCKS && bytes < BLOCKS * BLOCK_BYTES && !*ended) {
        struct block *block = &batch->blocks[batch->filled];
        block->count = 0;
        block->used = 0;
        block->first_row = rows + 1;
        while (block->count < BLOCK_ROWS && block->used < BLOCK_BYTES) {
            if (!csv_lines_next(lines, &text, &size, error))
                return false;
            *ended = text == NULL;
            if (*ended)
                break;
            if (!block_add(block, text, size))
                return no_room(error);
        }
        bytes += block->used;
        rows += block->count;
        batch->filled += block->count > 0;
    }
    return true;
}

static void count_score(struct score_table_totals *totals, float score, float share)
{
    unsigned bin = (unsigned)(score * SCORE_TABLE_BINS);

    totals->bins[bin < SCORE_TABLE_BINS ? bin : SCORE_TABLE_BINS - 1]++;
    for (int i = 0; i < SCORE_TABLE_TAILS; i++)
        totals->tails[i] += (double)share <= SCORE_TABLE_TAIL_SHARES[i];
}

static void keep_label(struct score_table_totals *totals, float score, int label)
{
    if (label < 0 || totals->measured == SCORE_TABLE_MEASURED || totals->scores == NULL)
        return;
    totals->scores[totals->measured] = score;
    totals->labels[totals->measured++] = (uint8_t)label;
}

static bool count_block(struct score_table *scored, const struct block *block, struct error *error)
{
    struct score_table_totals *totals = &scored->totals;

    totals->outliers += block->outliers;
    totals->unread_numbers += block->unread_numbers;
    totals->unknown_words += block->unknown_words;
    for (unsigned i = 0; i < block->count; i++) {
        const struct record *record = &block->records[i];
        uint64_t row = ++totals->rows;
        float score = block->scores[i];
        if (isnan(score)) {
            if (totals->unread < SCORE_TABLE_UNREAD) {
                totals->first_unread[totals->unread].row = row;
                totals->first_unread[totals->unread].cells = block->cells[i];
            }
            totals->unread++;
            continue;
        }
        count_score(totals, score, block->shares[i]);
        keep_label(totals, score, block->labels[i]);
        if (worst_rows_want(&scored->worst, score) &&
            !worst_rows_add(&scored->worst, row, score, block->text + record->at, record->size,
                            error))
            return false;
    }
    return true;
}

/* What the threads made of the batch, in order. */
static bool take_batch(struct score_table *scored, struct batch *batch, FILE *out,
                       struct error *error)
{
    bool done = true;

    for (unsigned i = 0; i < batch->filled; i++) {
        struct block *block = &batch->blocks[i];
        done = done && (!block->failed || no_room(error)) && count_block(scored, block, error);
        if (done && fwrite(block->out, 1, block->out_size, out) != block->out_size)
            done = error_set_errno(error, FAULT_STORE, errno, "cannot write the scores");
        free(block->out);
        block->out = NULL;
    }
    return done;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool batch_init(struct batch *batch, struct score_table *scored, unsigned threads,
                       struct error *error)
{
    *batch = (struct batch){.model = scored->model, .match = &scored->match};
    batch->blocks = calloc(BLOCKS, sizeof *batch->blocks);
    if (batch->blocks == NULL)
        return no_room(error);
    for (unsigned i = 0; i < threads; i++) {
        if (!table_row_create(&batch->rows[i], &scored->match, error))
            return false;
    }
    return true;
}

static void batch_finish(struct batch *batch)
{
    for (unsigned i = 0; i < WORK_MOST_THREADS; i++)
        table_row_destroy(batch->rows[i]);
    for (unsigned i = 0; batch->blocks != NULL && i < BLOCKS; i++)
        free(batch->blocks[i].text);
    free(batch->blocks);
}

static bool read_header(struct score_table *scored, struct csv_lines *lines, struct error *error)
{
    struct score_table_totals *totals = &scored->totals;
    char *text;
    size_t size;

    if (!csv_lines_next(lines, &text, &size, error))
        return false;
    if (text == NULL)
        return error_set(error, FAULT_MODEL, "%s is empty; it needs a header", lines->path);
    if (!table_match_init(&scored->match, scored->model, lines->path, text, size, error))
        return false;
    if (scored->match.label == TABLE_ROW_NO_CELL)
        return true;
    totals->scores = calloc(SCORE_TABLE_MEASURED, sizeof *totals->scores);
    totals->labels = calloc(SCORE_TABLE_MEASURED, sizeof *totals->labels);
    return (totals->scores != NULL && totals->labels != NULL) || no_room(error);
}

static bool score_lines(struct score_table *scored, struct csv_lines *lines, FILE *out,
                        unsigned threads, void (*progress)(int64_t rows), struct error *error)
{
    struct batch batch;
    bool ended = false;

    fputs("row,score,share_above,reasons\n", out);
    bool done = batch_init(&batch, scored, work_thread_count(threads), error);
    while (done && !ended) {
        done = fill_batch(&batch, lines, scored->totals.rows, &ended, error);
        if (!done)
            break;
        work_run(threads, batch.filled, score_block, &batch);
        done = take_batch(scored, &batch, out, error);
        if (progress != NULL)
            progress((int64_t)scored->totals.rows);
    }
    batch_finish(&batch);
    worst_rows_sort(&scored->worst);
    return done;
}

bool score_table_run(struct score_table *scored, const struct table_model *model, const char *input,
                     FILE *out, unsigned threads, void (*progress)(int64_t rows),
                     struct error *error)
{
    struct csv_lines lines;

    memset(scored, 0, sizeof *scored);
    scored->model = model;
    if (!csv_lines_open(&lines, input, error))
        return false;
    bool done = read_header(scored, &lines, error) &&
                score_lines(scored, &lines, out, threads, progress, error);
    csv_lines_close(&lines);
    return done;
}

void score_table_finish(struct score_table *scored)
{
    table_match_finish(&scored->match);
    worst_rows_finish(&scored->worst);
    free(scored->totals.scores);
    free(scored->totals.labels);
}

bool score_table_measure(const struct score_table *scored, struct table_measure *measure,
                         struct error *error)
{
    const struct score_table_totals *totals = &scored->totals;

    *measure = (struct table_measure){NAN, NAN, NAN};
    return totals->measured == 0 ||
           table_measure(measure, totals->scores, totals->labels, totals->measured, error);
}
