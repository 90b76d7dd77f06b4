/*
 * Folds the journals into the store, exactly once: a journal's position is committed in the same
 * transaction as what was read up to it. Needs a store open for writing (the drain lock). Words on
 * logins are read no further than they went before logins were read: none is met before its login.
 *
 * The dashboard's journal lies in a directory of another user, who can write there whatever he
 * likes: nothing of it keeps the other journals waiting or makes the drain fail.
 */
#ifndef STORE_DRAIN_H
#define STORE_DRAIN_H

#include "store/alert.h"

struct drain_limits {
    int64_t rotate_bytes;             /* the current file is retired above this size */
    int64_t batch_records;            /* records in one transaction at most */
    int64_t now_us;                   /* UTC */
    const struct alert_watch *alerts; /* NULL: no rules of alerts are held against logins */
};

struct drain_result {
    int64_t records; /* folded in */
    int64_t refused; /* sound frames that are no record of ours, or of a login whose row cannot be
                        read, or words on no login there is or that ask for more than a word may
                        (word.h) */
    struct journal_damage damage;
    struct error distrust; /* why the dashboard's journal was left alone; FAULT_NONE: it was not */
    bool more;             /* a batch was full: call again */
    bool more_words; /* the same of the dashboard's, who may write faster than this can read */
};

bool drain_journals(struct store *store, const struct drain_limits *limits,
                    struct drain_result *result, struct error *error) MUST_USE;

/*
 * All there is, by a program that writes in anomalyd's place: the rules of the configuration's file
 * of alerts are held against the logins, and the alerts sent when anomalyd runs again. progress
 * (NULL: nobody asks): after each batch, records so far.
 */
bool drain_everything(struct store *store, const struct config *config,
                      void (*progress)(int64_t records), struct drain_result *total,
                      struct error *error) MUST_USE;

#endif
