/*
 * SQLite's memory in a login's process: one mapping, its first part populated at once (a page fault
 * costs more than all of an allocation), handed out in order, bounded. The process ends soon; only
 * the latest allocation is ever given back.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "store/store.h"

#define REGION_BYTES    (UINT32_C(2) << 20)
#define POPULATED_BYTES (UINT32_C(160) << 10) /* what opening and reading one history takes */
#define ALIGNMENT       8
#define HEAD_BYTES      8 /* before each allocation: its size */

static struct {
    uint8_t *base;
    uint32_t used;
    uint32_t latest; /* offset of the latest allocation's head */
} region;

static int round_up(int size)
{
    return (size + (ALIGNMENT - 1)) & ~(ALIGNMENT - 1);
}

static int size_of(void *memory)
{
    uint32_t size;

    if (!memory)
        return 0;
    memcpy(&size, (uint8_t *)memory - HEAD_BYTES, sizeof(size));
    return (int)size;
}

static void *allocate(int wanted)
{
    uint32_t size = (uint32_t)round_up(wanted > 0 ? wanted : 1);
    uint8_t *head;

    if (wanted > (int)REGION_BYTES - HEAD_BYTES - ALIGNMENT ||
        size + HEAD_BYTES > REGION_BYTES - region.used)
        return NULL;
    head = region.base + region.used;
    region.latest = region.used;
    region.used += size + HEAD_BYTES;
    memcpy(head, &size, sizeof(size));
    return head + HEAD_BYTES;
}

static bool is_latest(const void *memory)
{
    return (const uint8_t *)memory == region.base + region.latest + HEAD_BYTES;
}

static void release(void *memory)
{
    if (memory && is_latest(memory))
        region.used = region.latest;
}

static void *reallocate(void *memory, int wanted)
{
    int size = size_of(memory);
    void *moved;

    if (wanted <= size)
        return memory;
    if (is_latest(memory) && region.used > region.latest) {
        region.used = region.latest;
        moved = allocate(wanted);
        if (!moved)
            region.used = region.latest + HEAD_BYTES + (uint32_t)size;
        return moved;
    }
    moved = allocate(wanted);
    if (moved)
        memcpy(moved, memory, (size_t)size);
    return moved;
}

static int begin(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void finish(void *unused)
{
    (void)unused;
}

bool store_configure_for_login(void)
{
    static const sqlite3_mem_methods METHODS = {allocate, release, reallocate, size_of,
                                                round_up, begin,   finish,     NULL};
    void *whole;

    if (region.base)
        return true;
    whole = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (whole == MAP_FAILED)
        return false;
    if (mmap(whole, POPULATED_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0) == MAP_FAILED) {
        munmap(whole, REGION_BYTES);
        return false;
    }
    region.base = whole;
    return sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MALLOC, &METHODS) == SQLITE_OK;
}
