#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/ip_address.h"

static struct ip_address address_of(const char *text)
{
    struct ip_address address;
    if (!ip_parse(text, &address))
        fail_msg("\"%s\" was not parsed", text);
    return address;
}

static void canonical_text(void **state)
{
    (void)state;
    /* RFC 5952, sections 4 and 5 */
    static const char *const CASES[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:0db8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:DB8::ABCD", "2001:db8::abcd"},
        {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
        {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:0:1:0:0:0:0:0", "0:0:1::"},
        {"::1:2", "::1:2"},
        {"::0.1.0.0", "::1:0"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"::ffff:198.51.100.7", "198.51.100.7"},
        {"::FFFF:c633:6407", "198.51.100.7"},
        {"0:0:0:0:0:ffff:198.51.100.7", "198.51.100.7"},
        {"::ffff:0:198.51.100.7", "::ffff:0:c633:6407"},
        {"fe80::1%eth0", "fe80::1"},
        {"fe80::1%2", "fe80::1"},
        {"::ffff:198.51.100.7%lo", "198.51.100.7"},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        char text[IP_TEXT_BYTES];
        struct ip_address address = address_of(CASES[i][0]);
        assert_string_equal(ip_format(&address, text), CASES[i][1]);
        struct ip_address again = address_of(text);
        assert_true(ip_equal(&address, &again));
        assert_true(ip_key(&address) == ip_key(&again));
    }
}

static void a_mapped_record_is_written_as_mapped(void **state)
{
    (void)state;
    char text[IP_TEXT_BYTES];
    struct ip_address mapped = {.family = 6, .bytes = {[10] = 255, 255, 192, 0, 2, 1}};
    assert_string_equal(ip_format(&mapped, text), "::ffff:192.0.2.1");
}

static void what_is_no_address(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "",
        "UNKNOWN",
        "localhost",
        "example.com",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "0x1.2.3.4",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4\n",
        "1.2.3.4%eth0",
        "1:2:3",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "g::",
        "fe80::1%",
        "fe80::1%a%b",
        "%eth0",
        "fe80::1%a b",
        "[::1]",
        "::1]",
        "fe80::1%a/b",
        "1.2.3.4:22",
        "-1.2.3.4",
        "::1.2.3",
        "1:2:3:4:5:6:7:8:9",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
        "fe80::1%0123456789012345678901234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct ip_address address = {.family = 9};
        if (ip_parse(CASES[i], &address))
            fail_msg("\"%s\" was taken for an address", CASES[i]);
        assert_int_equal(address.family, 0);
    }
    struct ip_address address;
    assert_false(ip_parse(NULL, &address));
}

static void none_has_no_text_and_no_key(void **state)
{
    (void)state;
    char text[IP_TEXT_BYTES];
    struct ip_address none = {.family = 0};
    struct ip_address other = address_of("0.0.0.0");
    assert_string_equal(ip_format(&none, text), "");
    assert_true(ip_key(&none) == 0);
    assert_true(ip_key(&other) != 0);
    assert_true(ip_equal(&none, &none));
    assert_false(ip_equal(&none, &other));
    assert_true(ip_is_reserved(&none));
}

static void families_differ(void **state)
{
    (void)state;
    struct ip_address ipv4 = address_of("32.1.13.184");
    struct ip_address ipv6 = address_of("2001:db8::");
    assert_memory_equal(ipv4.bytes, ipv6.bytes, sizeof(ipv4.bytes));
    assert_false(ip_equal(&ipv4, &ipv6));
    assert_true(ip_key(&ipv4) != ip_key(&ipv6));
}

static void sockets_have_addresses(void **state)
{
    (void)state;
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(2222)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &ipv4.sin_addr), 1);
    struct ip_address address;
    struct ip_address expected = address_of("192.0.2.1");
    uint16_t port;
    assert_true(ip_from_sockaddr((struct sockaddr *)&ipv4, &address, &port));
    assert_true(ip_equal(&address, &expected));
    assert_int_equal(port, 2222);

    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &ipv6.sin6_addr), 1);
    assert_true(ip_from_sockaddr((struct sockaddr *)&ipv6, &address, &port));
    assert_true(ip_equal(&address, &expected));
    assert_int_equal(port, 65535);

    expected = address_of("2001:db8::7");
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &ipv6.sin6_addr), 1);
    assert_true(ip_from_sockaddr((struct sockaddr *)&ipv6, &address, &port));
    assert_true(ip_equal(&address, &expected));

    assert_false(ip_from_sockaddr((struct sockaddr *)&local, &address, &port));
    assert_int_equal(address.family, 0);
}

