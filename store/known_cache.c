/*
 * The writer's records in memory. As nobody else writes while the drain lock is held, what was
 * flushed and committed stays good for the transactions after it; a rollback forgets all.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/store_tables.h"

#define CACHE_BUCKETS 16384
#define CACHE_RECORDS 16384

struct known_entry {
    struct known_entry *next;       /* in its bucket */
    struct known_entry *next_dirty; /* in the list of those to be written */
    int64_t key;                    /* slot included */
    int64_t day;                    /* of the row at that key; 0: null or no row */
    enum known_kind kind;
    bool stored, dirty;
    uint16_t subject_size;
    _Alignas(16) uint8_t bytes[]; /* the record, then the subject */
};

static uint8_t *entry_subject(struct known_entry *entry)
{
    return entry->bytes + known_bytes(entry->kind);
}

static struct known_entry **bucket_of(struct store *store, int64_t base)
{
    uint64_t mixed = (uint64_t)base * UINT64_C(0x9e3779b97f4a7c15);

    return &store->cache[mixed >> 32 & (CACHE_BUCKETS - 1)];
}

static struct known_entry *entry_find(struct known_entry *entry, int64_t base,
                                      const struct known_id *id)
{
    while (entry && !((entry->key & ~(int64_t)(KNOWN_SLOTS - 1)) == base &&
                      entry->subject_size == id->subject_size &&
                      memcmp(entry_subject(entry), id->subject, id->subject_size) == 0))
        entry = entry->next;
    return entry;
}

static struct known_entry *entry_create(const struct known_id *id)
{
    struct known_entry *entry =
        calloc(1, sizeof(*entry) + known_bytes(id->kind) + id->subject_size);

    if (entry) {
        entry->kind = id->kind;
        entry->subject_size = (uint16_t)id->subject_size;
        memcpy(entry_subject(entry), id->subject, id->subject_size);
    }
    return entry;
}

/* A damaged row must not stop all folding: its subject begins anew, and it is counted. */
static bool entry_load(struct store *store, const struct known_id *id, struct known_entry *entry,
                       struct error *error)
{
    struct error reading = ERROR_NONE;
    int slot = 0;

    if (!known_read(store, id, entry->bytes, &slot, &entry->day, &entry->stored, &reading)) {
        if (!entry->stored)
            return error_set(error, reading.fault, "%s", reading.text);
        known_init(id->kind, entry->bytes);
        if (id->kind != KNOWN_TALLY && !store_damage_add(store, 0, 1, error))
            return false;
    }
    entry->key = known_key(id) + slot;
    return true;
}

