/* Whatever the number of rows and of ties, no bin holds much more than its share of them. */
#include <stdlib.h>

#include "tests/unit/common/unit.h"
#include "trainer/draw.h"
#include "trainer/table_bins.h"

static size_t most_in_a_bin(const float *values, size_t rows, unsigned *cuts)
{
    const float *columns[] = {values};
    const struct table_view view = {rows, 1, columns, 1};
    size_t counts[256] = {0}, most = 0;
    struct table_bins *bins = NULL;
    struct error error = ERROR_NONE;

    assert_true(table_bins_create(&bins, &view, 1, &error));
    for (size_t row = 0; row < rows; row++)
        counts[bins->bins[row]]++;
    for (unsigned bin = 0; bin < 256; bin++)
        most = counts[bin] > most ? counts[bin] : most;
    *cuts = bins->column[0].cut_count;
    table_bins_destroy(bins);
    return most;
}

static void test_distinct_values_are_parted_equally(void **state)
{
    const size_t ROWS[] = {2, 254, 255, 256, 300, 507, 509, 761, 1000, 4200, 100003};
    float *values = calloc(100003, sizeof *values);
    unsigned cuts;
    (void)state;

    assert_non_null(values);
    for (size_t i = 0; i < 100003; i++)
        values[i] = (float)i;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        size_t most = most_in_a_bin(values, ROWS[i], &cuts);
        if (most > ROWS[i] / (BIN_MOST_CUTS + 1) + 1)
            fail_msg("of %zu rows a bin holds %zu", ROWS[i], most);
        assert_int_equal(cuts, ROWS[i] <= BIN_MOST_CUTS ? ROWS[i] - 1 : BIN_MOST_CUTS);
    }
    free(values);
}

/* Half of the rows are 0; the others keep as many cuts as there is room for. */
static void test_ties_take_no_cuts_from_others(void **state)
{
    enum { TIED_ROWS = 10000 };
    static float values[TIED_ROWS];
    struct draw draw;
    unsigned cuts;
    (void)state;

    draw_seed(&draw, 1, 1);
    for (size_t i = TIED_ROWS / 2; i < TIED_ROWS; i++)
        values[i] = (float)draw_lognormal(&draw, 1, 2);
    assert_int_equal(most_in_a_bin(values, TIED_ROWS, &cuts), TIED_ROWS / 2);
    assert_int_equal(cuts, BIN_MOST_CUTS);
    for (size_t i = 0; i < TIED_ROWS / 2; i++)
        values[i] = values[TIED_ROWS - 1];
    assert_true(most_in_a_bin(values, TIED_ROWS, &cuts) <= TIED_ROWS / 2 + 100);
    assert_int_equal(cuts, BIN_MOST_CUTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distinct_values_are_parted_equally),
        cmocka_unit_test(test_ties_take_no_cuts_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
