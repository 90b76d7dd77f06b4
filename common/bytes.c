#include "common/bytes.h"

#include <string.h>

static bool writer_has_room(struct byte_writer *writer, size_t size)
{
    if (writer->failed || (size_t)(writer->end - writer->at) < size) {
        writer->failed = true;
        return false;
    }
    return true;
}

static bool reader_has(struct byte_reader *reader, size_t size)
{
    if (reader->failed || (size_t)(reader->end - reader->at) < size) {
        reader->failed = true;
        return false;
    }
    return true;
}

static void put_little_endian(struct byte_writer *writer, uint64_t value, unsigned size)
{
    if (!writer_has_room(writer, size))
        return;
    for (unsigned i = 0; i < size; i++)
        writer->at[i] = (uint8_t)(value >> (8 * i));
    writer->at += size;
}

static uint64_t get_little_endian(struct byte_reader *reader, unsigned size)
{
    if (!reader_has(reader, size))
        return 0;
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += size;
    return value;
}

void put_u8(struct byte_writer *writer, uint8_t value)
{
    put_little_endian(writer, value, 1);
}

void put_u16(struct byte_writer *writer, uint16_t value)
{
    put_little_endian(writer, value, 2);
}

void put_u32(struct byte_writer *writer, uint32_t value)
{
    put_little_endian(writer, value, 4);
}

void put_u64(struct byte_writer *writer, uint64_t value)
{
    put_little_endian(writer, value, 8);
}

void put_i64(struct byte_writer *writer, int64_t value)
{
    put_little_endian(writer, (uint64_t)value, 8);
}

void put_f32(struct byte_writer *writer, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_u32(writer, bits);
}

void put_f64(struct byte_writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_u64(writer, bits);
}

void put_bytes(struct byte_writer *writer, const void *bytes, size_t size)
{
    if (!writer_has_room(writer, size) || size == 0)
        return;
    memcpy(writer->at, bytes, size);
    writer->at += size;
}

void put_text(struct byte_writer *writer, const char *text)
{
    size_t length = strlen(text);
    if (length > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    put_u16(writer, (uint16_t)length);
    put_bytes(writer, text, length);
}

uint8_t get_u8(struct byte_reader *reader)
{
    return (uint8_t)get_little_endian(reader, 1);
}

uint16_t get_u16(struct byte_reader *reader)
{
    return (uint16_t)get_little_endian(reader, 2);
}

uint32_t get_u32(struct byte_reader *reader)
{
    return (uint32_t)get_little_endian(reader, 4);
}

uint64_t get_u64(struct byte_reader *reader)
{
    return get_little_endian(reader, 8);
}

int64_t get_i64(struct byte_reader *reader)
{
    return (int64_t)get_little_endian(reader, 8);
}

float get_f32(struct byte_reader *reader)
{
    uint32_t bits = get_u32(reader);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double get_f64(struct byte_reader *reader)
{
    uint64_t bits = get_u64(reader);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

void get_bytes(struct byte_reader *reader, void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (!reader_has(reader, size)) {
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, reader->at, size);
    reader->at += size;
}

void get_text(struct byte_reader *reader, char *text, size_t capacity)
{
    if (capacity == 0) {
        reader->failed = true;
        return;
    }
    text[0] = '\0';
    size_t length = get_u16(reader);
    if (!reader_has(reader, length))
        return;
    if (length >= capacity || memchr(reader->at, '\0', length) != NULL) {
        reader->failed = true;
        return;
    }
    memcpy(text, reader->at, length);
    text[length] = '\0';
    reader->at += length;
}
