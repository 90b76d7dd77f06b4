/* Inside the store's room: the connection, its statements, and the tables' functions. */
#ifndef STORE_STORE_TABLES_H
#define STORE_STORE_TABLES_H

#include <sqlite3.h>

#include "common/file_identity.h"
#include "store/store.h"

#define STORE_APPLICATION_ID 0x50414e4f /* "PANO" */
#define STORE_LOCK_FILE      "drain.lock"
#define STORE_PATH_BYTES     1024

enum statement {
#define STATEMENT(symbol, role, sql) SQL_##symbol,
#include "store/statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

struct known_entry;
struct rollup_cache;
struct login_row;
struct word;

/*
 * Who wants to know of each stage that is folded in, and of each label that changes one, in its
 * transaction; stage: of the record.
 */
struct fold_watch {
    bool (*see)(struct store *store, const void *context, const struct login_row *row,
                enum login_stage stage, bool label, struct error *error);
    const void *context;
};

struct store {
    sqlite3 *db;
    enum store_access access;
    int directory_fd;
    int lock_fd;
    uint32_t version;              /* of the schema, see STORE_SCHEMA_VERSION */
    bool damaged;                  /* SQLite said so once */
    bool unpublished;              /* writer only: the exceptions' file may be behind the table */
    int imports_waiting;           /* writer only: histories to be imported; -1: not counted */
    char path[STORE_PATH_BYTES];   /* of the database */
    struct file_identity identity; /* before it was opened */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct known_entry **cache; /* writer only: known rows, hash chains */
    struct known_entry *dirty;  /* those to be written at commit */
    uint32_t cached;
    struct rollup_cache *rollups; /* writer only: counts (rollup_tables.h) */
    bool counts_later;            /* in an import: logins are counted when it is committed */
    bool without_indices;         /* until an import is committed */
    int64_t changes_before;       /* store_changes() when an import began */
    int64_t last_key;         /* writer only: no login's key is greater; INT64_MAX: not asked yet */
    struct read_ahead *ahead; /* NULL: nothing is read ahead (read_ahead.h) */
    struct fold_watch watch;  /* during a drain; see: NULL without one */
};

/* ---- statements (store.c) ------------------------------------------------------------------- */

/* Prepared and reset; NULL on failure. */
sqlite3_stmt *store_statement(struct store *store, enum statement which, struct error *error);

/* Records what SQLite says of the last call. Always false. */
bool store_failed(struct store *store, const char *what, struct error *error);

/* Runs SQL that is used once. */
bool store_run_text(struct store *store, const char *sql, const char *what,
                    struct error *error) MUST_USE;

/* Runs a statement that gives no rows, and resets it. */
bool store_run(struct store *store, sqlite3_stmt *statement, const char *what,
               struct error *error) MUST_USE;

/* Begins a transaction unless one is open; *own says which. */
bool store_begin_own(struct store *store, bool *own, struct error *error) MUST_USE;

/* ---- known: what logins are judged by (known.c, known_cache.c) ------------------------------ */

#define KNOWN_KINDS                                                                                \
    KNOWN_KIND(POSITION)                                                                           \
    KNOWN_KIND(TALLY)                                                                              \
    KNOWN_KIND(PROFILE)                                                                            \
    KNOWN_KIND(ADDRESS)                                                                            \
    KNOWN_KIND(PREFIX)                                                                             \
    KNOWN_KIND(POPULATION) /* of all: one row */                                                   \
    KNOWN_KIND(VALUE)      /* and on: one kind for each population_value */

enum known_kind {
#define KNOWN_KIND(symbol) KNOWN_##symbol,
    KNOWN_KINDS
#undef KNOWN_KIND
        KNOWN_KIND_COUNT = KNOWN_VALUE + POPULATION_VALUE_COUNT
};

#define KNOWN_SLOTS     4
#define KNOWN_MAX_BYTES sizeof(struct profile)
#define KNOWN_KEY_SHIFT 58 /* of the kind in a key */
#define DAY_GUESSED     (INT64_C(1) << 19)
#define DAY_LEARNED     (INT64_C(1) << 20)

struct known_id {
    enum known_kind kind;
    const void *subject;
    size_t subject_size;
};

/*
 * Numbers that would need a scan. At most eight words: packed, fewer of them read as the same with
 * zeros behind.
 */
struct tally {
    int64_t logins, users, sources, damage_bytes, damage_spots;
    int64_t failures;  /* logins that login_is_failure() */
    int64_t strangers; /* rows of sources and of users that were never learned from */
    int64_t swept_key; /* below it every login was looked at and is no failure */
};

/* Bytes of the plain record of that kind. */
size_t known_bytes(enum known_kind kind);
int64_t known_key(const struct known_id *id); /* slot 0 */

/* A kind's plain record at its initial state. */
void known_init(enum known_kind kind, void *record);

/*
 * Reads a row's record, whose bytes are checked; *found is false and the record at its initial
 * state when there is none. *slot: where it stands, or is to be put. *day: of the row that stands
 * there, its own or another's that must give way; 0: null or no row.
 */
bool known_read(struct store *store, const struct known_id *id, void *record, int *slot,
                int64_t *day, bool *found, struct error *error) MUST_USE;

/* The writer's cached record, loaded when needed; NULL on failure. Valid until the next flush. */
void *known_hold(struct store *store, const struct known_id *id, bool change, struct error *error);

bool known_flush(struct store *store, struct error *error) MUST_USE;
void known_forget_cache(struct store *store); /* what was not flushed is lost */

/* For a row of that kind that comes (times 1) or goes (times -1). */
void tally_known(struct tally *tally, enum known_kind kind, int64_t day, int64_t times);

/* Drops what is cached of a row that was deleted. After a flush. */
void known_forget_row(struct store *store, int64_t key);
void known_finish(struct store *store);
/* Drops cached records when there are too many, having written them. Pointers from known_hold end.
 */
bool known_trim(struct store *store, struct error *error) MUST_USE;

/* Words that are zero are left out: a user's record is mostly empty lists. */
#define PACKED_MAX_BYTES (KNOWN_MAX_BYTES + KNOWN_MAX_BYTES / 64 + 16)
size_t words_pack(const void *record, size_t size, uint8_t packed[PACKED_MAX_BYTES]);
bool words_unpack(const void *packed, size_t packed_size, void *record, size_t size) MUST_USE;

struct known_id known_profile(const char *user);
struct known_id known_tally(void);
struct known_id known_population(void);

/* "4" or "6" and the address's bytes. Lives in key. */
struct source_key {
    uint8_t bytes[17];
};
struct known_id known_source(enum known_kind kind, const struct ip_address *address,
                             struct source_key *key);
struct known_id known_value(enum population_value kind, const uint64_t *key);

/* ---- decision (decision.c) ------------------------------------------------------------------ */

/* Keeps a word as what was decided. key: its login's, else login_key_at() the word's time. */
bool decision_keep(struct store *store, int64_t key, const struct word *word,
                   struct error *error) MUST_USE;

/* ---- positions (position.c) ----------------------------------------------------------------- */

/* Of the newest login; 0: there is none. */
bool store_newest_us(struct store *store, int64_t *time_us, struct error *error) MUST_USE;

bool store_damage_add(struct store *store, uint64_t bytes, uint64_t spots,
                      struct error *error) MUST_USE;

/* ---- login (login_row.c) -------------------------------------------------------------------- */

#define LOGIN_SLOTS      16
#define LOGIN_KEY_RANDOM 20 /* bits below the milliseconds */

/* A row as the table has it. stages: what the records said, without what a label says of it. */
struct login_row {
    int64_t key;
    int stages;
    struct stored_login login;
};

/*
 * Never accepted and without a label: anybody who can reach the host makes such rows, so they are
 * kept for a shorter time and up to a number. tally.failures counts them.
 */
#define STAGES_OF_SUCCESS                                                                          \
    (STAGE_BIT(STAGE_ACCEPTED) | STAGE_BIT(STAGE_OPENED) | STAGE_BIT(STAGE_CLOSED))
bool login_is_failure(int stages, int label);

int64_t login_key(const struct login_id *id);
int64_t login_key_at(int64_t time_us); /* the least key of that millisecond */

/* The columns of a statement that selects a whole row. */
bool login_row_read(struct store *store, sqlite3_stmt *statement, struct login_row *row,
                    struct error *error) MUST_USE;

/* The row of a key that is there. */
bool login_row_get(struct store *store, int64_t key, struct login_row *row,
                   struct error *error) MUST_USE;

/* *found, or row->key is the key to insert it with. */
bool login_row_find(struct store *store, const struct login_id *id, struct login_row *row,
                    bool *found, struct error *error) MUST_USE;
/* The same, but of a row that is there only key and stages, and at once when the login is later
 * than all others. */
bool login_row_place(struct store *store, const struct login_id *id, struct login_row *row,
                     bool *found, struct error *error) MUST_USE;
/* The greatest key of all logins is in store->last_key when it returns true; 0: there are none. */
bool login_row_load_last_key(struct store *store, struct error *error) MUST_USE;
/* Whether other logins have all the keys that one of this id could have. */
bool login_row_is_crowded(struct store *store, const struct login_id *id);
/* Whether the login of this id has a row that is no login any more. */
bool login_row_is_unreadable(struct store *store, const struct login_id *id);
bool login_row_insert(struct store *store, const struct login_row *row,
                      struct error *error) MUST_USE;
/* before: the row as it is stored. */
bool login_row_update(struct store *store, const struct login_row *row,
                      const struct login_row *before, struct error *error) MUST_USE;
/* Writes the label alone. before: as above. */
bool login_row_label(struct store *store, const struct login_row *row,
                     const struct login_row *before, struct error *error) MUST_USE;

/*
 * Moves a login in all counts and lists from what its row was to what it is; NULL: there was no
 * such row, or there is none any more (login_list.c).
 */
bool login_changed(struct store *store, const struct login_row *before,
                   const struct login_row *after, struct error *error) MUST_USE;

/* Counts all stored logins anew, and puts them into the lists (rollup_anew.c). */
bool logins_count_anew(struct store *store, struct error *error) MUST_USE;

/* Tells the store's watch, when there is one. */
bool fold_tell(struct store *store, const struct login_row *row, enum login_stage stage, bool label,
               struct error *error) MUST_USE;

/* ---- learning (fold.c, relearn.c) ----------------------------------------------------------- */

/* Teaches the profile, the sources and the population one event (fold.c). */
bool fold_event(struct store *store, const struct login_event *event, struct error *error) MUST_USE;

/*
 * After a login changed in what is to be learned of it (changed: its row before): the user's
 * profile and the population's counts become what they would be, had it always been as it is now.
 * From the stored logins of this user in the order of their times. What stands on logins that are
 * not stored any more: the profile keeps the number of logins, days and sessions and its first
 * moment; weights, means and familiar values, where fading left them next to nothing, are lost.
 * Sources count attempts, which no label changes.
 */
bool relearn_user(struct store *store, const struct login_row *changed,
                  struct error *error) MUST_USE;

#endif
