/*
 * The writer's counts in memory. As with what is known (known_cache.c), what was flushed and
 * committed stays good for the transactions after it; a rollback forgets all.
 */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "store/rollup_tables.h"

#define S_PER_HOUR   3600
#define BUCKETS      65536
#define ENTRIES_MOST 65536

static struct rollup_entry **bucket_of(struct rollup_cache *cache, int64_t span, uint64_t hash)
{
    uint64_t mixed = (hash ^ (uint64_t)span) * UINT64_C(0x9e3779b97f4a7c15);

    return &cache->bucket[mixed >> 40 & (BUCKETS - 1)];
}

static struct rollup_entry *entry_find(struct rollup_entry *entry, int64_t span,
                                       const uint8_t *subject, size_t size, uint64_t hash)
{
    while (entry && !(entry->hash == hash && entry->span == span && entry->size == size &&
                      memcmp(entry->subject, subject, size) == 0))
        entry = entry->next;
    return entry;
}

/* A damaged row must not stop all folding: its subject begins anew, and it is counted. */
static bool entry_decode(struct store *store, struct rollup_entry *entry, sqlite3_stmt *row,
                         int column, struct error *error)
{
    struct error decoding = ERROR_NONE;

    if (counts_decode(&entry->counts, sqlite3_column_blob(row, column),
                      (size_t)sqlite3_column_bytes(row, column), &decoding))
        return true;
    memset(&entry->counts, 0, sizeof(entry->counts));
    return store_damage_add(store, 0, 1, error);
}

static bool entry_load(struct store *store, struct rollup_entry *entry, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ROLLUP_GET, error);
    bool done = true;
    int code;

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, entry->span);
    sqlite3_bind_blob(statement, 2, entry->subject, entry->size, SQLITE_STATIC);
    code = sqlite3_step(statement);
    entry->stored = code == SQLITE_ROW;
    if (entry->stored)
        done = entry_decode(store, entry, statement, 0, error);
    else if (code != SQLITE_DONE)
        done = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

static bool is_in_table(const struct rollup_cache *cache, int64_t span)
{
    int64_t kind = span >> SPAN_SHIFT, hour = span & SPAN_MASK;

    if (!cache->anew)
        return true;
    if (kind == SPAN_TOTAL)
        hour /= S_PER_HOUR / ROLLUP_SLOT_S;
    else if (kind >= SPAN_DAY && kind < SPAN_SEEN)
        hour *= 24;
    return cache->written_hour > 0 && hour <= cache->written_hour;
}

static bool has_remainder(int64_t span)
{
    return span >> SPAN_SHIFT >= SPAN_HOUR && span >> SPAN_SHIFT < SPAN_SEEN;
}

#define CHUNK_BYTES 65536

struct rollup_chunk {
    struct rollup_chunk *next;
    _Alignas(16) uint8_t bytes[CHUNK_BYTES];
};

static void *take_memory(struct rollup_cache *cache, size_t size)
{
    uint8_t *taken;

    size = (size + 15) & ~(size_t)15;
    if (!cache->chunk || cache->chunk_used + size > CHUNK_BYTES) {
        struct rollup_chunk *chunk = malloc(sizeof(*chunk));

        if (!chunk)
            return NULL;
        chunk->next = cache->chunk;
        cache->chunk = chunk;
        cache->chunk_used = 0;
    }
    taken = cache->chunk->bytes + cache->chunk_used;
    cache->chunk_used += size;
    return taken;
}

static struct rollup_entry *entry_create(struct rollup_cache *cache, int64_t span,
                                         const uint8_t *subject, size_t size, uint64_t hash,
                                         struct error *error)
{
    struct rollup_entry *entry = take_memory(cache, sizeof(*entry) + size);

    if (!entry) {
        error_set(error, FAULT_STORE, "no memory for the store's counts");
        return NULL;
    }
    memset(entry, 0, sizeof(*entry));
    entry->span = span;
    entry->hash = hash;
    entry->size = (uint16_t)size;
    memcpy(entry->subject, subject, size);
    return entry;
}

static bool entry_join(struct store *store, struct rollup_entry *entry, struct error *error)
{
    if (!has_remainder(entry->span) || entry->size == 0)
        return true;
    entry->remainder = rollup_hold(store, entry->span, entry->subject, 0, 0, error);
    if (entry->remainder && entry->counts.attempts > 0)
        rollup_join(entry);
    return entry->remainder != NULL;
}

void rollup_join(struct rollup_entry *entry)
{
    if (entry->is_member)
        return;
    entry->is_member = true;
    entry->next_member = entry->remainder->next_member;
    entry->remainder->next_member = entry;
}

void rollup_leave(struct rollup_entry *remainder)
{
    struct rollup_entry *entry = remainder->next_member;

    remainder->next_member = entry->next_member;
    entry->is_member = false;
}

bool rollup_is_remainder(const struct rollup_entry *entry)
{
    return entry->size == 0 && has_remainder(entry->span);
}

static void entry_enter(struct rollup_cache *cache, struct rollup_entry *entry)
{
    struct rollup_entry **bucket = bucket_of(cache, entry->span, entry->hash);

    entry->next = *bucket;
    *bucket = entry;
    cache->count++;
}

bool rollup_begin(struct store *store, struct error *error)
{
    struct rollup_cache *cache;

    if (store->rollups)
        return true;
    cache = calloc(1, sizeof(*cache));
    if (cache)
        cache->bucket = calloc(BUCKETS, sizeof(struct rollup_entry *));
    if (!cache || !cache->bucket) {
        free(cache);
        return error_set(error, FAULT_STORE, "no memory for the store's counts");
    }
    store->rollups = cache;
    return true;
}

