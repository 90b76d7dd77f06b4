/* Geolocation from the small databases that the build writes; their directory is the argument. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "store/geo.h"

static const char *databases;

static struct geo *open_files(const char *names)
{
    struct error error = ERROR_NONE;
    char paths[2048] = "", word[64];
    struct geo *geo;
    int used;

    while (sscanf(names, " %63s%n", word, &used) == 1) {
        snprintf(paths + strlen(paths), sizeof(paths) - strlen(paths), " %s/%s", databases, word);
        names += used;
    }
    ASSERT_DONE(geo_open(&geo, paths, &error));
    return geo;
}

static struct place locate(const struct geo *geo, const char *text)
{
    struct error error = ERROR_NONE;
    struct ip_address address;
    struct place place;

    assert_true(ip_parse(text, &address));
    ASSERT_DONE(geo_locate(geo, &address, &place, &error));
    return place;
}

static void assert_berlin(const struct place *place)
{
    assert_string_equal(place->country, "DE");
    assert_string_equal(place->city, "Berlin");
    assert_true(fabs((double)place->latitude - 52.5244) < 1e-3);
    assert_true(fabs((double)place->longitude - 13.4105) < 1e-3);
}

static void assert_nowhere(const struct place *place)
{
    assert_string_equal(place->country, "");
    assert_string_equal(place->city, "");
    assert_true(isnan(place->latitude) && isnan(place->longitude));
    assert_int_equal(place->asn, 0);
    assert_int_equal(place->anonymous, ANONYMOUS_UNKNOWN);
}

static void test_both_schemas(void **state)
{
    static const char *const FILES[] = {"city.mmdb", "city-flat.mmdb"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct geo *geo = open_files(FILES[i]);
        struct place place = locate(geo, "84.150.1.2");

        assert_berlin(&place);
        place = locate(geo, "2003:e0:1::5");
        assert_berlin(&place);
        place = locate(geo, "::ffff:84.150.1.2");
        assert_berlin(&place);
        place = locate(geo, "8.8.8.8");
        assert_string_equal(place.country, "US");
        assert_string_equal(place.city, "Mountain View");
        place = locate(geo, "1.1.1.1");
        assert_string_equal(place.country, "AU");
        assert_true(place.latitude < 0);
        geo_close(geo);
    }
}

static void test_files_are_merged(void **state)
{
    struct geo *geo = open_files("asn.mmdb anonymous.mmdb city-flat-ipv4.mmdb city.mmdb");
    struct place place = locate(geo, "185.220.101.7");
    char type[64];
    uint64_t epoch;

    (void)state;
    assert_int_equal(place.asn, 60729);
    assert_int_equal(place.anonymous, ANONYMOUS_YES);
    assert_string_equal(place.city, "Brandenburg an der Havel");
    place = locate(geo, "84.150.1.2");
    assert_berlin(&place);
    assert_int_equal(place.asn, 3320);
    assert_int_equal(place.anonymous, ANONYMOUS_UNKNOWN);
    place = locate(geo, "2003:e0::1"); /* not an error of the IPv4 file */
    assert_berlin(&place);
    geo_describe(geo, type, &epoch);
    assert_string_equal(type, "Test-ASN+Test-Anonymous-IP+Test-City-Flat-IPv4+Test-City");
    assert_true(epoch > 1500000000);
    geo_close(geo);
}

static void test_no_evidence(void **state)
{
    static const char *const ADDRESSES[] = {"127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.1.1",
                                            "::1",       "fe80::1",  "fd00::1",     "9.9.9.9"};
    struct geo *geo = open_files("city.mmdb asn.mmdb anonymous.mmdb");
    struct ip_address none = {.family = 0};
    struct error error = ERROR_NONE;
    struct place place;

    (void)state;
    for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); i++) {
        place = locate(geo, ADDRESSES[i]);
        assert_nowhere(&place);
    }
    ASSERT_DONE(geo_locate(geo, &none, &place, &error));
    assert_nowhere(&place);
    geo_close(geo);
    geo = open_files("city-flat-ipv4.mmdb");
    place = locate(geo, "2003:e0::1");
    assert_nowhere(&place);
    geo_close(geo);
}

