/* The words on the module's line. */
#include "unit.h"

#include "common/module_args.h"

static bool parse(const char *argument, struct module_args *args, struct error *error)
{
    *error = ERROR_NONE;
    return module_args_parse(args, 1, &argument, error);
}

static void test_each_argument_sets_its_field(void **state)
{
    struct module_args args;
    struct error error = ERROR_NONE;

    (void)state;
    assert_true(module_args_parse(&args, 0, NULL, &error));
    assert_string_equal(args.conf, CONFIG_DEFAULT_PATH);
    assert_int_equal(args.on_fault_config, ON_FAULT_INHERIT);
    assert_false(args.step_up);
    assert_true(parse("conf=/a", &args, &error));
    assert_string_equal(args.conf, "/a");
    assert_true(parse("step_up", &args, &error));
    assert_true(args.step_up);
    assert_true(parse("on_fault_config=step_up", &args, &error));
    assert_int_equal(args.on_fault_config, ON_FAULT_STEP_UP);
    assert_true(parse("on_fault_config=deny", &args, &error));
    assert_int_equal(args.on_fault_config, ON_FAULT_DENY);
    assert_true(parse("on_fault_config=allow", &args, &error));
    assert_int_equal(args.on_fault_config, ON_FAULT_ALLOW);
}

static void test_a_wrong_argument_is_a_configuration_fault_that_names_it(void **state)
{
    static const char *const wrong[] = {"conf=relative", "worker=/b", "on_fault_config=maybe",
                                        "debug"};
    struct module_args args;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(parse(wrong[i], &args, &error));
        assert_int_equal(error.fault, FAULT_CONFIG);
        assert_non_null(strstr(error.text, wrong[i]));
    }
}

static void test_a_wrong_argument_does_not_hide_the_others(void **state)
{
    const char *arguments[] = {"debug", "step_up", "conf=/a"};
    struct module_args args;
    struct error error = ERROR_NONE;

    (void)state;
    assert_false(module_args_parse(&args, 3, arguments, &error));
    assert_true(args.step_up);
    assert_string_equal(args.conf, "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_argument_sets_its_field),
        cmocka_unit_test(test_a_wrong_argument_is_a_configuration_fault_that_names_it),
        cmocka_unit_test(test_a_wrong_argument_does_not_hide_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
