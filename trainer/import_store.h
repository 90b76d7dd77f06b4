/* Logins from a history into the store: named, located, written, each once. */
#ifndef TRAINER_IMPORT_STORE_H
#define TRAINER_IMPORT_STORE_H

#include "store/geo.h"
#include "store/store.h"
#include "trainer/key_table.h"

#define RECENT_LOGINS 65536 /* of different facts */

struct import_target {
    struct store *store;   /* in a transaction */
    const struct geo *geo; /* NULL: places are what the history says */
    uint64_t factor;       /* of the tables' keys */
    struct key_table users;
    struct key_table recent[2];  /* how often logins of these facts came: of late, and before */
    struct key_table live_since; /* by host_key(): when the module saw its first login by sshd */
    int64_t recorded;            /* left out: later than that, so the module recorded them */
    int64_t duplicates;          /* were in the store already */
    int64_t crowded;             /* left out: more in one millisecond than there are ids */
};

/* tells_live: what is imported tells of logins that the module sees too. */
bool import_target_init(struct import_target *target, struct store *store, const struct geo *geo,
                        bool tells_live, struct error *error) MUST_USE;
void import_target_finish(struct import_target *target);

/* Adds what the databases know of its place to what the history says of it. geo: may be NULL. */
bool import_locate(const struct geo *geo, struct login_event *event, struct error *error) MUST_USE;

/*
 * An import_visitor; context: the target. The login's id is made from what identifies the attempt
 * and from how many like it came before, among RECENT_LOGINS different ones at least, so that the
 * same history gives the same ids.
 */
bool import_target_add(void *context, const struct stored_login *login,
                       struct error *error) MUST_USE;

#endif
