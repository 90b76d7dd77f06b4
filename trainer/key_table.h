/* A hash table from 64-bit keys to records of one size, which lie close together; by open
 * addressing. */
#ifndef TRAINER_KEY_TABLE_H
#define TRAINER_KEY_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct key_slot {
    uint64_t key; /* 0: free */
    size_t index; /* of its record */
};

struct key_table {
    struct key_slot *slots;
    unsigned char *values;
    size_t value_bytes;
    size_t capacity, count; /* of slots; of records */
};

void key_table_init(struct key_table *table, size_t value_bytes);
void key_table_finish(struct key_table *table);

/* The record of that key, or NULL. It moves when another is added. */
void *key_table_find(const struct key_table *table, uint64_t key);

/* The same, added with all bytes zero when missing (*added says so); NULL: out of memory. */
void *key_table_add(struct key_table *table, uint64_t key, bool *added,
                    struct error *error) MUST_USE;

#endif
