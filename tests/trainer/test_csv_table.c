/* CSV tables: what is read, and how each mistake is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trainer/csv_lines.h"
#include "trainer/csv_table.h"
#include "trainer/draw.h"
#include "trainer/table_measure.h"

static char path[] = "/tmp/test_csv_table-XXXXXX";

static void write_bytes(const char *bytes, size_t size)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static void write_file(const char *text)
{
    write_bytes(text, strlen(text));
}

static void read_text(struct csv_table *table, const char *text, const struct csv_table *like)
{
    struct error error = ERROR_NONE;
    write_file(text);
    if (!csv_table_read(table, path, &(struct csv_table_plan){.label = "label", .like = like},
                        &error))
        fail_msg("%s", error.text);
}

/* What the file holds is refused with a sentence that has these words. */
static void refuses_file(const struct csv_table *like, const char *sentence)
{
    struct error error = ERROR_NONE;
    struct csv_table table;
    assert_false(csv_table_read(&table, path,
                                &(struct csv_table_plan){.label = "label", .like = like}, &error));
    if (strstr(error.text, sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, sentence);
    assert_null(strpbrk(error.text, "\n\r\t\x1b"));
}

static void refuses(const char *text, const struct csv_table *like, const char *sentence)
{
    write_file(text);
    refuses_file(like, sentence);
}

static void reads_numbers_words_and_missing_cells(void **state)
{
    struct csv_table table;
    (void)state;

    read_text(&table,
              "a,label,\"b,c\",d\r\n"
              "1.5,0,red,\r\n"
              "\r\n"
              ",1,\"blue \"\"sky\"\"\nand sea\",-2e3\r\n"
              "-0.25,0,red,7",
              NULL);
    assert_int_equal(table.rows, 3);
    assert_int_equal(table.columns, 3);
    assert_string_equal(table.column[1].name, "b,c");
    assert_float_equal(table.column[0].values[0], 1.5, 0);
    assert_true(isnan(table.column[0].values[1]));
    assert_float_equal(table.column[0].values[2], -0.25, 0);
    assert_int_equal(table.column[1].kind, CSV_WORDS);
    assert_float_equal(table.column[1].values[1], 1, 0);
    assert_float_equal(table.column[1].values[2], 0, 0);
    assert_string_equal(words_text(&table.column[1].words, 1), "blue \"sky\"\nand sea");
    assert_true(isnan(table.column[2].values[0]));
    assert_float_equal(table.column[2].values[1], -2000, 0);
    assert_memory_equal(table.labels, ((uint8_t[]){0, 1, 0}), 3);
    csv_table_finish(&table);
}

static void orders_the_labels(void **state)
{
    static const struct {
        const char *text, *positive;
    } CASES[] = {
        {"x,label\n1,1\n2,0\n", "1"},
        {"x,label\n1,attack\n2,legitimate\n", "attack"},
        {"x,label\n1,Normal\n2,Anomaly\n", "Anomaly"},
        {"x,label\n1,yes\n2,no\n", "yes"},
    };
    struct csv_table table;
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        read_text(&table, CASES[i].text, NULL);
        assert_string_equal(table.label_words[1], CASES[i].positive);
        for (unsigned row = 0; row < 2; row++) {
            const char *word = table.label_words[table.labels[row]];
            assert_non_null(strstr(CASES[i].text, word));
        }
        csv_table_finish(&table);
    }
}

static void reads_another_table_by_name_and_words(void **state)
{
    struct csv_table train, test;
    (void)state;

    read_text(&train, "a,colour,label\n1,red,0\n2,blue,1\n", NULL);
    read_text(&test, "label,note,colour,a\n1,x,blue,4\n0,y,green,5\n0,z,red,\n", &train);
    assert_int_equal(test.columns, 2);
    assert_float_equal(test.column[0].values[1], 5, 0);
    assert_float_equal(test.column[1].values[0], 1, 0);
    assert_float_equal(test.column[1].values[1], CSV_UNKNOWN_WORD, 0); /* green */
    assert_memory_equal(test.labels, ((uint8_t[]){1, 0, 0}), 3);
    csv_table_finish(&test);
    refuses("label,a\n1,2\n", &train, "lacks the column \"colour\"");
    refuses("a,colour,label\n1,red,2\n", &train, "labels rows \"2\"");
    refuses("a,colour,label\nfast,red,1\n", &train, "line 2 column \"a\": \"fast\"");
    csv_table_finish(&train);
}