struct rollup_entry *rollup_hold(struct store *store, int64_t span, const uint8_t *subject,
                                 size_t size, uint64_t hash, struct error *error)
{
    struct rollup_cache *cache = store->rollups;
    struct rollup_entry *entry;

    entry = entry_find(*bucket_of(cache, span, hash), span, subject, size, hash);
    if (entry)
        return entry;
    entry = entry_create(cache, span, subject, size, hash, error);
    if (!entry || (is_in_table(cache, span) && !entry_load(store, entry, error)) ||
        !entry_join(store, entry, error))
        return NULL;
    entry_enter(cache, entry);
    return entry;
}

/* One row of a span that is being read. */
static bool hold_row(struct store *store, sqlite3_stmt *row, struct error *error)
{
    int64_t span = sqlite3_column_int64(row, 0);
    const uint8_t *subject = sqlite3_column_blob(row, 1);
    size_t size = (size_t)sqlite3_column_bytes(row, 1);
    uint64_t hash = hash_bytes(subject, size);
    struct rollup_entry *entry;

    if (size == 0 || entry_find(*bucket_of(store->rollups, span, hash), span, subject, size, hash))
        return true;
    entry = entry_create(store->rollups, span, subject, size, hash, error);
    if (!entry)
        return false;
    entry->stored = true;
    if (!entry_decode(store, entry, row, 2, error) || !entry_join(store, entry, error))
        return false;
    entry_enter(store->rollups, entry);
    return true;
}

bool rollup_hold_span(struct store *store, int64_t span, struct error *error)
{
    sqlite3_stmt *statement;
    bool done = true;
    int code;

    if (!is_in_table(store->rollups, span))
        return true;
    statement = store_statement(store, SQL_ROLLUP_SPANS, error);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, span);
    sqlite3_bind_int64(statement, 2, span);
    while (done && (code = sqlite3_step(statement)) != SQLITE_DONE)
        done = code == SQLITE_ROW ? hold_row(store, statement, error)
                                  : store_failed(store, "be read", error);
    sqlite3_reset(statement);
    return done;
}

void rollup_mark(struct store *store, struct rollup_entry *entry)
{
    if (entry->dirty)
        return;
    entry->dirty = true;
    entry->next_dirty = store->rollups->dirty;
    store->rollups->dirty = entry;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool entry_delete(struct store *store, const struct rollup_entry *entry, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ROLLUP_FORGET, error);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, entry->span);
    sqlite3_bind_blob(statement, 2, entry->subject, entry->size, SQLITE_STATIC);
    return store_run(store, statement, "forget counts", error);
}

static bool entry_put(struct store *store, const struct rollup_entry *entry, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_ROLLUP_PUT, error);
    uint8_t bytes[COUNTS_MAX_BYTES];
    size_t size = counts_encode(&entry->counts, bytes);

    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, entry->span);
    sqlite3_bind_blob(statement, 2, entry->subject, entry->size, SQLITE_STATIC);
    if (entry->span >> SPAN_SHIFT >= SPAN_SEEN)
        sqlite3_bind_int64(statement, 3, entry->counts.last_key);
    else
        sqlite3_bind_null(statement, 3);
    sqlite3_bind_blob(statement, 4, bytes, (int)size, SQLITE_STATIC);
    return store_run(store, statement, "write counts", error);
}

static bool is_empty(const struct rollup_entry *entry)
{
    static const struct counts NOTHING;

    if (!rollup_is_remainder(entry))
        return entry->counts.attempts == 0;
    return memcmp(&entry->counts, &NOTHING, sizeof(NOTHING)) == 0;
}

static bool entry_flush(struct store *store, struct rollup_entry *entry, struct error *error)
{
    bool keep = !is_empty(entry) && !rollup_is_past(store, entry->span);
    bool done = keep || !entry->stored || entry_delete(store, entry, error);

    if (keep)
        done = entry_put(store, entry, error);
    entry->stored = keep;
    entry->dirty = false;
    return done;
}

bool rollup_flush(struct store *store, struct error *error)
{
    struct rollup_cache *cache = store->rollups;

    while (cache && cache->dirty) {
        struct rollup_entry *entry = cache->dirty;

        cache->dirty = entry->next_dirty;
        if (!entry_flush(store, entry, error))
            return false;
    }
    return true;
}

static void forget_entries(struct rollup_cache *cache)
{
    while (cache->chunk) {
        struct rollup_chunk *chunk = cache->chunk;

        cache->chunk = chunk->next;
        free(chunk);
    }
    if (cache->count > 0)
        memset(cache->bucket, 0, BUCKETS * sizeof(struct rollup_entry *));
    cache->count = 0;
    cache->dirty = NULL;
}

void rollup_forget_cache(struct store *store)
{
    if (!store->rollups)
        return;
    forget_entries(store->rollups);
    store->rollups->knows_newest = store->rollups->anew = false;
}

bool rollup_trim_cache(struct store *store, struct error *error)
{
    if (!store->rollups || store->rollups->count < ENTRIES_MOST)
        return true;
    if (!rollup_flush(store, error))
        return false;
    forget_entries(store->rollups);
    store->rollups->written_hour = store->rollups->newest_hour;
    return true;
}

bool rollup_begin_anew(struct store *store, struct error *error)
{
    if (!rollup_begin(store, error))
        return false;
    rollup_forget_cache(store);
    if (!store_run_text(store, "DELETE FROM rollup", "forget counts", error))
        return false;
    store->rollups->anew = true;
    store->rollups->written_hour = 0;
    return true;
}

void rollup_end_anew(struct store *store)
{
    store->rollups->anew = false;
}

void rollup_finish(struct store *store)
{
    if (!store->rollups)
        return;
    rollup_forget_cache(store);
    free(store->rollups->bucket);
    free(store->rollups);
    store->rollups = NULL;
}
