/* Logins from a history into the store: named, located, written, each once. */
#ifndef TRAINER_IMPORT_STORE_H
#define TRAINER_IMPORT_STORE_H

#include "store/geo.h"
#include "store/store.h"
#include "trainer/key_table.h"

#define RECENT_LOGINS 65536

/* How often a login of these facts came of late. */
struct recent_login {
    uint64_t identity;
    uint64_t count;
};

struct import_target {
    struct store *store;   /* in a transaction */
    const struct geo *geo; /* NULL: places are what the history says */
    struct key_table users;
    struct recent_login *recent;
    int64_t duplicates; /* were in the store already */
    int64_t crowded;    /* left out: more in one millisecond than there are ids */
};

bool import_target_init(struct import_target *target, struct store *store, const struct geo *geo,
                        struct error *error) MUST_USE;
void import_target_finish(struct import_target *target);

/*
 * An import_visitor; context: the target. The login's id is made from what identifies the attempt
 * and from how many like it came just before, so that the same history gives the same ids.
 */
bool import_target_add(void *context, const struct stored_login *login,
                       struct error *error) MUST_USE;

#endif
