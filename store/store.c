#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "store/read_ahead.h"
#include "store/rollup_tables.h"

#define BUSY_MS           5000
#define MAPPED_BYTES      (INT64_C(1) << 40) /* the whole database, up to SQLite's own bound */
#define HEADER_BYTES      100                /* of an SQLite file */
#define HEADER_VERSION_AT 60
#define HEADER_APP_AT     68

#define TEXT_OF(value)       TEXT_OF_VALUE(value)
#define TEXT_OF_VALUE(value) #value

enum role { ROLE_READ, ROLE_WRITE };

static const struct {
    enum role role;
    const char *sql;
} STATEMENTS[STATEMENT_COUNT] = {
#define STATEMENT(symbol, role, sql) {ROLE_##role, sql},
#include "store/statements.def"
#undef STATEMENT
};

static const struct {
    uint32_t since;
    const char *sql;
} SCHEMA_STATEMENTS[] = {
#define SCHEMA(since, sql)     {since, sql},
#define LOGIN_INDEX(name, sql) {1, sql},
#include "store/schema.def"
#undef LOGIN_INDEX
#undef SCHEMA
};

bool store_failed(struct store *store, const char *what, struct error *error)
{
    int code = sqlite3_errcode(store->db) & 0xff;

    store->damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    if (store->damaged)
        return error_set(
            error, FAULT_STORE,
            "the store's database %s is damaged (%s): run anomalyctl check; moved aside "
            "it is made anew, and the journals beside it keep what is not in it yet",
            store->path, sqlite3_errmsg(store->db));
    return error_set(error, FAULT_STORE, "the store cannot %s: %s (%s)", what,
                     sqlite3_errmsg(store->db), store->path);
}

/* ---- statements ----------------------------------------------------------------------------- */

sqlite3_stmt *store_statement(struct store *store, enum statement which, struct error *error)
{
    sqlite3_stmt **statement = &store->statements[which];

    if (*statement) {
        sqlite3_reset(*statement);
        return *statement;
    }
    if (STATEMENTS[which].role == ROLE_WRITE && store->access != STORE_WRITE) {
        error_set(error, FAULT_STORE, "the store %s is open for reading only", store->path);
        return NULL;
    }
    if (sqlite3_prepare_v2(store->db, STATEMENTS[which].sql, -1, statement, NULL) != SQLITE_OK) {
        store_failed(store, "prepare a statement", error);
        return NULL;
    }
    return *statement;
}

bool store_run(struct store *store, sqlite3_stmt *statement, const char *what, struct error *error)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE || store_failed(store, what, error);

    sqlite3_reset(statement);
    return done;
}

static bool run_named(struct store *store, enum statement which, const char *what,
                      struct error *error)
{
    sqlite3_stmt *statement = store_statement(store, which, error);

    return statement && store_run(store, statement, what, error);
}

/* ---- transactions ---------------------------------------------------------------------------
 */

bool store_begin(struct store *store, struct error *error)
{
    enum statement which = store->access == STORE_WRITE ? SQL_BEGIN_WRITE : SQL_BEGIN_READ;

    return run_named(store, which, "begin a transaction", error);
}

bool store_begin_own(struct store *store, bool *own, struct error *error)
{
    *own = sqlite3_get_autocommit(store->db) != 0;
    return !*own || store_begin(store, error);
}

bool store_commit(struct store *store, struct error *error)
{
    if ((store->access != STORE_WRITE ||
         (known_flush(store, error) && rollup_flush(store, error))) &&
        run_named(store, SQL_COMMIT, "commit", error))
        return true;
    store_rollback(store);
    return false;
}

void store_rollback(struct store *store)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (store->statements[i])
            sqlite3_reset(store->statements[i]);
    }
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    known_forget_cache(store);
    rollup_forget_cache(store);
    store->without_indices = store->counts_later = false;
    store->last_key = INT64_MAX;
}

bool store_configure_for_one_thread(void)
{
    return sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}

bool store_configure_for_check(void)
{
    return store_configure_for_one_thread() &&
           sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, MAPPED_BYTES, MAPPED_BYTES) == SQLITE_OK;
}

/* ---- opening --------------------------------------------------------------------------------
 */

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/*
 * The file's own header, through SQLite's descriptor: a PRAGMA would cost each login a
 * statement. Both numbers are in the file from its creation on, which ends in a checkpoint.
 */
