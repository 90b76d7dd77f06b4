#include "tests/unit/scorer/sample.h"

static void test_names_read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METHOD_COUNT; i++)
        assert_int_equal(login_method_from_name(login_method_name(i)), i);
    assert_int_equal(login_method_from_name("telepathy"), METHOD_UNKNOWN);
    assert_string_equal(login_method_name((enum login_method)200), "unknown");
    assert_string_equal(login_stage_name(STAGE_OPENED), "opened");
    assert_string_equal(login_stage_name((enum login_stage)200), "unknown");
}

static void test_a_new_event_knows_nothing(void **state)
{
    (void)state;
    struct login_event event;
    login_event_init(&event);
    assert_int_equal(event.rtt_us, -1);
    assert_true(event.bytes_in == -1 && event.bytes_out == -1 && event.duration_s == -1);
    assert_false(place_has_coordinates(&event.place));
    assert_true(login_prefix_key(&event) == 0);
    assert_true(login_device_key(&event) == 0);
    assert_true(login_public_key_key(&event) == 0);
}

static void test_addresses_of_one_site_share_a_key(void **state)
{
    (void)state;
    struct login_event a = sample_login(), b = a, c = a;
    assert_true(ip_parse("8.8.8.200", &b.source));
    assert_true(ip_parse("8.8.9.8", &c.source));
    assert_true(login_prefix_key(&a) == login_prefix_key(&b));
    assert_true(login_prefix_key(&a) != login_prefix_key(&c));
    assert_true(ip_parse("2001:4860:4860::8888", &a.source));
    assert_true(ip_parse("2001:4860:4860:1::1", &b.source));
    assert_true(login_prefix_key(&a) == login_prefix_key(&b));
}

static bool survives(const struct login_event *event, struct login_event *back)
{
    uint8_t bytes[2048];
    struct byte_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    login_event_put(&writer, event);
    assert_false(writer.failed);
    struct byte_reader reader = {.at = bytes, .end = writer.at};
    login_event_get(&reader, back);
    return !reader.failed && reader.at == reader.end;
}

static void test_an_event_survives_its_codec(void **state)
{
    (void)state;
    struct login_event event = sample_login(), back;
    event.new_values = NEW_USER | 1;
    event.bytes_in = INT64_MAX;
    event.utc_offset_s = -5 * 3600;
    assert_true(survives(&event, &back));
    assert_memory_equal(&back.id, &event.id, sizeof event.id);
    assert_int_equal(back.stage, event.stage);
    assert_true(back.time_us == event.time_us);
    assert_int_equal(back.utc_offset_s, event.utc_offset_s);
    assert_int_equal(back.method, event.method);
    assert_string_equal(back.user, event.user);
    assert_string_equal(back.host, event.host);
    assert_string_equal(back.service, event.service);
    assert_true(ip_equal(&back.source, &event.source));
    assert_int_equal(back.source_port, event.source_port);
    assert_true(back.connection == event.connection);
    assert_memory_equal(&back.place, &event.place, sizeof event.place);
    assert_string_equal(back.device, event.device);
    assert_string_equal(back.key, event.key);
    assert_int_equal(back.rtt_us, event.rtt_us);
    assert_true(back.bytes_in == event.bytes_in && back.bytes_out == -1);
    assert_true(back.duration_s == -1 && back.learn);
    assert_int_equal(back.new_values, event.new_values);
}

#define INVALID_EVENTS                                                                             \
    INVALID(event.stage = STAGE_COUNT)                                                             \
    INVALID(event.method = METHOD_COUNT)                                                           \
    INVALID(event.user[0] = '\0')                                                                  \
    INVALID(event.time_us = -1)                                                                    \
    INVALID(event.time_us = LOGIN_TIME_MAX_US + 1)                                                 \
    INVALID(event.utc_offset_s = 90000)                                                            \
    INVALID(event.source.family = 5)                                                               \
    INVALID(event.source.bytes[9] = 1)                                                             \
    INVALID(event.place.latitude = 91)                                                             \
    INVALID(event.place.latitude = NAN)                                                            \
    INVALID(event.place.longitude = INFINITY)                                                      \
    INVALID(strcpy(event.place.country, "D"))                                                      \
    INVALID(strcpy(event.place.country, "de"))                                                     \
    INVALID(event.place.anonymous = 3)                                                             \
    INVALID(event.rtt_us = -2)                                                                     \
    INVALID(event.bytes_in = -2)                                                                   \
    INVALID(event.bytes_out = -2)                                                                  \
    INVALID(event.duration_s = -2)                                                                 \
    INVALID(event.new_values = 0x40)

static void test_an_invalid_event_is_not_read(void **state)
{
    (void)state;
    struct login_event back;
#define INVALID(change)                                                                            \
    {                                                                                              \
        struct login_event event = sample_login();                                                 \
        change;                                                                                    \
        if (survives(&event, &back))                                                               \
            fail_msg("read: %s", #change);                                                         \
    }
    INVALID_EVENTS
#undef INVALID
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_read_back),
        cmocka_unit_test(test_a_new_event_knows_nothing),
        cmocka_unit_test(test_addresses_of_one_site_share_a_key),
        cmocka_unit_test(test_an_event_survives_its_codec),
        cmocka_unit_test(test_an_invalid_event_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
