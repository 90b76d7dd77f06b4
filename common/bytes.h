/*
 * Records as bytes: little-endian, packed, bounded. A writer or reader that ran over its end stays
 * failed and does nothing more, so that a codec is a plain list of fields with one check at its
 * end.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_writer {
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

struct byte_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

void put_u8(struct byte_writer *writer, uint8_t value);
void put_u16(struct byte_writer *writer, uint16_t value);
void put_u32(struct byte_writer *writer, uint32_t value);
void put_u64(struct byte_writer *writer, uint64_t value);
void put_i64(struct byte_writer *writer, int64_t value);
void put_f32(struct byte_writer *writer, float value);
void put_f64(struct byte_writer *writer, double value);
void put_bytes(struct byte_writer *writer, const void *bytes, size_t size);
/* A 16-bit length, then the text without its NUL. */
void put_text(struct byte_writer *writer, const char *text);

uint8_t get_u8(struct byte_reader *reader);
uint16_t get_u16(struct byte_reader *reader);
uint32_t get_u32(struct byte_reader *reader);
uint64_t get_u64(struct byte_reader *reader);
int64_t get_i64(struct byte_reader *reader);
float get_f32(struct byte_reader *reader);
double get_f64(struct byte_reader *reader);
void get_bytes(struct byte_reader *reader, void *bytes, size_t size);
/* Fails when the text does not fit into capacity with its NUL, or holds a NUL. */
void get_text(struct byte_reader *reader, char *text, size_t capacity);

#endif