static bool check_version(struct store *store, struct error *error)
{
    uint8_t header[HEADER_BYTES] = {0};
    sqlite3_file *file = NULL;
    uint32_t application, version;

    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods || file->pMethods->xRead(file, header, HEADER_BYTES, 0))
        return error_set(error, FAULT_STORE, "the store %s is empty or cannot be read",
                         store->path);
    application = big_endian(header + HEADER_APP_AT);
    version = big_endian(header + HEADER_VERSION_AT);
    if (memcmp(header, "SQLite format 3", 16) != 0)
        return error_set(
            error, FAULT_STORE,
            "%s is not a database, or is damaged: run anomalyctl check; moved aside it "
            "is made anew, and the journals beside it keep what is not in it yet",
            store->path);
    if (application != STORE_APPLICATION_ID)
        return error_set(error, FAULT_STORE, "%s is a database of another program", store->path);
    if (version < 1 || version > STORE_SCHEMA_VERSION)
        return error_set(error, FAULT_STORE,
                         "%s has version %u, this program reads version %d: install the matching "
                         "version or move the file aside",
                         store->path, version, STORE_SCHEMA_VERSION);
    store->version = version;
    return true;
}

bool store_run_text(struct store *store, const char *sql, const char *what, struct error *error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           store_failed(store, what, error);
}

/* What a store of that version, 0 for an empty one, does not have yet. */
static bool create_tables(struct store *store, uint32_t version, struct error *error)
{
    if (!store_run_text(store, "BEGIN IMMEDIATE", "begin a transaction", error))
        return false;
    for (size_t i = 0; i < sizeof(SCHEMA_STATEMENTS) / sizeof(SCHEMA_STATEMENTS[0]); i++) {
        if (SCHEMA_STATEMENTS[i].since > version &&
            !store_run_text(store, SCHEMA_STATEMENTS[i].sql, "make its tables", error))
            return false;
    }
    if (version > 0 && version < ROLLUPS_SINCE && !logins_count_anew(store, error))
        return false;
    return store_run_text(
        store,
        "PRAGMA application_id = " TEXT_OF(
            STORE_APPLICATION_ID) ";"
                                  "PRAGMA user_version = " TEXT_OF(STORE_SCHEMA_VERSION) ";COMMIT",
        "set its version", error);
}

static bool is_empty_database(struct store *store, bool *empty, struct error *error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(store->db, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL) !=
            SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return store_failed(store, "read its schema", error);
    }
    *empty = sqlite3_column_int(statement, 0) == 0;
    sqlite3_finalize(statement);
    return true;
}

static bool prepare_writer(struct store *store, struct error *error)
{
    int64_t wal_bytes;
    bool empty = false;
    int keep = 1;

    sqlite3_busy_timeout(store->db, BUSY_MS);
    if (!is_empty_database(store, &empty, error))
        return false;
    if (!store_run_text(
            store,
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536",
            "be set up", error))
        return false;
    /* Else the last to close removes the log, which other users who read need (check_files()). */
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    if (empty && !create_tables(store, 0, error))
        return false;
    /* Whoever made the tables may have ended before this: readers look for the version here. */
    return store_checkpoint(store, empty, &wal_bytes, error);
}

/*
 * From the version that the file's header tells. Readers know both versions, so that logins go on
 * while the header waits for its checkpoint; what it tells may be older than what SQLite sees.
 */
static bool upgrade(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int64_t wal_bytes;

    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return store_failed(store, "read its version", error);
    }
    store->version = (uint32_t)sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (store->version < STORE_SCHEMA_VERSION && !create_tables(store, store->version, error))
        return false;
    store->version = STORE_SCHEMA_VERSION;
    return store_checkpoint(store, true, &wal_bytes, error);
}

