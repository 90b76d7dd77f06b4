/*
 * The profile store: one SQLite file DIR/store.db in WAL mode, one writer at a time. Logins and
 * people read it; whoever holds the drain lock writes it (anomalyd, else the trainer or
 * anomalyctl). All statements are rows of statements.def, prepared when first used and kept until
 * close.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <sys/types.h>

#include "scorer/history.h"
#include "scorer/login_record.h"
#include "store/journal.h"

#define STORE_FILE       "store.db"
#define STORE_MODEL_FILE "model.forest"
/* Version 1 lacks the table of labels, version 2 decisions, counts and lists; writers add them. */
#define STORE_SCHEMA_VERSION 3

enum store_access {
    STORE_READ,  /* fails when there is no store; sees a consistent state per transaction */
    STORE_WRITE, /* creates what is missing; takes the drain lock, fails at once when it is held */
};

struct store;

/*
 * For a process that uses stores in one thread, before it opens its first: SQLite without locks and
 * statistics. False when that cannot be had; SQLite then works as usual.
 */
bool store_configure_for_one_thread(void);

/*
 * For a process with one thread that checks logins, before it opens its first store: SQLite without
 * locks and statistics, its database mapped. A database that is cut short under it then ends the
 * process by SIGBUS, which whoever waits for the check sees to. False when that cannot be had;
 * SQLite then works as usual.
 */
bool store_configure_for_check(void);

/*
 * Makes this process ask the disk for all rows of a page of logins at once: for one that answers
 * many who look at old logins. Before it opens a store.
 */
void store_configure_read_ahead(void);

/*
 * directory must be writable by its owner alone; for writing, he must be root or the caller's
 * effective user. Other users whom it and its files let read can read, once anomalyd has been
 * there. On success *store is the caller's to close. A drain lock that is held leaves EWOULDBLOCK
 * in errno.
 */
bool store_open(struct store **store, const char *directory, enum store_access access,
                struct error *error) MUST_USE;
void store_close(struct store *store);

/* Whether the directory still holds the very database file that is open. */
bool store_is_current(const struct store *store, const char *directory);
int store_directory_fd(const struct store *store);

/* Whether a call failed because the database is damaged: trying again is of no use. */
bool store_is_damaged(const struct store *store);

/* One read or write transaction around several calls. A failed commit rolls back. */
bool store_begin(struct store *store, struct error *error) MUST_USE;
bool store_commit(struct store *store, struct error *error) MUST_USE;
void store_rollback(struct store *store);

/*
 * Everything known before the event, as of the store's drained positions, which are given too (so
 * that the journal's tail can be folded on top). Unknown users, sources and values leave their
 * parts at their initial state.
 */
bool store_history_load(struct store *store, const struct login_event *event,
                        struct history *history, struct journal_positions *positions,
                        struct error *error) MUST_USE;

/*
 * Folds one record in: the login's row, the profile, the sources, the population. A record whose
 * stage is stored already changes nothing. Profiles and sources are cached until store_commit().
 * Inside a transaction.
 */
bool store_fold(struct store *store, const struct login_record *record,
                struct error *error) MUST_USE;

bool store_positions_load(struct store *store, const char *producer,
                          struct journal_positions *positions, struct error *error) MUST_USE;
bool store_positions_save(struct store *store, const char *producer,
                          const struct journal_positions *positions, struct error *error) MUST_USE;

/*
 * What the records of a login said, by bit: which stages came, and which of them are to be learned.
 * A label has the last word on that: of an attack nothing is learned; of a legitimate login all
 * there is, and a session that never opened as if it had when the login was accepted.
 */
#define STAGE_BIT(stage) (1 << (stage))
#define LEARN_BIT(stage) (16 << (stage))
/* Of the attempt, whose method and key later stages make more precise. */
#define ATTEMPT_IN_PAM   (1 << 8)
#define ATTEMPT_NOT_PAM  (1 << 9)
#define ATTEMPT_KNEW_KEY (1 << 10)

enum login_label_value { LABEL_NONE = -1, LABEL_LEGITIMATE, LABEL_ATTACK };

#define LOGIN_FAMILY_BYTES 24

/* A login as the store has it. */
struct stored_login {
    struct login_record record; /* event: as of the latest stage; time_us of the attempt; learn:
                                   whether any stage is learned */
    int64_t accepted_us, opened_us, closed_us; /* 0: not reached */
    enum login_stage reached;
    int said; /* the bits above; 0: it was not read from a store */
    bool imported;
    int8_t label;                    /* enum login_label_value */
    char family[LOGIN_FAMILY_BYTES]; /* of a labelled or simulated attack, else "" */
};

/* What is learned of a login whose records said `stages`: stored_login.said. */
int login_said(int stages, int label);

/* The stages of a whole login from a history, with event.learn, as store_import() keeps them. */
int login_history_stages(const struct stored_login *login);

