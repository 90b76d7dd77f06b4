/* What a record changes: the login's row, and what is known of its user, its source and its values.
 */
#include <math.h>
#include <string.h>

#include "store/store_tables.h"

static bool hold_sources(struct store *store, const struct login_event *event,
                         struct history_parts *parts, struct error *error)
{
    bool counted = event->stage == STAGE_ATTEMPT || event->stage == STAGE_ACCEPTED;
    struct ip_address site = ip_site_prefix(&event->source);
    struct source_key keys[2];
    struct known_id address = known_source(KNOWN_ADDRESS, &event->source, &keys[0]);
    struct known_id prefix = known_source(KNOWN_PREFIX, &site, &keys[1]);

    if (event->source.family == 0 || !counted)
        return true;
    parts->address = known_hold(store, &address, true, error);
    parts->prefix = parts->address ? known_hold(store, &prefix, true, error) : NULL;
    return parts->prefix != NULL;
}

static bool hold_population(struct store *store, const struct login_event *event,
                            struct history_parts *parts, struct error *error)
{
    struct known_id all_id = known_population();
    struct population_count *all;

    if (event->stage != STAGE_OPENED || !event->learn)
        return true;
    for (unsigned kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(event, kind);
        struct known_id id = known_value(kind, &key);

        if (key == 0)
            continue;
        parts->value[kind] = known_hold(store, &id, true, error);
        if (!parts->value[kind])
            return false;
    }
    all = known_hold(store, &all_id, true, error);
    if (!all)
        return false;
    parts->logins = &all->logins;
    parts->users = &all->users;
    return true;
}

/* By the rule by which a login folds the journal's tail, on the records in the writer's cache. */
bool fold_event(struct store *store, const struct login_event *event, struct error *error)
{
    bool teaches = event->stage == STAGE_ATTEMPT || event->stage == STAGE_ACCEPTED || event->learn;
    struct known_id user = known_profile(event->user);
    struct history_parts parts = {.profile = NULL};

    if (!teaches)
        return true;
    if (!known_trim(store, error))
        return false;
    parts.profile = known_hold(store, &user, true, error);
    if (!parts.profile || !hold_sources(store, event, &parts, error) ||
        !hold_population(store, event, &parts, error))
        return false;
    history_learn_parts(&parts, event);
    return true;
}

/* ---- the login's row ------------------------------------------------------------------------ */

/* What the attempt knew of method and key, before later stages say more. */
static int attempt_bits(const struct login_event *attempt)
{
    return (attempt->method == METHOD_PAM       ? ATTEMPT_IN_PAM
            : attempt->method == METHOD_NOT_PAM ? ATTEMPT_NOT_PAM
                                                : 0) |
           (attempt->key[0] != '\0' ? ATTEMPT_KNEW_KEY : 0);
}

static void set_stage(struct login_row *row, const struct login_event *event)
{
    struct stored_login *login = &row->login;

    row->stages |= STAGE_BIT(event->stage) | (event->learn ? LEARN_BIT(event->stage) : 0);
    if (event->stage == STAGE_ATTEMPT)
        row->stages |= attempt_bits(event);
    if (event->stage == STAGE_ACCEPTED)
        login->accepted_us = event->time_us;
    else if (event->stage == STAGE_OPENED)
        login->opened_us = event->time_us;
    else if (event->stage == STAGE_CLOSED)
        login->closed_us = event->time_us;
    if (event->stage > login->reached)
        login->reached = event->stage;
}

static void row_from(struct login_row *row, const struct login_record *record)
{
    int64_t key = row->key;

    memset(row, 0, sizeof(*row));
    row->key = key;
    row->login.record = *record;
    row->login.reached = record->event.stage;
    row->login.label = LABEL_NONE;
    set_stage(row, &record->event);
}

static bool is_vague(enum login_method method)
{
    return method == METHOD_UNKNOWN || method == METHOD_PAM || method == METHOD_NOT_PAM;
}

/* What a stage adds to what is known of its login, whichever of them came first. */
static void add_news(struct login_event *event, const struct login_event *news)
{
    if (event->method == METHOD_UNKNOWN || !is_vague(news->method))
        event->method = news->method;
    if (news->key[0] != '\0')
        memcpy(event->key, news->key, sizeof(event->key));
    if (news->bytes_in >= 0)
        event->bytes_in = news->bytes_in;
    if (news->bytes_out >= 0)
        event->bytes_out = news->bytes_out;
    if (news->duration_s >= 0)
        event->duration_s = news->duration_s;
    event->learn = event->learn || news->learn;
    event->new_values |= news->new_values;
}

/* What an attempt would say, as long as none is there; the earliest stage that knows it stands. */
static void fill_gaps(struct login_event *event, const struct login_event *other)
{
    if (event->source.family == 0) {
        event->source = other->source;
        event->source_port = other->source_port;
    }
    if (event->connection == 0)
        event->connection = other->connection;
    if (event->place.country[0] == '\0' && event->place.asn == 0 && isnan(event->place.latitude))
        event->place = other->place;
    if (event->device[0] == '\0')
        memcpy(event->device, other->device, sizeof(event->device));
    if (event->rtt_us < 0)
        event->rtt_us = other->rtt_us;
}

/*
 * What the attempt was judged by stands, known or not: its clock, its source, its round trip.
 * Measured again at a later stage it may differ, and who learns from the row would then learn from
 * a login that never was.
 */
static void merge(struct login_row *row, const struct login_record *record)
{
    struct login_record *stored = &row->login.record;
    struct session_volume volume =
        record->event.stage == STAGE_CLOSED ? record->volume : stored->volume;
    struct login_event before = stored->event;
    struct login_event event = record->event;

    if (event.stage == STAGE_ATTEMPT) {
        add_news(&event, &before);
        *stored = *record;
        stored->event = event;
    } else {
        add_news(&stored->event, &event);
        if ((row->stages & STAGE_BIT(STAGE_ATTEMPT)) == 0)
            fill_gaps(&stored->event, &event);
    }
    stored->volume = volume;
    set_stage(row, &record->event);
    stored->event.stage = row->login.reached;
}

bool fold_tell(struct store *store, const struct login_row *row, enum login_stage stage, bool label,
               struct error *error)
{
    return !store->watch.see ||
           store->watch.see(store, store->watch.context, row, stage, label, error);
}

/* A stage of a login that the store has. Of a labelled one the label says what is learned. */
static bool fold_stage(struct store *store, struct login_row *row,
                       const struct login_record *record, struct error *error)
{
    struct login_row before = *row;
    struct login_event event = record->event;

    merge(row, record);
    if (!login_row_update(store, row, &before, error) ||
        !fold_tell(store, row, event.stage, false, error))
        return false;
    if (row->login.label == LABEL_NONE)
        return fold_event(store, &event, error);
    event.learn = false;
    return fold_event(store, &event, error) && relearn_user(store, &before, error);
}

bool store_fold(struct store *store, const struct login_record *record, struct error *error)
{
    const struct login_event *event = &record->event;
    struct login_row row;
    bool found;

    if (login_id_is_none(&event->id) || event->user[0] == '\0')
        return error_set(error, FAULT_STORE, "a login without an id or a user is not stored");
    if (!login_row_find(store, &event->id, &row, &found, error))
        return false;
    if (found && (row.stages & STAGE_BIT(event->stage)) != 0)
        return true;
    if (found)
        return fold_stage(store, &row, record, error);
    row_from(&row, record);
    return login_row_insert(store, &row, error) && fold_event(store, event, error) &&
           fold_tell(store, &row, event->stage, false, error);
}