static void prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        unsigned bits;
        const char *prefix;
    } CASES[] = {
        {"198.51.100.255", 0, "0.0.0.0"},
        {"198.51.100.255", 32, "198.51.100.255"},
        {"198.51.100.255", 25, "198.51.100.128"},
        {"198.51.100.255", 99, "198.51.100.255"},
        {"198.51.100.255", 7, "198.0.0.0"},
        {"2001:db8:ffff:ffff::1", 33, "2001:db8:8000::"},
        {"2001:db8::1", 128, "2001:db8::1"},
        {"2001:db8::1", 127, "2001:db8::"},
        {"2001:db8::1", 0, "::"},
    };
    char text[IP_TEXT_BYTES];
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct ip_address address = address_of(CASES[i].address);
        struct ip_address prefix = ip_prefix(&address, CASES[i].bits);
        assert_string_equal(ip_format(&prefix, text), CASES[i].prefix);
    }
    struct ip_address ipv4 = address_of("203.0.114.9");
    struct ip_address ipv6 = address_of("2a00:1450:4001:82f::200e");
    struct ip_address none = {.family = 0};
    struct ip_address site = ip_site_prefix(&ipv4);
    assert_string_equal(ip_format(&site, text), "203.0.114.0");
    site = ip_site_prefix(&ipv6);
    assert_string_equal(ip_format(&site, text), "2a00:1450:4001::");
    site = ip_site_prefix(&none);
    assert_int_equal(site.family, 0);
}

static void reserved_ranges(void **state)
{
    (void)state;
    /* First and last address of every range, then the neighbours on both sides. */
    static const char *const RESERVED[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.255",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::ffff:10.1.2.3",
        "::",
        "::1",
        "::1.2.3.4",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "1fff::",
        "2001::1",
        "2001:2::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2001:db8:ffff::",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "4000::",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ffff::",
    };
    static const char *const PUBLIC[] = {
        "1.0.0.0",         "9.255.255.255",        "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",          "126.255.255.255",
        "128.0.0.0",       "169.253.255.255",      "169.255.0.0",
        "172.15.255.255",  "172.32.0.0",           "192.0.1.0",
        "192.0.3.0",       "192.88.98.255",        "192.88.100.0",
        "192.167.255.255", "192.169.0.0",          "198.17.255.255",
        "198.20.0.0",      "198.51.99.255",        "198.51.101.0",
        "203.0.112.255",   "203.0.114.0",          "223.255.255.255",
        "8.8.8.8",         "::ffff:8.8.8.8",       "2000::1",
        "2001:200::1",     "2001:4860:4860::8888", "2001:db7::1",
        "2001:db9::1",     "2002:808:808::1",      "2a00::1",
        "3ffe::1",         "3fff:1000::",
    };
    for (size_t i = 0; i < LENGTH(RESERVED); i++) {
        struct ip_address address = address_of(RESERVED[i]);
        if (!ip_is_reserved(&address))
            fail_msg("%s is reserved", RESERVED[i]);
    }
    for (size_t i = 0; i < LENGTH(PUBLIC); i++) {
        struct ip_address address = address_of(PUBLIC[i]);
        if (ip_is_reserved(&address))
            fail_msg("%s is not reserved", PUBLIC[i]);
    }
}

static void networks_contain(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool contains;
    } CASES[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"192.0.2.7/32", "::ffff:192.0.2.7", true},
        {"::ffff:192.0.2.0/120", "192.0.2.9", true},
        {"::ffff:0:0/96", "8.8.8.8", true},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:db8::1", true},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct error error = ERROR_NONE;
        struct ip_network network;
        if (!ip_network_parse(CASES[i].network, &network, &error))
            fail_msg("%s", error.text);
        struct ip_address address = address_of(CASES[i].address);
        if (ip_network_contains(&network, &address) != CASES[i].contains)
            fail_msg("%s in %s", CASES[i].address, CASES[i].network);
    }
    struct ip_network zero = {.prefix_bits = 0};
    struct ip_address none = {.family = 0};
    assert_false(ip_network_contains(&zero, &none));
}

static void what_is_no_network(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"", "is not a network"},
        {"office.example.com", "is not a network"},
        {"192.0.2/24", "is not a network"},
        {"fe80::%eth0/64", "is not a network"},
        {"/24", "is not a network"},
        {"192.0.2.0/", "a number from 0 to 32"},
        {"192.0.2.0/33", "a number from 0 to 32"},
        {"192.0.2.0/-1", "a number from 0 to 32"},
        {"192.0.2.0/024", "a number from 0 to 32"},
        {"192.0.2.0/24/8", "a number from 0 to 32"},
        {"192.0.2.0/255.255.255.0", "a number from 0 to 32"},
        {"192.0.2.0/4294967320", "a number from 0 to 32"},
        {"2001:db8::/129", "a number from 0 to 128"},
        {"192.0.2.1/24", "write 192.0.2.0/24 or 192.0.2.1"},
        {"2001:db8::1/32", "write 2001:db8::/32 or 2001:db8::1"},
        {"::ffff:192.0.2.1/120", "write 192.0.2.0/24 or 192.0.2.1"},
        {"::ffff:0:0/90", "write the IPv4 network"},
    };
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct error error = ERROR_NONE;
        struct ip_network network;
        if (ip_network_parse(CASES[i].text, &network, &error))
            fail_msg("\"%s\" was taken for a network", CASES[i].text);
        assert_contains(error.text, CASES[i].says);
        assert_int_equal(network.address.family, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(a_mapped_record_is_written_as_mapped),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(none_has_no_text_and_no_key),
        cmocka_unit_test(families_differ),
        cmocka_unit_test(sockets_have_addresses),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(reserved_ranges),
        cmocka_unit_test(networks_contain),
        cmocka_unit_test(what_is_no_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
