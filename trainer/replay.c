#include "trainer/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "trainer/key_table.h"
#include "trainer/pending_heap.h"

/* What logins are stored in the order of. */
#define ORDER_US 1000

/* Where what a login concerns stands in the tables; 0: nowhere. */
struct subject_keys {
    uint64_t user, address, prefix;
    uint64_t value[POPULATION_VALUE_COUNT];
};

/* A login that is being told, or what a scheduled moment is about. */
struct subject {
    struct stored_login login; /* its event becomes that of each stage in turn */
    struct subject_keys keys;
    int64_t bytes_in, bytes_out, duration_s; /* which only the last stage knows */
    bool volume_left;                        /* replay_leave_volume() */
    unsigned entries;                        /* in the heap */
    struct subject *next;                    /* of the unused ones */
};

struct replay {
    struct replay_hooks hooks;
    int64_t since_us; /* attempts before are not the hook's */
    struct key_table profiles, addresses, prefixes;
    struct key_table values[POPULATION_VALUE_COUNT];
    uint32_t learned_logins, learned_users;
    struct pending_heap pending;
    struct subject *unused, *asked; /* asked: which the attempt hook hears of */
};

struct login_event login_event_as_seen_at_attempt(const struct login_event *event)
{
    struct login_event seen = *event;

    seen.stage = STAGE_ATTEMPT;
    switch (event->method) {
    case METHOD_PAM:
    case METHOD_NOT_PAM: /* no session opened: all that is stored is what the attempt knew */
        break;
    case METHOD_TWO_FACTOR: /* the key was the first factor, the attempt came with the second */
        seen.method = METHOD_PAM;
        break;
    case METHOD_PASSWORD:
    case METHOD_KEYBOARD_INTERACTIVE:
        seen.method = METHOD_PAM;
        seen.key[0] = '\0';
        break;
    case METHOD_PUBLICKEY:
    case METHOD_GSSAPI:
    case METHOD_HOSTBASED:
        seen.method = METHOD_NOT_PAM;
        seen.key[0] = '\0';
        break;
    default:
        seen.key[0] = '\0';
        break;
    }
    seen.bytes_in = seen.bytes_out = seen.duration_s = -1;
    seen.learn = false;
    seen.new_values = 0;
    return seen;
}

struct login_event stored_login_as_seen_at_attempt(const struct stored_login *login)
{
    struct login_event seen = login_event_as_seen_at_attempt(&login->record.event);

    if ((login->said & (ATTEMPT_IN_PAM | ATTEMPT_NOT_PAM)) == 0)
        return seen;
    seen.method = (login->said & ATTEMPT_IN_PAM) != 0 ? METHOD_PAM : METHOD_NOT_PAM;
    memset(seen.key, 0, sizeof seen.key);
    if ((login->said & ATTEMPT_KNEW_KEY) != 0)
        memcpy(seen.key, login->record.event.key, sizeof seen.key);
    return seen;
}

bool replay_create(struct replay **replay, const struct replay_hooks *hooks, struct error *error)
{
    *replay = calloc(1, sizeof **replay);
    if (*replay == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot replay the history");
    (*replay)->hooks = *hooks;
    (*replay)->since_us = INT64_MIN;
    key_table_init(&(*replay)->profiles, sizeof(struct profile));
    key_table_init(&(*replay)->addresses, sizeof(struct source));
    key_table_init(&(*replay)->prefixes, sizeof(struct source));
    for (int i = 0; i < POPULATION_VALUE_COUNT; i++)
        key_table_init(&(*replay)->values[i], sizeof(struct population_count));
    return true;
}

static void drop_subject(struct replay *replay, struct subject *subject)
{
    if (--subject->entries > 0)
        return;
    subject->next = replay->unused;
    replay->unused = subject;
}

void replay_destroy(struct replay *replay)
{
    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->pending.count; i++)
        drop_subject(replay, replay->pending.entries[i].subject);
    for (struct subject *subject = replay->unused, *next; subject != NULL; subject = next) {
        next = subject->next;
        free(subject);
    }
    free(replay->pending.entries);
    key_table_finish(&replay->profiles);
    key_table_finish(&replay->addresses);
    key_table_finish(&replay->prefixes);
    for (int i = 0; i < POPULATION_VALUE_COUNT; i++)
        key_table_finish(&replay->values[i]);
    free(replay);
}

void replay_ask_since(struct replay *replay, int64_t since_us)
{
    replay->since_us = since_us;
}

/* ---- what is known ---- */

static struct subject_keys keys_of(const struct login_event *event)
{
    struct subject_keys keys = {.user = hash_text(event->user)};

