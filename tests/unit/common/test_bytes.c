#include "unit.h"

#include <math.h>

#include "common/bytes.h"

static void everything_comes_back(void **state)
{
    (void)state;
    uint8_t buffer[128];
    struct byte_writer writer = {.at = buffer, .end = buffer + sizeof(buffer)};
    put_u8(&writer, 0xab);
    put_u16(&writer, 0x1234);
    put_u32(&writer, 0xdeadbeef);
    put_u64(&writer, UINT64_MAX - 1);
    put_i64(&writer, INT64_MIN);
    put_f32(&writer, -0.0f);
    put_f64(&writer, NAN);
    put_text(&writer, "");
    put_text(&writer, "läst");
    put_bytes(&writer, "xyz", 3);
    assert_false(writer.failed);

    struct byte_reader reader = {.at = buffer, .end = writer.at};
    char text[8];
    char raw[3];
    assert_int_equal(get_u8(&reader), 0xab);
    assert_int_equal(get_u16(&reader), 0x1234);
    assert_int_equal(get_u32(&reader), 0xdeadbeef);
    assert_true(get_u64(&reader) == UINT64_MAX - 1);
    assert_true(get_i64(&reader) == INT64_MIN);
    assert_true(signbit(get_f32(&reader)));
    assert_true(isnan(get_f64(&reader)));
    get_text(&reader, text, sizeof(text));
    assert_string_equal(text, "");
    get_text(&reader, text, sizeof(text));
    assert_string_equal(text, "läst");
    get_bytes(&reader, raw, 3);
    assert_memory_equal(raw, "xyz", 3);
    assert_false(reader.failed);
    assert_ptr_equal(reader.at, reader.end);
}

static void bytes_are_little_endian(void **state)
{
    (void)state;
    uint8_t buffer[7];
    struct byte_writer writer = {.at = buffer, .end = buffer + sizeof(buffer)};
    put_u32(&writer, 0x04030201);
    put_text(&writer, "A");
    const uint8_t expected[] = {1, 2, 3, 4, 1, 0, 'A'};
    assert_memory_equal(buffer, expected, sizeof(expected));
}

static void a_full_writer_stays_failed(void **state)
{
    (void)state;
    uint8_t buffer[3] = {9, 9, 9};
    struct byte_writer writer = {.at = buffer, .end = buffer + 3};
    put_u32(&writer, 1);
    assert_true(writer.failed);
    put_u8(&writer, 1);
    assert_int_equal(buffer[0], 9);
    assert_ptr_equal(writer.at, buffer);
}

static void too_long_a_text_is_not_written(void **state)
{
    (void)state;
    size_t size = (size_t)UINT16_MAX + 2;
    char *text = malloc(size);
    uint8_t *buffer = malloc(size + 16);
    assert_non_null(text);
    assert_non_null(buffer);
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
    struct byte_writer writer = {.at = buffer, .end = buffer + size + 16};
    put_text(&writer, text);
    assert_true(writer.failed);
    free(buffer);
    free(text);
}

static void an_exhausted_reader_gives_zeros(void **state)
{
    (void)state;
    const uint8_t buffer[] = {1, 2, 3};
    struct byte_reader reader = {.at = buffer, .end = buffer + 3};
    assert_int_equal(get_u32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(get_u8(&reader), 0);
    char raw[2] = {7, 7};
    get_bytes(&reader, raw, 2);
    assert_int_equal(raw[0], 0);
    char text[4] = "old";
    get_text(&reader, text, sizeof(text));
    assert_string_equal(text, "");
}

static void hostile_texts_fail(void **state)
{
    (void)state;
    const uint8_t beyond[] = {5, 0, 'a', 'b'};
    const uint8_t nul[] = {3, 0, 'a', 0, 'b'};
    const uint8_t fits_not[] = {4, 0, 'a', 'b', 'c', 'd'};
    const struct byte_reader readers[] = {{.at = beyond, .end = beyond + sizeof(beyond)},
                                          {.at = nul, .end = nul + sizeof(nul)},
                                          {.at = fits_not, .end = fits_not + sizeof(fits_not)}};
    for (size_t i = 0; i < LENGTH(readers); i++) {
        struct byte_reader reader = readers[i];
        char text[4] = "old";
        get_text(&reader, text, sizeof(text));
        assert_true(reader.failed);
        assert_string_equal(text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(bytes_are_little_endian),
        cmocka_unit_test(a_full_writer_stays_failed),
        cmocka_unit_test(too_long_a_text_is_not_written),
        cmocka_unit_test(an_exhausted_reader_gives_zeros),
        cmocka_unit_test(hostile_texts_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
