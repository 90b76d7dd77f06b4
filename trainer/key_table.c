#include "trainer/key_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void key_table_init(struct key_table *table, size_t value_bytes)
{
    *table = (struct key_table){.value_bytes = value_bytes};
}

void key_table_finish(struct key_table *table)
{
    free(table->keys);
    free(table->values);
    key_table_init(table, table->value_bytes);
}

/* Where the key stands or would stand. Key 0 marks a free slot, so it shares the slot of 1. */
static size_t slot_of(const struct key_table *table, uint64_t key)
{
    size_t slot = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (table->capacity - 1);
    while (table->keys[slot] != 0 && table->keys[slot] != key)
        slot = (slot + 1) & (table->capacity - 1);
    return slot;
}

void *key_table_find(const struct key_table *table, uint64_t key)
{
    if (table->count == 0)
        return NULL;
    key = key == 0 ? 1 : key;
    size_t slot = slot_of(table, key);
    return table->keys[slot] == 0 ? NULL : table->values + slot * table->value_bytes;
}

static bool table_grow(struct key_table *table, struct error *error)
{
    struct key_table grown = {.value_bytes = table->value_bytes,
                              .capacity = table->capacity == 0 ? 64 : 2 * table->capacity,
                              .count = table->count};
    grown.keys = calloc(grown.capacity, sizeof *grown.keys);
    grown.values = calloc(grown.capacity, grown.value_bytes);
    if (grown.keys == NULL || grown.values == NULL) {
        key_table_finish(&grown);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "the history does not fit into memory");
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->keys[i] == 0)
            continue;
        size_t slot = slot_of(&grown, table->keys[i]);
        grown.keys[slot] = table->keys[i];
        memcpy(grown.values + slot * grown.value_bytes, table->values + i * table->value_bytes,
               table->value_bytes);
    }
    key_table_finish(table);
    *table = grown;
    return true;
}

void *key_table_add(struct key_table *table, uint64_t key, bool *added, struct error *error)
{
    void *found = key_table_find(table, key);
    *added = false;
    if (found != NULL)
        return found;
    if (2 * (table->count + 1) > table->capacity && !table_grow(table, error))
        return NULL;
    key = key == 0 ? 1 : key;
    size_t slot = slot_of(table, key);
    table->keys[slot] = key;
    table->count++;
    *added = true;
    return table->values + slot * table->value_bytes;
}