    if (event->source.family != 0) {
        struct ip_address prefix = ip_site_prefix(&event->source);
        keys.address = ip_key(&event->source);
        keys.prefix = ip_key(&prefix);
    }
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++)
        keys.value[kind] = population_key(event, (enum population_value)kind);
    return keys;
}

static void find_source(const struct key_table *table, uint64_t key, struct source *source)
{
    const struct source *known = key == 0 ? NULL : key_table_find(table, key);

    if (known != NULL)
        *source = *known;
    else
        source_init(source);
}

static void find_history(const struct replay *replay, const struct subject_keys *keys,
                         struct history *history)
{
    const struct profile *profile = key_table_find(&replay->profiles, keys->user);
    struct population *population = &history->population;

    if (profile != NULL)
        history->profile = *profile;
    else
        profile_init(&history->profile);
    find_source(&replay->addresses, keys->address, &history->address);
    find_source(&replay->prefixes, keys->prefix, &history->prefix);
    *population =
        (struct population){.logins = replay->learned_logins, .users = replay->learned_users};
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        const struct population_count *count =
            keys->value[kind] == 0 ? NULL
                                   : key_table_find(&replay->values[kind], keys->value[kind]);
        if (count != NULL)
            population->value[kind] = *count;
    }
}

void replay_history(const struct replay *replay, const struct login_event *event,
                    struct history *history)
{
    struct subject_keys keys = keys_of(event);

    find_history(replay, &keys, history);
}

static struct profile *hold_profile(struct replay *replay, uint64_t key, struct error *error)
{
    bool added = false;
    struct profile *profile = key_table_add(&replay->profiles, key, &added, error);

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

static bool hold_population(struct replay *replay, const struct subject_keys *keys,
                            struct history_parts *parts, struct error *error)
{
    bool added = false;

    parts->logins = &replay->learned_logins;
    parts->users = &replay->learned_users;
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        if (keys->value[kind] == 0)
            continue;
        parts->value[kind] = key_table_add(&replay->values[kind], keys->value[kind], &added, error);
        if (parts->value[kind] == NULL)
            return false;
    }
    return true;
}

/* What no stage of this kind changes is not looked for. */
static bool fold(struct replay *replay, const struct subject_keys *keys, struct login_event *event,
                 struct error *error)
{
    bool counted = event->stage == STAGE_ATTEMPT || event->stage == STAGE_ACCEPTED;
    struct history_parts parts = {.profile = NULL};

    if (!counted && !event->learn)
        return true;
    parts.profile = hold_profile(replay, keys->user, error);
    if (parts.profile == NULL)
        return false;
    if (counted && keys->address != 0) {
        parts.address = hold_source(&replay->addresses, keys->address, error);
        parts.prefix = hold_source(&replay->prefixes, keys->prefix, error);
        if (parts.address == NULL || parts.prefix == NULL)
            return false;
    }
    if (event->stage == STAGE_OPENED) {
        if (!hold_population(replay, keys, &parts, error))
            return false;
        history_mark_new(parts.profile, event);
    }
    history_learn_parts(&parts, event);
    return true;
}

/* ---- what is still to come ---- */

/* One that is the caller's until it is pushed; NULL: out of memory. */
static struct subject *new_subject(struct replay *replay, struct error *error)
{
    struct subject *subject = replay->unused;

    if (subject != NULL)
        replay->unused = subject->next;
    else
        subject = malloc(sizeof *subject);
    if (subject == NULL)
        error_set_errno(error, FAULT_STORE, ENOMEM, "cannot replay the history");
    else
        subject->entries = 0;
    return subject;
}

static bool push(struct replay *replay, struct pending entry, struct error *error)
{
    struct subject *subject = entry.subject;

    subject->entries++;
    if (pending_heap_push(&replay->pending, entry, error))
        return true;
    drop_subject(replay, subject);
    return false;
}

bool replay_schedule(struct replay *replay, const struct login_event *about, int64_t time_us,
                     struct error *error)
{
    struct subject *subject = new_subject(replay, error);

    if (subject == NULL)
        return false;
    subject->login.record.event = *about;
    subject->login.record.event.time_us = time_us;
    return push(replay,
                (struct pending){.time_us = time_us, .subject = subject, .kind = PENDING_MOMENT},
                error);
}

/* What a stage's own record said of learning; of a login that has none, what the login says. */
static bool is_learned(const struct stored_login *login, enum login_stage stage)
{
    if (login->label == 1)
        return false;
    return login->said != 0 ? (login->said & LEARN_BIT(stage)) != 0 : login->record.event.learn;
}