void *known_hold(struct store *store, const struct known_id *id, bool change, struct error *error)
{
    int64_t base = known_key(id);
    struct known_entry *entry, **bucket;

    if (!store->cache && !(store->cache = calloc(CACHE_BUCKETS, sizeof(struct known_entry *)))) {
        error_set(error, FAULT_STORE, "no memory for the store's cache");
        return NULL;
    }
    bucket = bucket_of(store, base);
    entry = entry_find(*bucket, base, id);
    if (!entry) {
        entry = entry_create(id);
        if (!entry) {
            error_set(error, FAULT_STORE, "no memory for the store's cache");
            return NULL;
        }
        if (!entry_load(store, id, entry, error)) {
            free(entry);
            return NULL;
        }
        entry->next = *bucket;
        *bucket = entry;
        store->cached++;
    }
    if (change && !entry->dirty) {
        entry->dirty = true;
        entry->next_dirty = store->dirty;
        store->dirty = entry;
    }
    return entry->bytes;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* The day retention goes by; 0: kept for ever. */
static int64_t entry_day(const struct known_entry *entry)
{
    if (entry->kind == KNOWN_PROFILE) {
        const struct profile *profile = (const void *)entry->bytes;
        int64_t attempt = profile->last_attempt_us / US_PER_S;
        int64_t last_s = profile->last_s > attempt ? profile->last_s : attempt;

        return last_s / S_PER_DAY + (profile->logins > 0 ? DAY_LEARNED : DAY_GUESSED);
    }
    if (entry->kind == KNOWN_ADDRESS || entry->kind == KNOWN_PREFIX)
        return ((const struct source *)(const void *)entry->bytes)->last_s / S_PER_DAY + 1;
    return 0;
}

static bool entry_put(struct store *store, struct known_entry *entry, int64_t day,
                      const uint8_t *packed, size_t size, struct error *error)
{
    bool update = entry->stored && day == entry->day;
    sqlite3_stmt *statement =
        store_statement(store, update ? SQL_KNOWN_UPDATE : SQL_KNOWN_PUT, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, entry->key);
    if (update) {
        sqlite3_bind_blob(statement, 2, packed, (int)size, SQLITE_STATIC);
    } else {
        if (day > 0)
            sqlite3_bind_int64(statement, 2, day);
        else
            sqlite3_bind_null(statement, 2);
        sqlite3_bind_blob(statement, 3, entry_subject(entry), entry->subject_size, SQLITE_STATIC);
        sqlite3_bind_blob(statement, 4, packed, (int)size, SQLITE_STATIC);
    }
    return store_run(store, statement, "write what it learned", error);
}

void tally_known(struct tally *tally, enum known_kind kind, int64_t day, int64_t times)
{
    if (day == 0)
        return;
    tally->users += kind == KNOWN_PROFILE && day >= DAY_LEARNED ? times : 0;
    tally->sources += kind == KNOWN_ADDRESS ? times : 0;
    tally->strangers += day < DAY_LEARNED ? times : 0;
}

/* The row takes the place of what stood there: itself before, another subject, or nothing. */
static bool entry_tally(struct store *store, const struct known_entry *entry, int64_t day,
                        struct error *error)
{
    struct known_id id = known_tally();
    struct tally *tally;

    if (day == entry->day)
        return true;
    tally = known_hold(store, &id, true, error);
    if (!tally)
        return false;
    tally_known(tally, entry->kind, entry->day, -1);
    tally_known(tally, entry->kind, day, 1);
    return true;
}

static bool entry_flush(struct store *store, struct known_entry *entry, struct error *error)
{
    uint8_t packed[PACKED_MAX_BYTES];
    size_t size = words_pack(entry->bytes, known_bytes(entry->kind), packed);
    int64_t day = entry_day(entry);

    if (!entry_tally(store, entry, day, error) ||
        !entry_put(store, entry, day, packed, size, error))
        return false;
    entry->stored = true;
    entry->day = day;
    return true;
}

bool known_flush(struct store *store, struct error *error)
{
    while (store->dirty) {
        struct known_entry *entry = store->dirty;

        /* Off the list first: flushing may put the tally on it. */
        store->dirty = entry->next_dirty;
        entry->dirty = false;
        if (!entry_flush(store, entry, error))
            return false;
    }
    return true;
}

void known_forget_cache(struct store *store)
{
    for (uint32_t i = 0; store->cache && store->cached > 0 && i < CACHE_BUCKETS; i++) {
        while (store->cache[i]) {
            struct known_entry *entry = store->cache[i];

            store->cache[i] = entry->next;
            free(entry);
        }
    }
    store->dirty = NULL;
    store->cached = 0;
}

void known_forget_row(struct store *store, int64_t key)
{
    int64_t base = key & ~(int64_t)(KNOWN_SLOTS - 1);
    struct known_entry **at = store->cache ? bucket_of(store, base) : NULL;

    /* Those of the other slots too: one may be there for want of room in this one. */
    while (at && *at) {
        struct known_entry *entry = *at;

        if ((entry->key & ~(int64_t)(KNOWN_SLOTS - 1)) != base) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
        store->cached--;
    }
}

bool known_trim(struct store *store, struct error *error)
{
    if (store->cached < CACHE_RECORDS)
        return true;
    if (!known_flush(store, error))
        return false;
    known_forget_cache(store);
    return true;
}

void known_finish(struct store *store)
{
    known_forget_cache(store);
    free(store->cache);
    store->cache = NULL;
}
