#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/table_model_file.h"
#include "trainer/csv_shown.h"
#include "trainer/output.h"
#include "trainer/score_command.h"
#include "trainer/score_table.h"

#define WORST_WRITTEN 50 /* of the rows that stand out, as JSON */

/* ---- totals for programs ---- */

static void write_unread(struct json_writer *json, const struct score_table_totals *totals)
{
    json_array_begin(json, "unread");
    for (uint64_t i = 0; i < totals->unread && i < SCORE_TABLE_UNREAD; i++) {
        json_object_begin(json, NULL);
        json_integer(json, "row", (int64_t)totals->first_unread[i].row);
        json_integer(json, "cells", totals->first_unread[i].cells);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_distribution(struct json_writer *json, const struct score_table_totals *totals)
{
    json_array_begin(json, "histogram");
    for (int i = 0; i < SCORE_TABLE_BINS; i++)
        json_integer(json, NULL, (int64_t)totals->bins[i]);
    json_array_end(json);
    json_array_begin(json, "tails");
    for (int i = 0; i < SCORE_TABLE_TAILS; i++) {
        json_object_begin(json, NULL);
        json_number(json, "share", SCORE_TABLE_TAIL_SHARES[i]);
        json_integer(json, "rows", (int64_t)totals->tails[i]);
        json_object_end(json);
    }
    json_array_end(json);
}

/* Members that tell what of the table was not as the model knows it. */
static void write_differences(struct json_writer *json, const struct score_table *scored)
{
    const struct score_table_totals *totals = &scored->totals;

    table_match_write(json, &scored->match);
    json_integer(json, "unread_rows", (int64_t)totals->unread);
    write_unread(json, totals);
    json_integer(json, "unread_numbers", (int64_t)totals->unread_numbers);
    json_integer(json, "unknown_words", (int64_t)totals->unknown_words);
}

static bool print_json(const struct score_table *scored, const struct table_measure *measure,
                       const char *path, double seconds, struct error *error)
{
    const struct table_model_header *header = scored->model->header;
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_integer(&json, "rows", (int64_t)scored->totals.rows);
    json_integer(&json, "outliers", (int64_t)scored->totals.outliers);
    write_differences(&json, scored);
    write_distribution(&json, &scored->totals);
    json_integer(&json, "labelled", scored->totals.measured);
    json_number(&json, "auc", measure->auc);
    json_number(&json, "average_precision", measure->average_precision);
    table_match_write_names(&json, &scored->match);
    if (!score_table_write_worst(scored, WORST_WRITTEN, &json, error))
        return false;
    json_text(&json, "learner", table_learner_name((enum table_learner_kind)header->learner));
    json_integer(&json, "trained_rows", (int64_t)header->trained_rows);
    json_time(&json, "trained", header->trained_us);
    json_text(&json, "model", path);
    json_number(&json, "seconds", seconds);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

/* ---- totals for people ---- */

static void note_differences(const struct command_line *line, const struct score_table *scored)
{
    const struct score_table_totals *totals = &scored->totals;
    unsigned missing = table_match_missing(&scored->match);

    for (uint32_t c = 0; missing > 0 && c < scored->model->header->column_count; c++) {
        if (scored->match.cell_of[c] != TABLE_ROW_NO_CELL)
            continue;
        const char *name = table_model_column_name(scored->model, c);
        char shown[CSV_SHOWN_BYTES];
        const struct csv_cell cell = {(char *)(uintptr_t)name, strlen(name), false};
        command_note(line, "%u of the model's %u columns are missing, the first is \"%s\"", missing,
                     scored->model->header->column_count, csv_shown(&cell, shown));
        break;
    }
    if (totals->unread > 0)
        command_note(line,
                     "%" PRIu64 " rows have another number of cells than the header, the first is "
                     "row %" PRIu64,
                     totals->unread, totals->first_unread[0].row);
    if (totals->unread_numbers > 0)
        command_note(line, "%" PRIu64 " cells are no numbers, as their columns' were: missing",
                     totals->unread_numbers);
}

static void print_totals(const struct score_table *scored, const struct table_measure *measure,
                         const char *path, double seconds)
{
    printf("%" PRIu64 " rows scored with %s in %.1f s: %" PRIu64 " stand out\n",
           scored->totals.rows, path, seconds, scored->totals.outliers);
    if (!isnan(measure->auc))
        printf("AUC %.4f, average precision %.4f on %" PRIu32 " rows with a label\n", measure->auc,
               measure->average_precision, scored->totals.measured);
}

/* ---- the command ---- */

static void show_progress(int64_t rows)
{
    command_progress("scoring rows", rows, 0);
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

static bool write_worst(const struct score_table *scored, const char *path, struct error *error)
{
    FILE *out = NULL;

    if (path == NULL)
        return true;
    if (!score_open_out(&out, path, error))
        return false;
    bool done = score_table_print_worst(scored, out, error);
    return score_close_out(out, path, error) && done;
}

static bool tell(const struct command_line *line, const struct score_table *scored, double seconds,
                 struct error *error)
{
    const struct score_values *values = line->values;
    struct table_measure measure;

    if (!score_table_measure(scored, &measure, error) || !write_worst(scored, values->worst, error))
        return false;
    note_differences(line, scored);
    if (line->json)
        return print_json(scored, &measure, values->model, seconds, error);
    if (values->out != NULL)
        print_totals(scored, &measure, values->model, seconds);
    return true;
}

static bool spares_inputs(const struct score_values *values, const char *input, struct error *error)
{
    return output_spares(values->out, input, error) &&
           output_spares(values->out, values->model, error) &&
           output_spares(values->worst, input, error) &&
           output_spares(values->worst, values->model, error);
}

static bool score_input(const struct command_line *line, const struct table_model *model,
                        struct error *error)
{
    const struct score_values *values = line->values;
    const char *input = line->operands[0];
    int64_t began_us = clock_monotonic_us();
    struct score_table scored;
    FILE *out = NULL;

    if (!spares_inputs(values, input, error) || !score_open_out(&out, values->out, error))
        return false;
    bool done = score_table_run(&scored, model, input, out, processors(), show_progress, error);
    done &= score_close_out(out, values->out, error);
    command_progress_end();
    double seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    done = done && tell(line, &scored, seconds, error);
    score_table_finish(&scored);
    return done;
}

int score_table_command(const struct command_line *line)
{
    const struct score_values *values = line->values;
    struct error error = ERROR_NONE;
    struct table_model_file file;

    if (command_option_given(line, "year"))
        return command_misused(line, "--year is of no use to a table");
    if (line->json && values->out == NULL)
        return command_misused(line, SCORE_JSON_NEEDS_OUT);
    if (values->out != NULL && values->worst != NULL && strcmp(values->out, values->worst) == 0)
        return command_misused(line, "--out and --worst name the same file");
    if (values->model == NULL)
        return command_misused(line, "--format table needs --model FILE, which anomaly-trainer "
                                     "table --save makes");
    if (!table_model_file_read(&file, values->model, &error))
        return command_fail(line, &error);
    bool done = score_input(line, &file.model, &error);
    table_model_file_close(&file);
    return done ? command_finish_output(line) : command_fail(line, &error);
}