void replay_leave_volume(struct replay *replay)
{
    replay->asked->volume_left = true;
}

/* A login whose attempt could not be recorded was not counted as one either. */
static bool begin_login(struct replay *replay, struct subject *subject, struct error *error)
{
    const struct stored_login *login = &subject->login;
    struct login_event seen = stored_login_as_seen_at_attempt(login);
    struct subject_keys keys = subject->keys;
    struct history history;

    if (login->said != 0 && (login->said & STAGE_BIT(STAGE_ATTEMPT)) == 0)
        return true;
    if (seen.key[0] == '\0')
        keys.value[POPULATION_KEY] = 0;
    if (login->record.event.time_us >= replay->since_us) {
        find_history(replay, &keys, &history);
        replay->asked = subject;
        if (!replay->hooks.attempt(replay->hooks.context, replay, login, &seen, &history, error))
            return false;
    }
    return fold(replay, &keys, &seen, error);
}

static bool fold_stage(struct replay *replay, struct subject *subject, enum login_stage stage,
                       int64_t time_us, struct error *error)
{
    struct login_event *event = &subject->login.record.event;
    bool closed = stage == STAGE_CLOSED, learn = event->learn;

    event->stage = stage;
    event->time_us = time_us;
    event->learn = is_learned(&subject->login, stage) && !(closed && subject->volume_left);
    event->bytes_in = closed ? subject->bytes_in : -1;
    event->bytes_out = closed ? subject->bytes_out : -1;
    event->duration_s = closed ? subject->duration_s : -1;
    bool done = fold(replay, &subject->keys, event, error);
    event->learn = learn; /* the login's own word, which the next stage asks for */
    return done;
}

/* Stages that are the next to happen need not wait in the heap. */
static bool tell_stages(struct replay *replay, struct subject *subject, int64_t until_us,
                        struct error *error)
{
    const struct stored_login *login = &subject->login;
    const int64_t times_us[STAGE_COUNT] = {[STAGE_ACCEPTED] = login->accepted_us,
                                           [STAGE_OPENED] = login->opened_us,
                                           [STAGE_CLOSED] = login->closed_us};
    bool waits = login->opened_us != 0 && login->opened_us < login->accepted_us;

    for (enum login_stage stage = STAGE_ACCEPTED; stage <= login->reached; stage++) {
        int64_t time_us = times_us[stage];
        if (time_us == 0)
            continue;
        waits |= time_us >= until_us ||
                 (replay->pending.count > 0 && replay->pending.entries[0].time_us <= time_us);
        struct pending entry = {
            .time_us = time_us, .subject = subject, .kind = PENDING_STAGE, .stage = stage};
        if (!(waits ? push(replay, entry, error)
                    : fold_stage(replay, subject, stage, time_us, error)))
            return false;
    }
    return true;
}

static bool happen(struct replay *replay, const struct pending *pending, int64_t until_us,
                   struct error *error)
{
    struct subject *subject = pending->subject;

    switch (pending->kind) {
    case PENDING_STAGE:
        return fold_stage(replay, subject, pending->stage, pending->time_us, error);
    case PENDING_MOMENT:
        return replay->hooks.moment(replay->hooks.context, replay, &subject->login.record.event,
                                    pending->time_us, error);
    default:
        return begin_login(replay, subject, error) && tell_stages(replay, subject, until_us, error);
    }
}

static bool run_before(struct replay *replay, int64_t time_us, struct error *error)
{
    while (replay->pending.count > 0 && replay->pending.entries[0].time_us < time_us) {
        struct pending entry = pending_heap_pop(&replay->pending);
        bool done = happen(replay, &entry, time_us, error);

        drop_subject(replay, entry.subject);
        if (!done)
            return false;
    }
    return true;
}

bool replay_add(struct replay *replay, const struct stored_login *login, struct error *error)
{
    const struct login_event *event = &login->record.event;
    int64_t time_us = event->time_us;

    if (!run_before(replay, time_us - time_us % ORDER_US, error))
        return false;
    struct subject *subject = new_subject(replay, error);
    if (subject == NULL)
        return false;
    subject->login = *login;
    subject->keys = keys_of(event);
    subject->volume_left = false;
    subject->bytes_in = event->bytes_in;
    subject->bytes_out = event->bytes_out;
    subject->duration_s = event->duration_s;
    return push(replay,
                (struct pending){.time_us = time_us, .subject = subject, .kind = PENDING_ATTEMPT},
                error);
}

bool replay_finish(struct replay *replay, struct error *error)
{
    return run_before(replay, INT64_MAX, error);
}