static void names_mistakes(void **state)
{
    (void)state;
    refuses("", NULL, "is empty");
    refuses("a,label\n", NULL, "no rows");
    refuses("a,b\n1,2\n", NULL, "no column \"label\"");
    refuses("label\n1\n0\n", NULL, "no column but the label");
    refuses("a,a,label\n1,2,0\n", NULL, "two columns \"a\"");
    refuses("a,label\n1,0\n2,1,3\n", NULL, "line 3 has 3 cells, the header has 2");
    refuses("a,label\n1,0\n\n\"2\n3\",1\n", NULL, "line 4 column \"a\"");
    refuses("a,label\n1,0\n12x,1\n", NULL, "line 3 column \"a\": \"12x\" is not a number");
    refuses("a,label\n1,0\n2,\n", NULL, "line 3 column \"label\": \"\" is no label");
    refuses("a,label\n1,0\n2,1\n3,2\n", NULL, "line 4 column \"label\": \"2\" is a third label");
    refuses("a,label\n1,0\n2,0\n", NULL, "only one label");
    refuses("\n\r\n\n", NULL, "is empty");
    refuses("a,b,label\n1,2,0\n3,1\n", NULL, "line 3 has 2 cells, the header has 3");
    refuses("a,label\n1,0\nx\033[31m\n,1\n", NULL, "line 3 has 1 cell,");
    refuses("a,label\n1,0\nx\033[31m,1\n", NULL, "line 3 column \"a\": \"x?[31m\" is not a number");
}

static void names_broken_quotes(void **state)
{
    (void)state;
    refuses("a,label\n1,0\n\"2,1\n3,1\n", NULL, "line 3 opens a quote that is never closed");
    refuses("a,label\nx,0\n\"y\"z,1\n", NULL, "line 3 column \"a\": \"y\" is quoted and goes on");
    refuses("a,label\nx,0\ny,\"1\" \n", NULL, "line 3 column \"label\": \"1\" is quoted");
    refuses("\"a\"b,label\n1,0\n", NULL, "the name of column 1 goes on");
}

static void names_numbers_without_end(void **state)
{
    static const char *const ENDLESS[] = {"inf", "-Infinity", "1e39", "-1e999"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof ENDLESS / sizeof ENDLESS[0]; i++) {
        snprintf(text, sizeof text, "a,label\n1,0\n%s,1\n", ENDLESS[i]);
        refuses(text, NULL, "line 3 column \"a\"");
        refuses(text, NULL, "is no finite number");
        snprintf(text, sizeof text, "a,label\n%s,0\n1,1\n", ENDLESS[i]);
        refuses(text, NULL, "line 2 column \"a\"");
    }
}

/* Noise with a label's name in front, so that it gets as far as it can. */
static void names_what_is_no_text(void **state)
{
    static const char NUL[] = "a,label\n1,0\n\0,1\n";
    static char noise[1 << 16], huge[(size_t)18 << 20];
    struct draw draw;
    (void)state;

    write_bytes(NUL, sizeof NUL - 1);
    refuses_file(NULL, "line 3 has a NUL byte");
    draw_seed(&draw, 3, 1);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)draw_below(&draw, 256);
    memcpy(noise, "a,label\n", 8);
    write_bytes(noise, sizeof noise);
    refuses_file(NULL, " line ");
    memset(huge, 'x', sizeof huge);
    memcpy(huge, "a,label\n1,0\n", 12);
    write_bytes(huge, sizeof huge);
    refuses_file(NULL, "line 3 is longer than 16777216 bytes");
    refuses("a,label", NULL, "no rows");
    struct error error = ERROR_NONE;
    struct csv_table table;
    assert_false(csv_table_read(&table, "/nowhere/table.csv",
                                &(struct csv_table_plan){.label = "label"}, &error));
    assert_non_null(strstr(error.text, "cannot open /nowhere/table.csv"));
    error = ERROR_NONE;
    assert_false(
        csv_table_read(&table, "/tmp", &(struct csv_table_plan){.label = "label"}, &error));
    assert_non_null(strstr(error.text, "cannot read /tmp"));
}

