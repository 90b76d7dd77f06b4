/*
 * What is known of all users, sources and values at one moment of the past, in memory: the parts of
 * every history, each found by its key.
 */
#ifndef TRAINER_HISTORY_TABLES_H
#define TRAINER_HISTORY_TABLES_H

#include "scorer/history.h"
#include "trainer/key_table.h"

/* What an event's history is found by; 0: it has no such part. */
struct history_keys {
    uint64_t user, address, prefix;
    uint64_t value[POPULATION_VALUE_COUNT];
};

struct history_tables {
    struct key_table profiles, addresses, prefixes;
    struct key_table values[POPULATION_VALUE_COUNT];
    uint32_t learned_logins, learned_users;
};

struct history_keys history_keys_of(const struct login_event *event);

void history_tables_init(struct history_tables *tables);
void history_tables_finish(struct history_tables *tables);

/* What is known before an event of these keys. */
void history_tables_find(const struct history_tables *tables, const struct history_keys *keys,
                         struct history *history);

/* Folds the event in; marks an OPENED one (event->new_values) before. */
bool history_tables_fold(struct history_tables *tables, const struct history_keys *keys,
                         struct login_event *event, struct error *error) MUST_USE;

#endif
