#include "scorer/history.h"

#include <string.h>

void history_init(struct history *history)
{
    memset(history, 0, sizeof *history);
    profile_init(&history->profile);
    source_init(&history->address);
    source_init(&history->prefix);
}

static void learn_population(const struct history_parts *parts, const struct login_event *past)
{
    if (past->stage != STAGE_OPENED || !past->learn)
        return;
    ++*parts->logins;
    *parts->users += (past->new_values & NEW_USER) != 0;
    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        if (parts->value[kind] == NULL)
            continue;
        parts->value[kind]->logins++;
        parts->value[kind]->users += (past->new_values & 1U << kind) != 0;
    }
}

void history_learn_parts(const struct history_parts *parts, const struct login_event *past)
{
    if (parts->profile != NULL) {
        profile_count(parts->profile, past);
        profile_learn(parts->profile, past);
    }
    if (parts->address != NULL)
        source_count(parts->address, past);
    if (parts->prefix != NULL)
        source_count(parts->prefix, past);
    learn_population(parts, past);
}

static void find_sources(struct history *history, const struct login_event *about,
                         const struct login_event *past, struct history_parts *parts)
{
    if (about->source.family == 0 || past->source.family == 0)
        return;
    if (ip_equal(&about->source, &past->source))
        parts->address = &history->address;
    struct ip_address about_prefix = ip_site_prefix(&about->source);
    struct ip_address past_prefix = ip_site_prefix(&past->source);
    if (ip_equal(&about_prefix, &past_prefix))
        parts->prefix = &history->prefix;
}

void history_learn(struct history *history, const struct login_event *about,
                   const struct login_event *past)
{
    struct history_parts parts = {.logins = &history->population.logins,
                                  .users = &history->population.users};
    if (strcmp(about->user, past->user) == 0)
        parts.profile = &history->profile;
    find_sources(history, about, past, &parts);
    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(past, kind);
        if (key != 0 && key == population_key(about, kind))
            parts.value[kind] = &history->population.value[kind];
    }
    history_learn_parts(&parts, past);
}

static enum familiar_kind familiar_kind_of(enum population_value value)
{
    static const enum familiar_kind kinds[POPULATION_VALUE_COUNT] = {
#define POPULATION_VALUE(symbol, name) [POPULATION_##symbol] = FAMILIAR_##symbol,
        POPULATION_VALUES
#undef POPULATION_VALUE
    };
    return kinds[value];
}

void history_mark_new(const struct profile *profile, struct login_event *event)
{
    event->new_values = profile->logins == 0 ? NEW_USER : 0;
    for (unsigned value = 0; value < POPULATION_VALUE_COUNT; value++) {
        uint64_t key = population_key(event, value);
        struct familiarity familiarity =
            profile_familiarity(profile, familiar_kind_of(value), key, event->time_us);
        if (key != 0 && familiarity.logins == 0)
            event->new_values |= (uint8_t)(1U << value);
    }
}
