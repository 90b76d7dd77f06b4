/* How far the store is behind the journals. */
#ifndef STORE_JOURNAL_STATE_H
#define STORE_JOURNAL_STATE_H

#include "store/store.h"

#define JOURNAL_STATE_FILES 6 /* three producers, current and retired */

struct journal_file_state {
    char name[64];
    int64_t bytes, pending_records, pending_bytes;
    int64_t oldest_pending_us; /* 0: none */
    struct journal_damage damage;
};

struct journal_state {
    struct journal_file_state file[JOURNAL_STATE_FILES];
    size_t files;
    int64_t pending_records, oldest_pending_us; /* of all */
    bool writer_running;
};

/* store may be NULL: then everything in the journals counts as pending. */
bool journal_state_read(struct store *store, int directory_fd, struct journal_state *state,
                        struct error *error) MUST_USE;

#endif
