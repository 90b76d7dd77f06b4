/* Rows of the table `known`: keys, bytes, reading. */
#include <string.h>

#include "common/bytes.h"
#include "common/hash.h"
#include "store/store_tables.h"

#define HASH_BITS_DROPPED 8

size_t known_bytes(enum known_kind kind)
{
    switch (kind) {
    case KNOWN_POSITION:
        return sizeof(struct journal_positions);
    case KNOWN_TALLY:
        return sizeof(struct tally);
    case KNOWN_PROFILE:
        return sizeof(struct profile);
    case KNOWN_ADDRESS:
    case KNOWN_PREFIX:
        return sizeof(struct source);
    default:
        return sizeof(struct population_count);
    }
}

void known_init(enum known_kind kind, void *record)
{
    if (kind == KNOWN_PROFILE)
        profile_init(record);
    else if (kind == KNOWN_ADDRESS || kind == KNOWN_PREFIX)
        source_init(record);
    else
        memset(record, 0, known_bytes(kind));
}

int64_t known_key(const struct known_id *id)
{
    uint64_t hash = hash_bytes(id->subject, id->subject_size);

    return (int64_t)id->kind << KNOWN_KEY_SHIFT |
           (int64_t)(hash >> HASH_BITS_DROPPED) * KNOWN_SLOTS;
}

struct known_id known_profile(const char *user)
{
    return (struct known_id){KNOWN_PROFILE, user, strlen(user)};
}

struct known_id known_tally(void)
{
    return (struct known_id){KNOWN_TALLY, "tally", 5};
}

struct known_id known_population(void)
{
    return (struct known_id){KNOWN_POPULATION, "all", 3};
}

struct known_id known_source(enum known_kind kind, const struct ip_address *address,
                             struct source_key *key)
{
    size_t size = address->family == 4 ? 4 : 16;

    key->bytes[0] = address->family;
    memcpy(key->bytes + 1, address->bytes, size);
    return (struct known_id){kind, key->bytes, size + 1};
}

struct known_id known_value(enum population_value kind, const uint64_t *key)
{
    return (struct known_id){(enum known_kind)(KNOWN_VALUE + kind), key, sizeof(*key)};
}

/* ---- packing: a bitmap of the 8-byte words that are not zero, then these ----------------------
 */

size_t words_pack(const void *record, size_t size, uint8_t packed[PACKED_MAX_BYTES])
{
    size_t words = size / 8, map_bytes = (words + 7) / 8;
    uint8_t *at = packed + map_bytes;

    memset(packed, 0, map_bytes);
    for (size_t i = 0; i < words; i++) {
        uint64_t word;

        memcpy(&word, (const uint8_t *)record + i * 8, 8);
        if (word == 0)
            continue;
        packed[i / 8] = (uint8_t)(packed[i / 8] | 1u << i % 8);
        memcpy(at, &word, 8);
        at += 8;
    }
    memcpy(at, (const uint8_t *)record + words * 8, size % 8);
    return (size_t)(at - packed) + size % 8;
}

bool words_unpack(const void *packed, size_t packed_size, void *record, size_t size)
{
    size_t words = size / 8, map_bytes = (words + 7) / 8;
    const uint8_t *map = packed, *at = map + map_bytes, *end = map + packed_size;

    if (packed_size < map_bytes)
        return false;
    memset(record, 0, size);
    for (size_t i = 0; i < words; i++) {
        if ((map[i / 8] >> i % 8 & 1) == 0)
            continue;
        if (end - at < 8)
            return false;
        memcpy((uint8_t *)record + i * 8, at, 8);
        at += 8;
    }
    if ((size_t)(end - at) != size % 8)
        return false;
    memcpy((uint8_t *)record + words * 8, at, size % 8);
    return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The record of a row's bytes, checked where what reads it later relies on it. */
static bool record_from(enum known_kind kind, const void *bytes, size_t size, void *record,
                        struct error *error)
{
    union {
        struct profile profile;
        struct source source;
    } unpacked;
    size_t record_size = known_bytes(kind);

    if (kind != KNOWN_PROFILE && kind != KNOWN_ADDRESS && kind != KNOWN_PREFIX)
        return words_unpack(bytes, size, record, record_size) ||
               error_set(error, FAULT_STORE, "a row of the store has %zu bytes that cannot be read",
                         size);
    if (!words_unpack(bytes, size, &unpacked, record_size))
        return error_set(error, FAULT_STORE, "a %s in the store is damaged",
                         kind == KNOWN_PROFILE ? "profile" : "source");
    if (kind == KNOWN_PROFILE)
        return profile_load(record, &unpacked.profile, record_size, error);
    return source_load(record, &unpacked.source, record_size, error);
}

static bool is_subject(sqlite3_stmt *row, const struct known_id *id)
{
    return (size_t)sqlite3_column_bytes(row, 2) == id->subject_size &&
           memcmp(sqlite3_column_blob(row, 2), id->subject, id->subject_size) == 0;
}

/* The slot for a new row: a free one, else that of the subject idle for longest. */
static int slot_for(const int64_t days[KNOWN_SLOTS], unsigned taken)
{
    int slot = 0;

    for (int i = 0; i < KNOWN_SLOTS; i++) {
        if ((taken >> i & 1) == 0)
            return i;
        if (days[i] < days[slot])
            slot = i;
    }
    return slot;
}

bool known_read(struct store *store, const struct known_id *id, void *record, int *slot,
                int64_t *day, bool *found, struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, SQL_KNOWN_GET, error);
    int64_t key = known_key(id), row_day, days[KNOWN_SLOTS] = {0};
    unsigned taken = 0;
    bool sound = true;
    int code;

    *found = false;
    *day = 0;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, key);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        *slot = (int)(sqlite3_column_int64(statement, 0) - key);
        row_day = sqlite3_column_int64(statement, 1);
        *found = is_subject(statement, id);
        if (*found) {
            *day = row_day;
            sound = record_from(id->kind, sqlite3_column_blob(statement, 3),
                                (size_t)sqlite3_column_bytes(statement, 3), record, error);
            break;
        }
        taken |= 1u << *slot;
        days[*slot] = row_day;
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        sound = store_failed(store, "be read", error);
    sqlite3_reset(statement);
    if (!*found) {
        *slot = slot_for(days, taken);
        *day = days[*slot];
        known_init(id->kind, record);
    }
    return sound;
}
