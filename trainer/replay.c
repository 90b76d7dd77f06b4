#include "trainer/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/pending_heap.h"

/* What logins are stored in the order of. */
#define ORDER_US 1000

/* A login that is being told, or what a scheduled moment is about. */
struct subject {
    struct stored_login login; /* its event becomes that of each stage in turn */
    struct history_keys keys;
    int64_t bytes_in, bytes_out, duration_s; /* which only the last stage knows */
    bool volume_left;                        /* replay_leave_volume() */
    unsigned entries;                        /* in the heap */
    struct subject *next;                    /* of the unused ones */
};

struct replay {
    struct replay_hooks hooks;
    int64_t since_us; /* attempts before are not the hook's */
    struct history_tables known;
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
    history_tables_init(&(*replay)->known);
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
    history_tables_finish(&replay->known);
    free(replay);
}

void replay_ask_since(struct replay *replay, int64_t since_us)
{
    replay->since_us = since_us;
}

void replay_history(const struct replay *replay, const struct login_event *event,
                    struct history *history)
{
    struct history_keys keys = history_keys_of(event);

    history_tables_find(&replay->known, &keys, history);
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

void replay_leave_volume(struct replay *replay)
{
    replay->asked->volume_left = true;
}

/* A login whose attempt could not be recorded was not counted as one either. */
static bool begin_login(struct replay *replay, struct subject *subject, struct error *error)
{
    const struct stored_login *login = &subject->login;
    struct login_event seen = stored_login_as_seen_at_attempt(login);
    struct history_keys keys = subject->keys;
    struct history history;

    if (login_learned_us(login, STAGE_ATTEMPT) == NEVER_LEARNED_US)
        return true;
    if (seen.key[0] == '\0')
        keys.value[POPULATION_KEY] = 0;
    if (login->record.event.time_us >= replay->since_us) {
        history_tables_find(&replay->known, &keys, &history);
        replay->asked = subject;
        if (!replay->hooks.attempt(replay->hooks.context, replay, login, &seen, &history, error))
            return false;
    }
    return history_tables_fold(&replay->known, &keys, &seen, error);
}

static bool fold_stage(struct replay *replay, struct subject *subject, enum login_stage stage,
                       int64_t time_us, struct error *error)
{
    struct login_event *event = &subject->login.record.event;
    bool closed = stage == STAGE_CLOSED;

    event->stage = stage;
    event->time_us = time_us;
    event->learn = stage == STAGE_OPENED || (closed && !subject->volume_left);
    event->bytes_in = closed ? subject->bytes_in : -1;
    event->bytes_out = closed ? subject->bytes_out : -1;
    event->duration_s = closed ? subject->duration_s : -1;
    return history_tables_fold(&replay->known, &subject->keys, event, error);
}

/* Stages that are the next to happen need not wait in the heap. */
static bool tell_stages(struct replay *replay, struct subject *subject, int64_t until_us,
                        struct error *error)
{
    int64_t times_us[STAGE_COUNT], last_us = 0;
    bool waits = false;

    for (enum login_stage stage = STAGE_ACCEPTED; stage <= STAGE_CLOSED; stage++) {
        times_us[stage] = login_learned_us(&subject->login, stage);
        if (times_us[stage] == NEVER_LEARNED_US)
            continue;
        waits |= times_us[stage] < last_us;
        last_us = times_us[stage];
    }
    for (enum login_stage stage = STAGE_ACCEPTED; stage <= STAGE_CLOSED; stage++) {
        int64_t time_us = times_us[stage];
        if (time_us == NEVER_LEARNED_US)
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

void replay_login_prepare(struct replay_login *prepared, const struct stored_login *login)
{
    prepared->login = *login;
    if (login->said == 0)
        prepared->login.said = login_said(login_history_stages(login), login->label);
    prepared->keys = history_keys_of(&login->record.event);
}

bool replay_add_prepared(struct replay *replay, const struct replay_login *prepared,
                         struct error *error)
{
    const struct login_event *event = &prepared->login.record.event;
    int64_t time_us = event->time_us;

    if (!run_before(replay, time_us - time_us % ORDER_US, error))
        return false;
    struct subject *subject = new_subject(replay, error);
    if (subject == NULL)
        return false;
    subject->login = prepared->login;
    subject->keys = prepared->keys;
    subject->volume_left = false;
    subject->bytes_in = event->bytes_in;
    subject->bytes_out = event->bytes_out;
    subject->duration_s = event->duration_s;
    return push(replay,
                (struct pending){.time_us = time_us, .subject = subject, .kind = PENDING_ATTEMPT},
                error);
}

bool replay_add(struct replay *replay, const struct stored_login *login, struct error *error)
{
    struct replay_login prepared;

    replay_login_prepare(&prepared, login);
    return replay_add_prepared(replay, &prepared, error);
}

bool replay_finish(struct replay *replay, struct error *error)
{
    return run_before(replay, INT64_MAX, error);
}
