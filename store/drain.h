/*
 * Folds the journals into the store, exactly once: a journal's position is committed in the same
 * transaction as what was read up to it. Needs a store open for writing (the drain lock).
 */
#ifndef STORE_DRAIN_H
#define STORE_DRAIN_H

#include "store/store.h"

struct drain_limits {
    int64_t rotate_bytes;  /* the current file is retired above this size */
    int64_t batch_records; /* records in one transaction at most */
};

struct drain_result {
    int64_t records; /* folded in */
    int64_t refused; /* sound frames that are no record of ours, or label no login there is, or
                        are of a login whose row cannot be read */
    struct journal_damage damage;
    bool more; /* a batch was full: call again */
};

bool drain_journals(struct store *store, const struct drain_limits *limits,
                    struct drain_result *result, struct error *error) MUST_USE;

#endif
