#include "scorer/history.h"

#include <string.h>

void history_init(struct history *history)
{
    memset(history, 0, sizeof *history);
    profile_init(&history->profile);
    source_init(&history->address);
    source_init(&history->prefix);
}

static void learn_source(struct history *history, const struct login_event *about,
                         const struct login_event *past)
{
    if (about->source.family == 0 || past->source.family == 0)
        return;
    if (ip_equal(&about->source, &past->source))
        source_count(&history->address, past);
    struct ip_address about_prefix = ip_site_prefix(&about->source);
    struct ip_address past_prefix = ip_site_prefix(&past->source);
    if (ip_equal(&about_prefix, &past_prefix))
        source_count(&history->prefix, past);
}

static void learn_population(struct population *population, const struct login_event *about,
                             const struct login_event *past)
{
    if (past->stage != STAGE_OPENED || !past->learn)
        return;
    population->logins++;
    population->users += (past->new_values & NEW_USER) != 0;
    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(past, kind);
        if (key == 0 || key != population_key(about, kind))
            continue;
        population->value[kind].logins++;
        population->value[kind].users += (past->new_values & 1U << kind) != 0;
    }
}

void history_learn(struct history *history, const struct login_event *about,
                   const struct login_event *past)
{
    if (strcmp(about->user, past->user) == 0) {
        profile_count(&history->profile, past);
        profile_learn(&history->profile, past);
    }
    learn_source(history, about, past);
    learn_population(&history->population, about, past);
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
