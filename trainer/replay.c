#include "trainer/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "trainer/key_table.h"

/* What logins are stored in the order of. */
#define ORDER_US 1000

enum pending_kind {
    PENDING_ATTEMPT, /* a struct stored_login */
    PENDING_STAGE,   /* a struct login_event: a later stage of a login that began */
    PENDING_MOMENT   /* a struct login_event: what a scheduled moment is about */
};

struct pending {
    int64_t time_us;
    uint64_t sequence; /* keeps the order of what happens at one time */
    enum pending_kind kind;
    void *subject;
};

struct replay {
    struct replay_hooks hooks;
    struct key_table profiles, addresses, prefixes;
    struct key_table values[POPULATION_VALUE_COUNT];
    uint32_t learned_logins, learned_users;
    struct pending *heap; /* earliest first */
    size_t heap_count, heap_capacity;
    uint64_t sequence;
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
    key_table_init(&(*replay)->profiles, sizeof(struct profile));
    key_table_init(&(*replay)->addresses, sizeof(struct source));
    key_table_init(&(*replay)->prefixes, sizeof(struct source));
    for (int i = 0; i < POPULATION_VALUE_COUNT; i++)
        key_table_init(&(*replay)->values[i], sizeof(struct population_count));
    return true;
}

void replay_destroy(struct replay *replay)
{
    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->heap_count; i++)
        free(replay->heap[i].subject);
    free(replay->heap);
    key_table_finish(&replay->profiles);
    key_table_finish(&replay->addresses);
    key_table_finish(&replay->prefixes);
    for (int i = 0; i < POPULATION_VALUE_COUNT; i++)
        key_table_finish(&replay->values[i]);
    free(replay);
}

/* ---- what is known ---- */

static uint64_t prefix_source_key(const struct login_event *event)
{
    struct ip_address prefix = ip_site_prefix(&event->source);
    return ip_key(&prefix);
}

void replay_history(const struct replay *replay, const struct login_event *event,
                    struct history *history)
{
    history_init(history);
    const struct profile *profile = key_table_find(&replay->profiles, hash_text(event->user));
    if (profile != NULL)
        history->profile = *profile;
    if (event->source.family != 0) {
        const struct source *address = key_table_find(&replay->addresses, ip_key(&event->source));
        const struct source *prefix = key_table_find(&replay->prefixes, prefix_source_key(event));
        if (address != NULL)
            history->address = *address;
        if (prefix != NULL)
            history->prefix = *prefix;
    }
    history->population.logins = replay->learned_logins;
    history->population.users = replay->learned_users;
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(event, (enum population_value)kind);
        const struct population_count *count =
            key == 0 ? NULL : key_table_find(&replay->values[kind], key);
        if (count != NULL)
            history->population.value[kind] = *count;
    }
}

static bool keep_history(struct replay *replay, const struct login_event *event,
                         const struct history *history, struct error *error)
{
    bool added = false;
    struct profile *profile =
        key_table_add(&replay->profiles, hash_text(event->user), &added, error);
    if (profile == NULL)
        return false;
    *profile = history->profile;
    if (event->source.family != 0) {
        struct source *address =
            key_table_add(&replay->addresses, ip_key(&event->source), &added, error);
        struct source *prefix =
            key_table_add(&replay->prefixes, prefix_source_key(event), &added, error);
        if (address == NULL || prefix == NULL)
            return false;
        *address = history->address;
        *prefix = history->prefix;
    }
    replay->learned_logins = history->population.logins;
    replay->learned_users = history->population.users;
    for (int kind = 0; kind < POPULATION_VALUE_COUNT; kind++) {
        uint64_t key = population_key(event, (enum population_value)kind);
        if (key == 0 || history->population.value[kind].logins == 0)
            continue;
        struct population_count *count = key_table_add(&replay->values[kind], key, &added, error);
        if (count == NULL)
            return false;
        *count = history->population.value[kind];
    }
    return true;
}

static bool fold(struct replay *replay, struct login_event *event, struct error *error)
{
    struct history history;
    replay_history(replay, event, &history);
    if (event->stage == STAGE_OPENED)
        history_mark_new(&history.profile, event);
    history_learn(&history, event, event);
    return keep_history(replay, event, &history, error);
}

/* ---- what is still to come ---- */

static bool is_earlier(const struct pending *a, const struct pending *b)
{
    return a->time_us != b->time_us ? a->time_us < b->time_us : a->sequence < b->sequence;
}

