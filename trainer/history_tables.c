#include "trainer/history_tables.h"

#include "common/hash.h"

struct history_keys history_keys_of(const struct login_event *event)
{
    struct history_keys keys = {.user = hash_text(event->user)};

    if (event->source.family != 0) {
        struct ip_address prefix = ip_site_prefix(&event->source);
        keys.address = ip_key(&event->source);
        keys.prefix = ip_key(&prefix);
    }
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++)
        keys.value[kind] = population_key(event, (enum population_value)kind);
    return keys;
}

void history_tables_init(struct history_tables *tables)
{
    *tables = (struct history_tables){.learned_logins = 0};
    key_table_init(&tables->profiles, sizeof(struct profile));
    key_table_init(&tables->addresses, sizeof(struct source));
    key_table_init(&tables->prefixes, sizeof(struct source));
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++)
        key_table_init(&tables->values[kind], sizeof(struct population_count));
}

void history_tables_finish(struct history_tables *tables)
{
    key_table_finish(&tables->profiles);
    key_table_finish(&tables->addresses);
    key_table_finish(&tables->prefixes);
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++)
        key_table_finish(&tables->values[kind]);
}

static void find_source(const struct key_table *table, uint64_t key, struct source *source)
{
    const struct source *known = key == 0 ? NULL : key_table_find(table, key);

    if (known != NULL)
        *source = *known;
    else
        source_init(source);
}

void history_tables_find(const struct history_tables *tables, const struct history_keys *keys,
                         struct history *history)
{
    const struct profile *profile = key_table_find(&tables->profiles, keys->user);
    struct population *population = &history->population;

    if (profile != NULL)
        history->profile = *profile;
    else
        profile_init(&history->profile);
    find_source(&tables->addresses, keys->address, &history->address);
    find_source(&tables->prefixes, keys->prefix, &history->prefix);
    *population =
        (struct population){.logins = tables->learned_logins, .users = tables->learned_users};
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        const struct population_count *count =
            keys->value[kind] == 0 ? NULL
                                   : key_table_find(&tables->values[kind], keys->value[kind]);
        if (count != NULL)
            population->value[kind] = *count;
    }
}

static struct profile *hold_profile(struct history_tables *tables, uint64_t key,
                                    struct error *error)
{
    bool added = false;
    struct profile *profile = key_table_add(&tables->profiles, key, &added, error);

    if (added)
        profile_init(profile);
    return profile;
}

static struct source *hold_source(struct key_table *table, uint64_t key, struct error *error)
{
    bool added = false;
    struct source *source = key_table_add(table, key, &added, error);

    if (added)
        source_init(source);
    return source;
}

static bool hold_population(struct history_tables *tables, const struct history_keys *keys,
                            struct history_parts *parts, struct error *error)
{
    bool added = false;

    parts->logins = &tables->learned_logins;
    parts->users = &tables->learned_users;
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        if (keys->value[kind] == 0)
            continue;
        parts->value[kind] = key_table_add(&tables->values[kind], keys->value[kind], &added, error);
        if (parts->value[kind] == NULL)
            return false;
    }
    return true;
}

/* What no stage of this kind changes is not looked for. */
bool history_tables_fold(struct history_tables *tables, const struct history_keys *keys,
                         struct login_event *event, struct error *error)
{
    bool counted = event->stage == STAGE_ATTEMPT || event->stage == STAGE_ACCEPTED;
    struct history_parts parts = {.profile = NULL};

    if (!counted && !event->learn)
        return true;
    parts.profile = hold_profile(tables, keys->user, error);
    if (parts.profile == NULL)
        return false;
    if (counted && keys->address != 0) {
        parts.address = hold_source(&tables->addresses, keys->address, error);
        parts.prefix = hold_source(&tables->prefixes, keys->prefix, error);
        if (parts.address == NULL || parts.prefix == NULL)
            return false;
    }
    if (event->stage == STAGE_OPENED) {
        if (!hold_population(tables, keys, &parts, error))
            return false;
        history_mark_new(parts.profile, event);
    }
    history_learn_parts(&parts, event);
    return true;
}