/* As editors and other programs write it: a byte order mark, blanks, quotes within, NaN. */
static void reads_what_others_write(void **state)
{
    static char text[(size_t)3 << 20];
    struct csv_table table;
    (void)state;

    read_text(&table,
              "\xef\xbb\xbf"
              "a, pipe ,label\r\nnan, 5\" wide ,0\r\n 2 ,7\",1\r\nNaN,\"5\"\" wide\", 0\r\n",
              NULL);
    assert_string_equal(table.column[0].name, "a");
    assert_string_equal(table.column[1].name, "pipe");
    assert_int_equal(table.column[0].kind, CSV_NUMBERS);
    assert_true(isnan(table.column[0].values[0]) && isnan(table.column[0].values[2]));
    assert_float_equal(table.column[0].values[1], 2, 0);
    assert_string_equal(words_text(&table.column[1].words, 0), "5\" wide");
    assert_float_equal(table.column[1].values[2], 0, 0);
    uint32_t *counts = csv_column_word_counts(&table.column[1], table.rows);
    assert_non_null(counts);
    assert_memory_equal(counts, ((uint32_t[]){2, 1}), 2 * sizeof *counts);
    free(counts);
    csv_table_finish(&table);

    /* A cell longer than the pieces that are read, with line ends and commas in it. */
    size_t head = (size_t)snprintf(text, sizeof text, "a,label\nx,0\n\"");
    memset(text + head, '\n', sizeof text - head);
    memset(text + head + 100, ',', 1000000);
    strcpy(text + sizeof text - 32, "\",1\nz,1\n");
    read_text(&table, text, NULL);
    assert_int_equal(table.rows, 3);
    assert_int_equal(strlen(words_text(&table.column[0].words, 1)), sizeof text - 32 - head);
    csv_table_finish(&table);
}

/* A column without a cell tells nothing, whatever another table has in it. */
static void leaves_an_empty_column_empty(void **state)
{
    struct csv_table train, test;
    (void)state;
    read_text(&train, "a,b,label\n1,,0\n2,,1\n", NULL);
    read_text(&test, "a,b,label\n1,3,0\n2,red,1\n", &train);
    assert_int_equal(train.column[1].kind, CSV_UNDECIDED);
    assert_true(isnan(test.column[1].values[0]) && isnan(test.column[1].values[1]));
    csv_table_finish(&test);
    csv_table_finish(&train);
}

/* Whatever way a number is written, it is read as strtod() reads it. */
static void reads_numbers_as_strtod_does(void **state)
{
    static const char *const FORMATS[] = {"%.6g", "%.17g", "%.3f", "%.0f", "%e", "%.12f", "+%g"};
    struct draw draw;
    char text[400];
    float value;
    (void)state;

    draw_seed(&draw, 1, 1);
    for (unsigned i = 0; i < 20000; i++) {
        double number = draw_normal(&draw, 0, 1) * pow(10, draw_between(&draw, -12, 12));
        if (i % 7 == 6)
            number = fabs(number);
            /* the format is one of the constants above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int size = snprintf(text, sizeof text, FORMATS[i % 7], number);
#pragma GCC diagnostic pop
        const struct csv_cell cell = {.text = text, .size = (size_t)size};
        assert_true(csv_number(&cell, &value));
        float expected = (float)strtod(text, NULL);
        if (memcmp(&expected, &value, sizeof value) != 0)
            fail_msg("%s is read as %.9g", text, (double)value);
    }
    static const char *const BAD[] = {"", "-", ".", "1.2.3", " 1", "1 ", "0x", "1e", "--1", "one"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        strcpy(text, BAD[i]);
        assert_false(csv_number(&(struct csv_cell){.text = text, .size = strlen(text)}, &value));
    }
}

/*
 * Scores .9 .8 .8 .3 .1, labels 1 0 1 0 1. Pairs in order: .9 beats both, .8 ties one and beats
 * one, .1 none: 3.5 of 6. Precision at each recall: 1/3 + 1/3 * 2/3 + 1/3 * 3/5.
 */
static void measures(void **state)
{
    const float scores[] = {0.3F, 0.8F, NAN, 0.9F, 0.8F, 0.1F};
    const uint8_t labels[] = {0, 0, 1, 1, 1, 1};
    struct table_measure measure;
    struct error error = ERROR_NONE;
    (void)state;

    assert_true(table_measure(&measure, scores, labels, 6, &error));
    assert_true(fabs(measure.auc - (3.5 / 6)) < 1e-12);
    assert_true(fabs(measure.average_precision - (1 / 3.0 + 2 / 9.0 + 1 / 5.0)) < 1e-12);
    double loss = -(log(0.7) + log(0.2) + log(0.9) + log(0.8) + log(0.1)) / 5;
    assert_true(fabs(measure.logloss - (loss)) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers_words_and_missing_cells),
        cmocka_unit_test(orders_the_labels),
        cmocka_unit_test(reads_another_table_by_name_and_words),
        cmocka_unit_test(names_mistakes),
        cmocka_unit_test(names_broken_quotes),
        cmocka_unit_test(names_numbers_without_end),
        cmocka_unit_test(names_what_is_no_text),
        cmocka_unit_test(reads_what_others_write),
        cmocka_unit_test(leaves_an_empty_column_empty),
        cmocka_unit_test(reads_numbers_as_strtod_does),
        cmocka_unit_test(measures),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