static bool push(struct replay *replay, enum pending_kind kind, const void *subject, size_t size,
                 int64_t time_us, struct error *error)
{
    if (replay->heap_count == replay->heap_capacity) {
        size_t capacity = replay->heap_capacity == 0 ? 256 : 2 * replay->heap_capacity;
        struct pending *heap = reallocarray(replay->heap, capacity, sizeof *heap);
        if (heap == NULL)
            return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot replay the history");
        replay->heap = heap;
        replay->heap_capacity = capacity;
    }
    struct pending entry = {time_us, replay->sequence++, kind, malloc(size)};
    if (entry.subject == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot replay the history");
    memcpy(entry.subject, subject, size);
    size_t at = replay->heap_count++;
    while (at > 0 && is_earlier(&entry, &replay->heap[(at - 1) / 2])) {
        replay->heap[at] = replay->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    replay->heap[at] = entry;
    return true;
}

static struct pending pop(struct replay *replay)
{
    struct pending first = replay->heap[0];
    struct pending last = replay->heap[--replay->heap_count];
    size_t at = 0;

    while (2 * at + 1 < replay->heap_count) {
        size_t child = 2 * at + 1;
        if (child + 1 < replay->heap_count &&
            is_earlier(&replay->heap[child + 1], &replay->heap[child]))
            child++;
        if (!is_earlier(&replay->heap[child], &last))
            break;
        replay->heap[at] = replay->heap[child];
        at = child;
    }
    if (replay->heap_count > 0)
        replay->heap[at] = last;
    return first;
}

bool replay_schedule(struct replay *replay, const struct login_event *about, int64_t time_us,
                     struct error *error)
{
    struct login_event event = *about;

    event.time_us = time_us;
    return push(replay, PENDING_MOMENT, &event, sizeof event, time_us, error);
}

/* What a stage's own record said of learning; of a login that has none, what the login says. */
static bool is_learned(const struct stored_login *login, enum login_stage stage)
{
    if (login->label == 1)
        return false;
    return login->said != 0 ? (login->said & LEARN_BIT(stage)) != 0 : login->record.event.learn;
}

static bool push_stage(struct replay *replay, const struct stored_login *login,
                       enum login_stage stage, int64_t time_us, struct error *error)
{
    struct login_event later = login->record.event;

    if (login->reached < stage || time_us == 0)
        return true;
    later.stage = stage;
    later.time_us = time_us;
    later.learn = is_learned(login, stage);
    if (stage == STAGE_ACCEPTED || stage == STAGE_OPENED)
        later.bytes_in = later.bytes_out = later.duration_s = -1;
    return push(replay, PENDING_STAGE, &later, sizeof later, time_us, error);
}

/* A login whose attempt could not be recorded was not counted as one either. */
static bool begin_login(struct replay *replay, const struct stored_login *login,
                        struct error *error)
{
    struct login_event seen = stored_login_as_seen_at_attempt(login);
    struct history history;

    if (login->said != 0 && (login->said & STAGE_BIT(STAGE_ATTEMPT)) == 0)
        return true;
    replay_history(replay, &seen, &history);
    return replay->hooks.attempt(replay->hooks.context, replay, login, &seen, &history, error) &&
           fold(replay, &seen, error);
}

static bool happen(struct replay *replay, const struct pending *pending, struct error *error)
{
    const struct stored_login *login = pending->subject;

    switch (pending->kind) {
    case PENDING_STAGE:
        return fold(replay, pending->subject, error);
    case PENDING_MOMENT:
        return replay->hooks.moment(replay->hooks.context, replay, pending->subject,
                                    pending->time_us, error);
    default:
        return begin_login(replay, login, error) &&
               push_stage(replay, login, STAGE_ACCEPTED, login->accepted_us, error) &&
               push_stage(replay, login, STAGE_OPENED, login->opened_us, error) &&
               push_stage(replay, login, STAGE_CLOSED, login->closed_us, error);
    }
}

static bool run_before(struct replay *replay, int64_t time_us, struct error *error)
{
    while (replay->heap_count > 0 && replay->heap[0].time_us < time_us) {
        struct pending entry = pop(replay);
        bool done = happen(replay, &entry, error);

        free(entry.subject);
        if (!done)
            return false;
    }
    return true;
}

bool replay_add(struct replay *replay, const struct stored_login *login, struct error *error)
{
    int64_t time_us = login->record.event.time_us;

    return run_before(replay, time_us - time_us % ORDER_US, error) &&
           push(replay, PENDING_ATTEMPT, login, sizeof *login, time_us, error);
}

bool replay_finish(struct replay *replay, struct error *error)
{
    return run_before(replay, INT64_MAX, error);
}
