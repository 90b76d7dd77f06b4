/* The words on the module's line, and the texts that PAM hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pam_module/module_args.h"
#include "pam_module/pam_items.h"

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

static void test_ssh_connection_is_taken_only_in_its_own_form(void **state)
{
    static const char *const wrong[] = {"",
                                        "84.150.1.1",
                                        "84.150.1.1 ",
                                        "84.150.1.1 22",
                                        "84.150.1.1 70000 10.0.0.1 22",
                                        "84.150.1.1 x 10.0.0.1 22",
                                        "host.example.com 40000 10.0.0.1 22",
                                        "UNKNOWN 65535 UNKNOWN 65535"};
    struct ip_address address;
    char text[IP_TEXT_BYTES];
    uint16_t port;

    (void)state;
    assert_true(pam_items_parse_connection("84.150.1.1 40000 10.0.0.1 22", &address, &port));
    assert_string_equal(ip_format(&address, text), "84.150.1.1");
    assert_int_equal(port, 40000);
    assert_true(pam_items_parse_connection("::ffff:84.150.1.1 1 ::1 22", &address, &port));
    assert_string_equal(ip_format(&address, text), "84.150.1.1");
    assert_true(pam_items_parse_connection("2003:e0::1 1 ::1 22", &address, &port));
    assert_string_equal(ip_format(&address, text), "2003:e0::1");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(pam_items_parse_connection(wrong[i], &address, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_argument_sets_its_field),
        cmocka_unit_test(test_a_wrong_argument_is_a_configuration_fault_that_names_it),
        cmocka_unit_test(test_a_wrong_argument_does_not_hide_the_others),
        cmocka_unit_test(test_ssh_connection_is_taken_only_in_its_own_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
