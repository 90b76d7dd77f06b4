/* Rows of a table as a model of tables judges them: what is printed of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/table_row.h"

#define COLUMNS    5
#define NAME_BYTES 131

/* Terms as large as a model may have, of columns with long names; together they are nothing. */
static void make_model(struct table_model *model, void **bytes)
{
    static char names[COLUMNS][NAME_BYTES];
    const double coefficients[COLUMNS] = {1e9, 1e9, 1e9, -1e9, 1};
    struct table_fact_column columns[COLUMNS] = {0};
    struct table_model_term terms[COLUMNS] = {0};
    const struct table_model_step step = {0, 1};
    const struct table_model_facts facts = {.learner = TABLE_LOGISTIC,
                                            .columns = columns,
                                            .column_count = COLUMNS,
                                            .label = "label",
                                            .label_words = {"0", "1"},
                                            .terms = terms,
                                            .term_count = COLUMNS,
                                            .steps = &step,
                                            .step_count = 1,
                                            .auc = NAN,
                                            .average_precision = NAN,
                                            .trained_us = 1,
                                            .trained_rows = 1};
    struct error error = ERROR_NONE;
    size_t size;

    for (unsigned i = 0; i < COLUMNS; i++) {
        memset(names[i], 'a' + (int)i, NAME_BYTES - 1);
        columns[i] =
            (struct table_fact_column){.name = names[i], .kind = TABLE_NUMBERS, .unknown = NAN};
        terms[i] = (struct table_model_term){i, -1, coefficients[i], 0, i < 4 ? 1e-60 : 1};
    }
    if (!table_model_build(&facts, bytes, &size, &error) ||
        !table_model_open(model, *bytes, size, &error))
        fail_msg("%s", error.text);
}

static char *header_of(const struct table_model *model)
{
    static char header[COLUMNS * NAME_BYTES + 1];

    header[0] = '\0';
    for (uint32_t c = 0; c < COLUMNS; c++) {
        strcat(header, c > 0 ? "," : "");
        strcat(header, table_model_column_name(model, c));
    }
    return header;
}

static void reasons_of_any_share_are_told_whole(void **state)
{
    char record[COLUMNS * 256] = "", printed[4096] = "";
    const int exponents[COLUMNS] = {124, 124, 125, 126, 0};
    struct error error = ERROR_NONE;
    struct table_model model;
    struct table_match match;
    struct table_row *row;
    void *bytes;
    (void)state;

    make_model(&model, &bytes);
    const char *header = header_of(&model);
    assert_true(table_match_init(&match, &model, "table", header, strlen(header), &error));
    assert_true(table_row_create(&row, &match, &error));
    for (int i = 0; i < COLUMNS; i++)
        snprintf(record + strlen(record), sizeof record - strlen(record), "%s%.0f.%0100d",
                 i > 0 ? "," : "", ldexp(1, exponents[i]), 0);
    assert_true(table_row_read(row, record, strlen(record)));
    FILE *out = fmemopen(printed, sizeof printed, "w");
    assert_non_null(out);
    table_row_print(row, 1, 0.5F, 0.5, true, out);
    assert_int_equal(fclose(out), 0);

    unsigned told = 0;
    for (const char *at = printed; (at = strchr(at, '(')) != NULL; at++) {
        char *end;
        assert_true(strtod(at + 1, &end) > 0);
        assert_true(strncmp(end, "; ", 2) == 0 || strncmp(end, ")", 1) == 0);
        told++;
    }
    assert_true(told >= 1 && told <= TABLE_ROW_REASONS);
    assert_int_equal(printed[strlen(printed) - 1], ')');
    table_row_destroy(row);
    table_match_finish(&match);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_of_any_share_are_told_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
