#include "unit.h"

#include "common/json_reader.h"

#include <math.h>
#include <stdbool.h>

static struct json_value parse(const char *text)
{
    return json_parse(text, strlen(text));
}

static double number(const char *text, const char *name)
{
    return json_to_number(json_member(parse(text), name));
}

static void finds_members_and_elements(void **state)
{
    const char *text =
        " {\"a\": {\"b\": [1, -2.5e1, \"x\\\"]}\", [3], null]}, \"ab\" :7 , \"a\":9} ";
    struct json_value array = json_member(json_member(parse(text), "a"), "b");
    (void)state;
    assert_true(json_to_number(json_element(array, 0)) == 1);
    assert_true(json_to_number(json_element(array, 1)) == -25);
    assert_true(json_to_number(json_element(json_element(array, 3), 0)) == 3);
    assert_true(isnan(json_to_number(json_element(array, 4))));
    assert_null(json_element(array, 5).begin);
    assert_true(number(text, "ab") == 7);
    assert_null(json_member(parse(text), "b").begin);
    assert_null(json_member(array, "b").begin);
    assert_null(json_element(parse(text), 0).begin);
}

static void a_value_is_the_text_it_stands_in(void **state)
{
    struct json_value value = json_member(parse("{\"a\": [true, false]}"), "a");
    (void)state;
    assert_int_equal(value.end - value.begin, strlen("[true, false]"));
    assert_memory_equal(value.begin, "[true, false]", strlen("[true, false]"));
}

static void takes_what_is_json(void **state)
{
    static const char *const SOUND[] = {"0",       "-0.1E+3", "\"\\u00fc\\n\"", "[]",  "{}",
                                        "[[],{}]", "null",    "{\"\": 1}",      "1e9", " true "};
    (void)state;
    for (size_t i = 0; i < LENGTH(SOUND); i++) {
        if (parse(SOUND[i]).begin == NULL)
            fail_msg("%s is refused", SOUND[i]);
    }
}

/* Each text also in a buffer of its own, so that a sanitizer sees what is read behind its end. */
static void refuses_everything_else(void **state)
{
    static const char *const UNSOUND[] = {
        "",       " ",        "{",         "[1",        "[1,]",  "{\"a\"}", "{\"a\":}",
        "{a: 1}", "\"",       "\"\\x\"",   "\"\\u12\"", "01",    "-",       "1.",
        "1e",     "tru",      "nan",       "[1 2]",     "{} {}", "\"\n\"",  "{\"a\":1,}",
        "+1",     "infinity", "{\"a\" 1}", "\\",        "[1}",   "\"\\",    "\"\\u"};
    (void)state;
    for (size_t i = 0; i < LENGTH(UNSOUND); i++) {
        size_t size = strlen(UNSOUND[i]);
        char *copy = malloc(size + (size == 0));
        assert_non_null(copy);
        memcpy(copy, UNSOUND[i], size);
        if (json_parse(copy, size).begin != NULL)
            fail_msg("%s is taken", UNSOUND[i]);
        free(copy);
    }
}

static void refuses_what_nests_too_deep(void **state)
{
    char text[4 * JSON_MOST_DEPTH];
    (void)state;
    for (size_t depth = JSON_MOST_DEPTH; depth < JSON_MOST_DEPTH + 3; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        bool sound = json_parse(text, 2 * depth).begin != NULL;
        assert_int_equal(sound, depth <= JSON_MOST_DEPTH + 1);
    }
    memset(text, '[', sizeof text);
    assert_null(json_parse(text, sizeof text).begin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_members_and_elements),
        cmocka_unit_test(a_value_is_the_text_it_stands_in),
        cmocka_unit_test(takes_what_is_json),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(refuses_what_nests_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
