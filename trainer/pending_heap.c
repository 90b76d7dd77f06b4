#include "trainer/pending_heap.h"

#include <errno.h>
#include <stdlib.h>

static bool is_earlier(const struct pending *a, const struct pending *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->order < b->order;
}

bool pending_heap_push(struct pending_heap *heap, struct pending entry, struct error *error)
{
    entry.order = heap->order++;
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity == 0 ? 256 : 2 * heap->capacity;
        struct pending *entries = reallocarray(heap->entries, capacity, sizeof *entries);
        if (entries == NULL)
            return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot replay the history");
        heap->entries = entries;
        heap->capacity = capacity;
    }
    size_t at = heap->count++;
    while (at > 0 && is_earlier(&entry, &heap->entries[(at - 1) / 2])) {
        heap->entries[at] = heap->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->entries[at] = entry;
    return true;
}

struct pending pending_heap_pop(struct pending_heap *heap)
{
    struct pending first = heap->entries[0], last = heap->entries[--heap->count];
    size_t at = 0;

    while (2 * at + 1 < heap->count) {
        size_t child = 2 * at + 1;
        if (child + 1 < heap->count && is_earlier(&heap->entries[child + 1], &heap->entries[child]))
            child++;
        if (!is_earlier(&heap->entries[child], &last))
            break;
        heap->entries[at] = heap->entries[child];
        at = child;
    }
    if (heap->count > 0)
        heap->entries[at] = last;
    return first;
}