/*
 * When a stage of a stored login changes what is known: ATTEMPT and ACCEPTED are counted, OPENED
 * and CLOSED are learned; NEVER_LEARNED_US: it changes nothing.
 */
#define NEVER_LEARNED_US (-1)
int64_t login_learned_us(const struct stored_login *login, enum login_stage stage);

/* Return false to stop (not an error). */
typedef bool login_visitor(void *context, const struct stored_login *login);

struct login_filter {
    const char *user;                /* NULL: all */
    const struct ip_address *source; /* NULL: all */
    const struct login_id *id;       /* NULL: all */
    int64_t since_us, until_us;      /* until_us 0: no end */
    enum verdict at_least;           /* assessed logins only when above VERDICT_ALLOW */
    bool newest_first;
    int64_t limit; /* 0: no limit */
};

bool store_logins(struct store *store, const struct login_filter *filter, login_visitor *visit,
                  void *context, struct error *error) MUST_USE;

/*
 * The latest attempt on this connection by this user within the last window_s seconds before
 * event->time_us. *found is false when there is none.
 */
bool store_attempt_find(struct store *store, const struct login_event *event, int64_t window_s,
                        struct stored_login *login, bool *found, struct error *error) MUST_USE;

bool store_profile_load(struct store *store, const char *user, struct profile *profile, bool *found,
                        struct error *error) MUST_USE;
bool store_source_load(struct store *store, const struct ip_address *address, unsigned prefix_bits,
                       struct source *source, bool *found, struct error *error) MUST_USE;

/* The last 24 hours by ten minutes: from the beginning of those that they began in. */
struct store_counts {
    int64_t logins, users, sources, attempts_24h, failures_24h, denials_24h, step_ups_24h;
    int64_t failures; /* logins that were never accepted, of all */
    int64_t oldest_us, newest_us;
    int64_t database_bytes, wal_bytes, damage_bytes, damage_spots;
};
bool store_counts(struct store *store, int64_t now_us, struct store_counts *counts,
                  struct error *error) MUST_USE;

/*
 * The transaction of an import. Into a store without logins it goes without their indices, which
 * store_import_commit() then makes in one go. A commit of logins that were not there learns
 * everything again before, in the same transaction: no login is ever stored and not learned.
 * store_rollback() ends it too.
 */
bool store_import_begin(struct store *store, struct error *error) MUST_USE;
bool store_import_commit(struct store *store, struct error *error) MUST_USE;

/*
 * Inserts a whole login from a history (all its stages), in the transaction of an import. A login
 * without an id or a user, or at a time that no record can have, is refused.
 */
enum import_outcome {
    IMPORT_STORED,
    IMPORT_KNOWN,   /* its id is there: it changed nothing, unless it now has a stage that was not
                     * known (a session that was open when its history was read before) */
    IMPORT_CROWDED, /* left out: others of its millisecond have all the keys of its id */
};
bool store_import(struct store *store, const struct stored_login *login,
                  enum import_outcome *outcome, struct error *error) MUST_USE;

/* Rows written since the store was opened: whether an import changed anything. */
int64_t store_changes(const struct store *store);

/*
 * Forgets all profiles, sources and population counts and learns them again from the stored logins,
 * their stages in time order. In the caller's transaction, which is his to roll back when it fails;
 * without one, in its own.
 */
bool store_rebuild(struct store *store, struct error *error) MUST_USE;

/*
 * How long things are kept. Whoever can reach the host can make attempts that are never accepted,
 * with names and from addresses of his choice: what these leave behind has a time and a bound of
 * its own.
 */
struct store_keeping {
    int64_t logins_before_us;   /* logins, and users learned from, go when older */
    int64_t failures_before_us; /* logins never accepted, and users never learned from */
    int64_t sources_before_us;
    /*
     * At most so many logins never accepted, and three times as many rows of sources and of users
     * never learned from; the oldest go. Not before settled_us: a login may still be accepted.
     */
    int64_t failures_most;
    int64_t settled_us;
};

/*
 * Forgets one step's worth: at most `most` rows of each kind; *removed of them. *more: there may be
 * more to forget at once. In a transaction.
 */
bool store_retain(struct store *store, const struct store_keeping *keeping, int64_t most,
                  int64_t *removed, bool *more, struct error *error) MUST_USE;

/* Whether more is there than failures_most allows. The writer's. */
bool store_has_excess(struct store *store, int64_t failures_most, bool *excess,
                      struct error *error) MUST_USE;

/* Moves the WAL's content into the database, on disk when it returns. truncate: the WAL file
 * shrinks to nothing when no reader holds it. *wal_bytes: what is left of it. */
bool store_checkpoint(struct store *store, bool truncate, int64_t *wal_bytes,
                      struct error *error) MUST_USE;

#endif
