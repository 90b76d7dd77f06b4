#include "scorer/login_id.h"
#include "tests/unit/scorer/sample.h"

static void test_text_is_twenty_digits_and_reads_back(void **state)
{
    (void)state;
    char text[LOGIN_ID_TEXT_BYTES];
    struct login_id id = login_id_make(INT64_C(1772442000123456), UINT64_C(0x123456789abcdef));
    struct login_id back;
    assert_int_equal(strlen(login_id_format(&id, text)), 20);
    assert_true(login_id_parse(text, &back));
    assert_true(login_id_equal(&id, &back));
}

static void test_known_bits_have_known_digits(void **state)
{
    (void)state;
    char text[LOGIN_ID_TEXT_BYTES];
    struct login_id one = {.bytes = {[11] = 1}};
    assert_string_equal(login_id_format(&one, text), "00000000000000000001");
    struct login_id all;
    memset(all.bytes, 0xff, sizeof all.bytes);
    assert_string_equal(login_id_format(&all, text), "1zzzzzzzzzzzzzzzzzzz");
    assert_true(login_id_parse("1zzzzzzzzzzzzzzzzzzz", &one));
    assert_true(login_id_equal(&one, &all));
}

static void test_ids_sort_by_time(void **state)
{
    (void)state;
    char earlier[LOGIN_ID_TEXT_BYTES], later[LOGIN_ID_TEXT_BYTES];
    struct login_id a = login_id_make(INT64_C(1772442000000000), UINT64_MAX);
    struct login_id b = login_id_make(INT64_C(1772442000001000), 0);
    assert_true(strcmp(login_id_format(&a, earlier), login_id_format(&b, later)) < 0);
}

static void test_either_case_and_look_alikes_are_read(void **state)
{
    (void)state;
    struct login_id lower, upper;
    assert_true(login_id_parse("01a0b1c1d0e0f0000110", &lower));
    assert_true(login_id_parse("OIAOBLCLDOEOFOOOOILO", &upper));
    assert_true(login_id_equal(&lower, &upper));
}

static void test_other_text_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0000000000000000000",
        "000000000000000000000",
        "20000000000000000000",
        "0000000000000000000u",
        "00000000-00000000000",
        " 0000000000000000000",
    };
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct login_id id = {.bytes = {9}};
        assert_false(login_id_parse(wrong[i], &id));
        assert_true(login_id_is_none(&id));
    }
}

static void test_a_time_before_1970_counts_as_1970(void **state)
{
    (void)state;
    struct login_id id = login_id_make(-5, 0);
    assert_true(login_id_is_none(&id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_twenty_digits_and_reads_back),
        cmocka_unit_test(test_known_bits_have_known_digits),
        cmocka_unit_test(test_ids_sort_by_time),
        cmocka_unit_test(test_either_case_and_look_alikes_are_read),
        cmocka_unit_test(test_other_text_is_refused),
        cmocka_unit_test(test_a_time_before_1970_counts_as_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
