#include "unit.h"

#include <errno.h>

#include "common/error.h"

static void first_failure_stays(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(error_set(&error, FAULT_STORE, "store %d", 1));
    assert_false(error_set(&error, FAULT_GEO, "later"));
    assert_false(error_set_errno(&error, FAULT_GEO, ENOENT, "later"));
    assert_int_equal(error.fault, FAULT_STORE);
    assert_string_equal(error.text, "store 1");
}

static void a_failure_without_a_fault_stays_too(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(error_set(&error, FAULT_NONE, "wrong usage"));
    assert_false(error_set(&error, FAULT_GEO, "later"));
    assert_string_equal(error.text, "wrong usage");
}

static void control_bytes_never_get_in(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(error_set(&error, FAULT_CONFIG, "a\nb\033[2J\x7f\tc %s", "\r\x01z\xc3\xa9"));
    assert_string_equal(error.text, "a?b?[2J??c ??z\xc3\xa9");
}

static void long_text_is_cut(void **state)
{
    (void)state;
    char text[2 * ERROR_TEXT_BYTES];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct error error = ERROR_NONE;
    assert_false(error_set_errno(&error, FAULT_MODEL, ENOENT, "%s", text));
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
}

static void errno_is_described(void **state)
{
    (void)state;
    struct error error = ERROR_NONE;
    assert_false(error_set_errno(&error, FAULT_STORE, ENOENT, "cannot open %s", "/x"));
    assert_string_equal(error.text, "cannot open /x: No such file or directory");
    error = ERROR_NONE;
    assert_false(error_set_errno(&error, FAULT_STORE, 99999, "odd"));
    assert_string_equal(error.text, "odd: error number 99999");
}

static void no_record_is_allowed(void **state)
{
    (void)state;
    assert_false(error_set(NULL, FAULT_STORE, "x"));
    assert_false(error_set_errno(NULL, FAULT_STORE, EIO, "x"));
}

static void faults_have_names(void **state)
{
    (void)state;
    assert_string_equal(fault_name(FAULT_NONE), "none");
    assert_string_equal(fault_name(FAULT_STORE), "store");
    assert_string_equal(fault_name(FAULT_CRASH), "crash");
    assert_string_equal(fault_name(FAULT_COUNT), "unknown");
    assert_string_equal(fault_name((enum fault) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(a_failure_without_a_fault_stays_too),
        cmocka_unit_test(control_bytes_never_get_in),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(errno_is_described),
        cmocka_unit_test(no_record_is_allowed),
        cmocka_unit_test(faults_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