static void test_long_city_is_cut_at_a_character(void **state)
{
    struct geo *geo = open_files("city.mmdb");
    struct place place = locate(geo, "202.74.38.9");
    size_t length = strlen(place.city);

    (void)state;
    assert_true(length < PLACE_CITY_BYTES && length > PLACE_CITY_BYTES - 4);
    /* Each Thai letter has three bytes: the last one is whole. */
    if ((unsigned char)place.city[length - 1] >= 0x80) {
        assert_true(((unsigned char)place.city[length - 3] & 0xf0) == 0xe0);
    }
    place = locate(geo, "177.32.0.1");
    assert_string_equal(place.city, "São Paulo");
    geo_close(geo);
}

static void test_missing_and_damaged_files(void **state)
{
    struct error error = ERROR_NONE;
    char path[FIXTURE_PATH_BYTES + 64];
    struct geo *geo;
    int fd;

    assert_false(geo_open(&geo, "/nonexistent/city.mmdb", &error));
    assert_null(geo);
    assert_int_equal(error.fault, FAULT_GEO);
    snprintf(path, sizeof(path), "%s/bad.mmdb", (const char *)*state);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "not a database", 14), 14);
    close(fd);
    error = ERROR_NONE;
    assert_false(geo_open(&geo, path, &error));
    assert_int_equal(error.fault, FAULT_GEO);
    assert_non_null(strstr(error.text, "damaged"));
}

static void test_none(void **state)
{
    struct error error = ERROR_NONE;
    struct place place;
    uint64_t epoch;
    char type[64];
    struct geo *geo;

    (void)state;
    ASSERT_DONE(geo_open(&geo, "none", &error));
    place = locate(geo, "8.8.8.8");
    assert_nowhere(&place);
    geo_describe(geo, type, &epoch);
    assert_string_equal(type, "");
    assert_int_equal(epoch, 0);
    geo_close(geo);
    geo_close(NULL);
}

/* Every byte of a database set to nonsense in turn: an answer or a sentence, nothing else. */
static void test_damaged_bytes_never_crash(void **state)
{
    static const char *const ADDRESSES[] = {"84.150.1.2", "2003:e0::1", "202.74.38.9"};
    char path[FIXTURE_PATH_BYTES + 64], copy[FIXTURE_PATH_BYTES + 64];
    uint8_t bytes[65536], byte;
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "%s/city.mmdb", databases);
    fd = open(path, O_RDONLY);
    size = read(fd, bytes, sizeof(bytes));
    close(fd);
    assert_true(size > 0 && size < (ssize_t)sizeof(bytes));
    snprintf(copy, sizeof(copy), "%s/copy.mmdb", (const char *)*state);
    fd = open(copy, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, bytes, (size_t)size), size);
    for (ssize_t at = 0; at < size; at += 3) {
        struct error error = ERROR_NONE;
        struct geo *geo;

        byte = (uint8_t)(bytes[at] ^ 0xff);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        if (geo_open(&geo, copy, &error)) {
            for (int i = 0; i < 3; i++) {
                struct ip_address address;
                struct place place;

                assert_true(ip_parse(ADDRESSES[i], &address));
                if (!geo_locate(geo, &address, &place, &error))
                    assert_int_equal(error.fault, FAULT_GEO);
                assert_non_null(memchr(place.city, '\0', sizeof(place.city)));
            }
            geo_close(geo);
        }
        assert_int_equal(pwrite(fd, &bytes[at], 1, at), 1);
    }
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_both_schemas),
        TEST(test_files_are_merged),
        TEST(test_no_evidence),
        TEST(test_long_city_is_cut_at_a_character),
        TEST(test_missing_and_damaged_files),
        TEST(test_none),
        TEST(test_damaged_bytes_never_crash),
    };

    if (argc != 2)
        return 2;
    databases = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
