#include <errno.h>
#include <inttypes.h>

#include "trainer/score_table.h"

static bool read_worst(struct table_row *row, const struct worst_row *worst, struct error *error)
{
    return table_row_read(row, worst->record, worst->size) ||
           error_set_errno(error, FAULT_MODEL, ENOMEM, "no room for the rows that stand out");
}

bool score_table_print_worst(const struct score_table *scored, FILE *out, struct error *error)
{
    struct table_row *row;
    bool done = table_row_create(&row, &scored->match, error);

    fputs("row,score,share_above,reasons", out);
    table_match_print_names(&scored->match, out);
    fputc('\n', out);
    for (unsigned i = 0; done && i < scored->worst.count; i++) {
        const struct worst_row *worst = &scored->worst.at[i];
        double share = table_model_share_above(scored->model, worst->score);
        if (worst->record != NULL) {
            done = read_worst(row, worst, error);
            if (!done)
                break;
            table_row_print(row, worst->row, worst->score, share, true, out);
            table_row_print_cells(row, out);
        } else {
            fprintf(out, "%" PRIu64 ",%.9g,%.4g,its cells are too long to be shown", worst->row,
                    (double)worst->score, share);
            for (uint32_t cell = 0; cell < scored->match.cell_count; cell++)
                fputc(',', out);
        }
        fputc('\n', out);
    }
    table_row_destroy(row);
    return done;
}

static void write_row(const struct score_table *scored, const struct worst_row *worst,
                      struct table_row *row, struct json_writer *json)
{
    struct table_reason reasons[TABLE_ROW_REASONS];

    json_object_begin(json, NULL);
    json_integer(json, "row", (int64_t)worst->row);
    json_number(json, "score", (double)worst->score);
    json_number(json, "share_above", table_model_share_above(scored->model, worst->score));
    if (worst->record != NULL) {
        table_row_write_reasons(json, row, reasons, table_row_reasons(row, reasons));
        table_row_write_cells(json, row);
    } else {
        json_array_begin(json, "reasons");
        json_array_end(json);
        json_null(json, "cells");
    }
    json_object_end(json);
}

bool score_table_write_worst(const struct score_table *scored, unsigned most,
                             struct json_writer *json, struct error *error)
{
    struct table_row *row;
    bool done = table_row_create(&row, &scored->match, error);

    json_array_begin(json, "worst");
    for (unsigned i = 0; done && i < scored->worst.count && i < most; i++) {
        const struct worst_row *worst = &scored->worst.at[i];
        done = worst->record == NULL || read_worst(row, worst, error);
        if (done)
            write_row(scored, worst, row, json);
    }
    json_array_end(json);
    table_row_destroy(row);
    return done;
}