/* Taken for the store's life. What root creates belongs to the directory's owner. */
static bool take_drain_lock(struct store *store, uid_t owner, gid_t group, struct error *error)
{
    struct stat facts;
    int database;

    store->lock_fd = openat(store->directory_fd, STORE_LOCK_FILE,
                            O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (store->lock_fd < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot open %s beside %s",
                               STORE_LOCK_FILE, store->path);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        int reason = errno;

        if (reason == EWOULDBLOCK)
            error_set(error, FAULT_STORE, "another program is writing to the store %s",
                      store->path);
        else
            error_set_errno(error, FAULT_STORE, reason, "cannot lock the store %s", store->path);
        errno = reason;
        return false;
    }
    database = openat(store->directory_fd, STORE_FILE,
                      O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    if (database < 0)
        return error_set_errno(error, FAULT_STORE, errno, "cannot open the store %s", store->path);
    if (fstat(database, &facts) == 0 && facts.st_size == 0)
        (void)fchmod(database, 0640); /* the group reads it, whatever the umask; so its log too */
    if (geteuid() == 0 &&
        (fchown(store->lock_fd, owner, group) != 0 || fchown(database, owner, group) != 0)) {
        close(database);
        return error_set_errno(error, FAULT_STORE, errno, "cannot give %s to its owner",
                               store->path);
    }
    close(database);
    return true;
}

/*
 * The directory lets nobody but its owner write, so what is checked here is what is opened next.
 * Another user can read the database only while its log is there, which he cannot create.
 */
static bool check_files(const struct store *store, uid_t owner, struct error *error)
{
    struct stat facts;

    if (fstatat(store->directory_fd, STORE_FILE, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* the open says it better */
    if (geteuid() != 0 && geteuid() != owner &&
        faccessat(store->directory_fd, STORE_FILE "-wal", R_OK, AT_EACCESS) != 0)
        return error_set_errno(error, FAULT_STORE, errno,
                               "%s-wal cannot be read, without which user id %u cannot read the "
                               "store; start anomalyd, which makes it",
                               store->path, geteuid());
    if (!S_ISREG(facts.st_mode) ||
        (facts.st_uid != owner && facts.st_uid != geteuid() && facts.st_uid != 0))
        return error_set(error, FAULT_STORE,
                         "%s is not a file of the store's owner; chown it to the owner of its "
                         "directory if it is the store",
                         store->path);
    return true;
}

static bool open_database(struct store *store, uid_t owner, struct error *error)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (store->access == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

    if (!check_files(store, owner, error))
        return false;
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
        return error_set(error, FAULT_STORE, "cannot open the store %s: %s", store->path,
                         store->db ? sqlite3_errmsg(store->db) : "out of memory");
    if (store->access == STORE_WRITE && !prepare_writer(store, error))
        return false;
    return check_version(store, error) &&
           (store->access != STORE_WRITE || store->version == STORE_SCHEMA_VERSION ||
            upgrade(store, error));
}

bool store_open(struct store **opened, const char *directory, enum store_access access,
                struct error *error)
{
    struct store *store = calloc(1, sizeof(*store));
    int reason = 0;
    uid_t owner;
    gid_t group;

    *opened = NULL;
    if (!store)
        return error_set(error, FAULT_STORE, "no memory to open the store");
    store->access = access;
    store->directory_fd = store->lock_fd = -1;
    store->last_key = INT64_MAX;
    store->unpublished = access == STORE_WRITE;
    if (snprintf(store->path, sizeof(store->path), "%s/%s", directory, STORE_FILE) >=
        (int)sizeof(store->path)) {
        error_set(error, FAULT_STORE, "the name of the store's directory is too long");
        goto failed;
    }
    if (!trusted_directory_open(directory, access == STORE_WRITE ? geteuid() : ANY_OWNER,
                                FAULT_STORE, &store->directory_fd, &owner, &group, error))
        goto failed;
    if (access == STORE_WRITE && !take_drain_lock(store, owner, group, error)) {
        reason = errno;
        goto failed;
    }
    store->identity = file_identity_of(store->path);
    store->ahead = read_ahead_join(store);
    if (!open_database(store, owner, error))
        goto failed;
    *opened = store;
    return true;
failed:
    store_close(store);
    errno = reason;
    return false;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    known_finish(store);
    rollup_finish(store);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    if (store->db && store->access == STORE_WRITE) /* the log stays, with nothing in it */
        sqlite3_exec(store->db, "PRAGMA journal_size_limit = 0", NULL, NULL, NULL);
    sqlite3_close(store->db);
    read_ahead_leave(store->ahead);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    if (store->directory_fd >= 0)
        close(store->directory_fd);
    free(store);
}

bool store_is_current(const struct store *store, const char *directory)
{
    size_t length = strlen(directory);
    struct file_identity now;

    if (strncmp(store->path, directory, length) != 0 ||
        strcmp(store->path + length, "/" STORE_FILE) != 0)
        return false;
    now = file_identity_of(store->path);
    return now.inode == store->identity.inode && now.device == store->identity.device;
}

int store_directory_fd(const struct store *store)
{
    return store->directory_fd;
}

int64_t store_changes(const struct store *store)
{
    return sqlite3_total_changes64(store->db);
}

bool store_is_damaged(const struct store *store)
{
    return store->damaged;
}

/* ---- checkpoints ----------------------------------------------------------------------------
 */

/*
 * What a reader keeps from being moved stays in the WAL; that too is put on disk, so that
 * whatever was committed before this call survives a power failure.
 */
bool store_checkpoint(struct store *store, bool truncate, int64_t *wal_bytes, struct error *error)
{
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    struct stat status = {0};
    bool done = true;
    int code, fd;

    sqlite3_busy_timeout(store->db, 0);
    code = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, NULL, NULL);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return store_failed(store, "move its log into the database", error);
    fd = openat(store->directory_fd, STORE_FILE "-wal", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (fdatasync(fd) != 0 || fstat(fd, &status) != 0))
        done = error_set_errno(error, FAULT_STORE, errno, "cannot put the log of %s on disk",
                               store->path);
    if (fd >= 0)
        close(fd);
    *wal_bytes = status.st_size;
    return done;
}
