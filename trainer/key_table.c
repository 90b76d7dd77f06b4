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
    free(table->slots);
    free(table->values);
    key_table_init(table, table->value_bytes);
}

/* Where the key stands or would stand. Key 0 marks a free slot, so it shares the slot of 1. */
static struct key_slot *slot_of(const struct key_table *table, uint64_t key)
{
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (table->capacity - 1);
    while (table->slots[at].key != 0 && table->slots[at].key != key)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

void *key_table_find(const struct key_table *table, uint64_t key)
{
    if (table->count == 0)
        return NULL;
    const struct key_slot *slot = slot_of(table, key == 0 ? 1 : key);
    return slot->key == 0 ? NULL : table->values + slot->index * table->value_bytes;
}

/* There are at least two slots for each record, and room for a record for every two slots. */
static bool table_grow(struct key_table *table, struct error *error)
{
    struct key_table grown = *table;

    grown.capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
    grown.values = reallocarray(table->values, grown.capacity / 2, table->value_bytes);
    if (grown.values != NULL)
        table->values = grown.values;
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (grown.values == NULL || grown.slots == NULL) {
        free(grown.slots);
        return error_set_errno(error, FAULT_STORE, ENOMEM, "the history does not fit into memory");
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].key != 0)
            *slot_of(&grown, table->slots[i].key) = table->slots[i];
    }
    free(table->slots);
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
    *slot_of(table, key) = (struct key_slot){key, table->count};
    *added = true;
    return memset(table->values + table->count++ * table->value_bytes, 0, table->value_bytes);
}
