/* The texts that PAM hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pam_module/pam_items.h"

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
        cmocka_unit_test(test_ssh_connection_is_taken_only_in_its_own_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
