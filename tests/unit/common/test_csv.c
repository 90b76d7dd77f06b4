#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

static char *cell(void (*write)(FILE *out, const char *text), const char *text)
{
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);

    assert_non_null(out);
    write(out, text);
    fclose(out);
    return written;
}

static void cells_are_quoted_where_they_must_be(void **state)
{
    static const char *const CASES[][2] = {{"", ""},
                                           {"root", "root"},
                                           {"a b", "a b"},
                                           {"a,b", "\"a,b\""},
                                           {"a\"b", "\"a\"\"b\""},
                                           {"a\nb", "\"a\nb\""},
                                           {"a\r", "\"a\r\""},
                                           {"=1", "=1"}};
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char *written = cell(csv_cell, CASES[i][0]);
        assert_string_equal(written, CASES[i][1]);
        free(written);
    }
}

static void formulas_are_guarded(void **state)
{
    static const char *const CASES[][2] = {
        {"=1+1", "'=1+1"},     {"+1", "'+1"},   {"-1", "'-1"},
        {"@sum", "'@sum"},     {"\tx", "'\tx"}, {"\rx", "\"'\rx\""},
        {"=a,b", "\"'=a,b\""}, {"'=1", "''=1"}, {"a=1", "a=1"},
        {"'a", "'a"},          {"", ""}};
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char *written = cell(csv_guarded_cell, CASES[i][0]);
        assert_string_equal(written, CASES[i][1]);
        free(written);
    }
}

static void a_guard_can_be_taken_away(void **state)
{
    static const char *const TEXTS[] = {"", "a", "=1", "'=1", "''@x", "'a", "'", "-1", "\tx"};
    (void)state;

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        char *written = cell(csv_guarded_cell, TEXTS[i]);
        assert_string_equal(csv_unguarded(written), TEXTS[i]);
        free(written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_quoted_where_they_must_be),
        cmocka_unit_test(formulas_are_guarded),
        cmocka_unit_test(a_guard_can_be_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
