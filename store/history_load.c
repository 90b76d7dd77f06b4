/* The read path of a login, and of whoever asks for one profile or one source. */
#include <string.h>

#include "store/store_tables.h"

#define LOGIN_PRODUCER "login"

/* From the writer's cache when there is one: it may hold what is not flushed yet. */
static bool load(struct store *store, const struct known_id *id, void *record, bool *found,
                 struct error *error)
{
    int64_t day;
    int slot;

    if (store->access == STORE_WRITE && store->dirty && !known_flush(store, error))
        return false;
    return known_read(store, id, record, &slot, &day, found, error);
}

static bool load_sources(struct store *store, const struct login_event *event,
                         struct history *history, struct error *error)
{
    struct ip_address site = ip_site_prefix(&event->source);
    struct source_key keys[2];
    struct known_id address = known_source(KNOWN_ADDRESS, &event->source, &keys[0]);
    struct known_id prefix = known_source(KNOWN_PREFIX, &site, &keys[1]);
    bool found;

    return event->source.family == 0 || (load(store, &address, &history->address, &found, error) &&
                                         load(store, &prefix, &history->prefix, &found, error));
}

static bool load_population(struct store *store, const struct login_event *event,
                            struct population *population, struct error *error)
{
    struct known_id all = known_population();
    struct population_count count;
    bool found;

    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(event, kind);
        struct known_id id = known_value(kind, &key);

        if (key != 0 && !load(store, &id, &population->value[kind], &found, error))
            return false;
    }
    if (!load(store, &all, &count, &found, error))
        return false;
    population->logins = count.logins;
    population->users = count.users;
    return true;
}

bool store_history_load(struct store *store, const struct login_event *event,
                        struct history *history, struct journal_positions *positions,
                        struct error *error)
{
    struct known_id user = known_profile(event->user);
    bool own, found, done;

    history_init(history);
    if (!store_begin_own(store, &own, error))
        return false;
    done = load(store, &user, &history->profile, &found, error) &&
           load_sources(store, event, history, error) &&
           load_population(store, event, &history->population, error) &&
           store_positions_load(store, LOGIN_PRODUCER, positions, error);
    if (own)
        store_rollback(store);
    return done;
}

bool store_profile_load(struct store *store, const char *user, struct profile *profile, bool *found,
                        struct error *error)
{
    struct known_id id = known_profile(user);

    return load(store, &id, profile, found, error);
}

bool store_source_load(struct store *store, const struct ip_address *address, unsigned prefix_bits,
                       struct source *source, bool *found, struct error *error)
{
    bool whole = prefix_bits >= (address->family == 4 ? 32u : 128u);
    struct ip_address subject = ip_prefix(address, prefix_bits);
    struct source_key key;
    struct known_id id = known_source(whole ? KNOWN_ADDRESS : KNOWN_PREFIX, &subject, &key);

    return load(store, &id, source, found, error);
}
