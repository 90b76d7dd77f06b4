#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "common/json_writer.h"
#include "common/utf8.h"

static void knows_well_formed_sequences(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } CASES[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},             /* begins with what continues */
        {"\xc1\xbf", 0},         /* longer than it need be */
        {"\xe0\x9f\xbf", 0},     /* the same */
        {"\xf0\x8f\xbf\xbf", 0}, /* the same */
        {"\xed\xa0\x80", 0},     /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xc3", 0}, /* cut short */
        {"\xe2\x82", 0},
        {"\xc3z", 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        assert_int_equal(utf8_length(CASES[i].text, strlen(CASES[i].text)), CASES[i].length);
    assert_int_equal(utf8_length("", 0), 0);
    assert_int_equal(utf8_code_point("\xe2\x82\xac", 3), 0x20ac);
    assert_int_equal(utf8_code_point("\xf0\x9f\x98\x80", 4), 0x1f600);
}

static void shows_what_steers_nothing(void **state)
{
    static const char *const CASES[][2] = {
        {"Jürgen Ωμέγα 山 😀", "Jürgen Ωμέγα 山 😀"},
        {"a\x1b[31m\x07\n\tb\x7f", "a?[31m???b?"},
        {"\xc2\x9b"
         "31m", /* a control sequence's beginning in one character */
         "??31m"},
        {"\xc2\xa0", "\xc2\xa0"},
        {"a\xe2\x80\xae"
         "b\xe2\x81\xa6\xe2\x80\xa8", /* right to left, isolated, another line */
         "a???b??????"},
        {"\xff\xfe\xc3", "???"},
    };
    char text[64];
    (void)state;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        snprintf(text, sizeof text, "%s", CASES[i][0]);
        utf8_show(text, strlen(text));
        assert_string_equal(text, CASES[i][1]);
    }
    memcpy(text, "a\0b", 4);
    utf8_show(text, 3);
    assert_string_equal(text, "a?b");
}

static void json_escapes_it(void **state)
{
    char text[128] = "";
    struct error error = ERROR_NONE;
    FILE *out = fmemopen(text, sizeof text, "w");
    (void)state;

    assert_non_null(out);
    struct json_writer json = json_writer_to(out);
    json_text(&json, NULL, "\x1b\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9\xff\"");
    assert_true(json_writer_end(&json, &error));
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "\"\\u001b\\u007f\\u009b\\u202e\xc3\xa9\\ufffd\\\"\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_well_formed_sequences),
        cmocka_unit_test(shows_what_steers_nothing),
        cmocka_unit_test(json_escapes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
