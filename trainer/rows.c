#include "trainer/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"

#define COLD_SHARE            0.06 /* of logins whose row is taken again without the user's history */
#define NEW_MACHINE_SHARE     0.4 /* of those, without anybody's */
#define RECENT_LOGINS         64  /* other users' logins that an insider's desk is taken from */
#define FEWEST_BURST_ATTEMPTS 2.0
#define USUAL_HOUR            0.5    /* density from which on an hour is no odd one */
#define GUESSES_TAKEN         0.1    /* of the internet's guessing: one is like the other */
#define BURST_GAP_S           3600.0 /* logins that follow faster draw fewer attacks */
#define SOON_DAYS             1.5    /* mean time from a login to the attack it draws */
#define LATE_DAYS             15.0
#define LATE_SHARE            0.2

struct row_builder {
    struct row_options options;
    struct draw draw;
    struct replay *replay;
    struct training_rows *rows;
    struct login_event recent[RECENT_LOGINS];
    size_t recent_count;
    struct login_event attempts[ATTACK_MAX_ATTEMPTS];
};

const char *row_family_name(enum row_family family)
{
    if (family == ROW_LEGITIMATE)
        return "legitimate";
    if (family == ROW_GUESSING)
        return "guessing";
    if (family == ROW_OTHER_ATTACK)
        return "other";
    return attack_family_name((enum attack_family)(family - ROW_ATTACK_FIRST));
}

static enum row_family family_of(const char *name)
{
    for (int i = ROW_ATTACK_FIRST; i < ROW_OTHER_ATTACK; i++) {
        if (strcmp(name, row_family_name((enum row_family)i)) == 0)
            return (enum row_family)i;
    }
    return ROW_OTHER_ATTACK;
}

static struct training_row *new_row(struct training_rows *rows, int64_t time_us,
                                    enum row_family family, struct error *error)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 4096 : 2 * rows->capacity;
        struct training_row *grown = reallocarray(rows->rows, capacity, sizeof *grown);
        if (grown == NULL) {
            error_set_errno(error, FAULT_MODEL, ENOMEM, "the training rows do not fit into memory");
            return NULL;
        }
        rows->rows = grown;
        rows->capacity = capacity;
    }
    struct training_row *row = &rows->rows[rows->count++];
    *row = (struct training_row){.time_us = time_us, .weight = 1, .family = (uint8_t)family};
    rows->legitimate += family == ROW_LEGITIMATE;
    return row;
}

/*
 * An attempt on a name without history, from a source without a record, is what a new user's first
 * login looks like too: such rows would teach that new users are attackers, so there are none.
 */
static bool nothing_tells(const struct history *history)
{
    return history->profile.logins == 0 && history->prefix.attempts < FEWEST_BURST_ATTEMPTS;
}

bool row_family_is_burst(enum row_family family)
{
    return family == ROW_GUESSING ||
           (family >= ROW_ATTACK_FIRST && family < ROW_GUESSING &&
            attack_family_is_burst((enum attack_family)(family - ROW_ATTACK_FIRST)));
}

bool row_family_is_trained(enum row_family family)
{
    return family < ROW_ATTACK_FIRST + ATTACK_TRAINED_COUNT || family >= ROW_GUESSING;
}

static void identify(const struct login_event *event, struct training_row *row)
{
    row->user = hash_text(event->user);
    row->address = ip_key(&event->source);
    row->volume = NAN;
}

static bool add_row(struct row_builder *builder, const struct login_event *event,
                    const struct history *history, enum row_family family, struct error *error)
{
    bool untrained =
        family != ROW_LEGITIMATE && (nothing_tells(history) || !row_family_is_trained(family));
    if (untrained && !builder->options.measured)
        return true;
    struct training_row *row = new_row(builder->rows, event->time_us, family, error);
    if (row == NULL)
        return false;
    identify(event, row);
    features_extract(event, history, row->features);
    row->untrained = untrained;
    if (untrained)
        return true;
    if ((family != ROW_LEGITIMATE && !row_family_is_burst(family)) ||
        !draw_chance(&builder->draw, COLD_SHARE))
        return true;
    struct history cold = *history;
    profile_init(&cold.profile);
    if (draw_chance(&builder->draw, NEW_MACHINE_SHARE))
        cold.population = (struct population){.logins = 0};
    row = new_row(builder->rows, event->time_us, family, error);
    if (row == NULL)
        return false;
    builder->rows->legitimate -= family == ROW_LEGITIMATE;
    row->cold = true;
    identify(event, row);
    features_extract(event, &cold, row->features);
    return true;
}

/* The rows from `first` on are of this login; those of a finished session tell what it moved. */
static void note_login(struct row_builder *builder, size_t first, const struct stored_login *login,
                       const struct history *history)
{
    struct session_volume volume;

    for (size_t i = first; i < builder->rows->count; i++)
        builder->rows->rows[i].completed = login->reached >= STAGE_ACCEPTED;
    if (!builder->options.measured || login->reached < STAGE_CLOSED ||
        first == builder->rows->count)
        return;
    session_volume_judge(&builder->options.session_rule, &history->profile, &login->record.event,
                         &volume);
    struct training_row *row = &builder->rows->rows[first];
    row->volume = (float)session_volume_deviation(&volume);
    row->volume_judged = volume.judged;
    row->large = volume.large;
    if (volume.large)
        replay_leave_volume(builder->replay);
}

/*
 * Attackers do not wait for the user: the attacks come at any time, however long after the last
 * login, and a burst of logins draws no more of them than one.
 */
static double attacks_drawn(const struct row_builder *builder, const struct login_event *event,
                            const struct profile *profile)
{
    double gap_s = (double)event->time_us / (double)US_PER_S - (double)profile->last_s;
    double part = profile->logins == 0 ? 1 : fmin(fmax(gap_s / BURST_GAP_S, 0), 1);
    return builder->options.injection_share * part;
}

static bool schedule_attack(struct row_builder *builder, const struct login_event *anchor,
                            struct error *error)
{
    double mean_days = draw_chance(&builder->draw, LATE_SHARE) ? LATE_DAYS : SOON_DAYS;
    double shift_s = 60 - log(1 - draw_unit(&builder->draw)) * mean_days * (double)S_PER_DAY;
    return replay_schedule(builder->replay, anchor,
                           anchor->time_us + (int64_t)(shift_s * (double)US_PER_S), error);
}

/*
 * Nothing was learned of it, most often for its risk, but nobody said that it was an attack:
 * without it the budgets, shares of all logins, would be found among those alone that stayed below
 * the last thresholds, and thresholds would sink from one training to the next.
 */
static bool add_unlearned(struct row_builder *builder, const struct stored_login *login,
                          const struct login_event *seen, const struct history *history,
                          struct error *error)
{
    size_t first = builder->rows->count;

    if (login->reached < STAGE_ACCEPTED)
        return true;
    struct training_row *row = new_row(builder->rows, seen->time_us, ROW_LEGITIMATE, error);
    if (row == NULL)
        return false;
    identify(seen, row);
    features_extract(seen, history, row->features);
    row->untrained = true;
    note_login(builder, first, login, history);
    return true;
}

static bool on_attempt(void *context, struct replay *replay, const struct stored_login *login,
                       const struct login_event *seen, const struct history *history,
                       struct error *error)
{
    struct row_builder *builder = context;
    const struct login_event *event = &login->record.event;
    size_t first = builder->rows->count;

    (void)replay;
    if (login->label == 1) {
        enum row_family family = family_of(login->family);
        if (family == ROW_GUESSING && !draw_chance(&builder->draw, GUESSES_TAKEN))
            return true;
        bool added = add_row(builder, seen, history, family, error);
        note_login(builder, first, login, history);
        return added;
    }
    if (login_learned_us(login, STAGE_OPENED) == NEVER_LEARNED_US)
        return add_unlearned(builder, login, seen, history, error);
    if (!add_row(builder, seen, history, ROW_LEGITIMATE, error))
        return false;
    note_login(builder, first, login, history);
    if (event->source.family == 0)
        return true; /* a console: nobody attacks it from the network */
    builder->recent[builder->recent_count++ % RECENT_LOGINS] = *event;
    double share = attacks_drawn(builder, event, &history->profile);
    while (draw_chance(&builder->draw, share)) {
        if (!schedule_attack(builder, event, error))
            return false;
        share -= 1;
    }
    return true;
}

static const struct login_event *draw_colleague(struct row_builder *builder,
                                                const struct login_event *anchor)
{
    size_t known = builder->recent_count < RECENT_LOGINS ? builder->recent_count : RECENT_LOGINS;
    for (int tries = 0; tries < 4 && known > 0; tries++) {
        const struct login_event *other =
            &builder->recent[draw_below(&builder->draw, (uint32_t)known)];
        if (strcmp(other->user, anchor->user) != 0)
            return other;
    }
    return NULL;
}

/*
 * Since the anchor, the machine has begun to know more of its logins, or less: the attack would
 * stand out by its evidence alone.
 */
static bool is_outdated(const struct row_builder *builder, const struct login_event *anchor)
{
    if (builder->recent_count == 0)
        return false;
    const struct login_event *now = &builder->recent[(builder->recent_count - 1) % RECENT_LOGINS];
    return (now->device[0] != '\0') != (anchor->device[0] != '\0') ||
           (now->place.country[0] != '\0') != (anchor->place.country[0] != '\0');
}

/*
 * Attacks from inside come at odd hours, but attack_make() knows a single login of the user: what
 * fell into the user's own hours is no such attack, and hardly differs from the user's own logins.
 */
static bool is_misplaced(enum attack_family family, const struct login_event *event,
                         const struct history *history)
{
    float features[FEATURE_COUNT];

    if (family != ATTACK_INSIDER && family != ATTACK_OWN_NETWORK)
        return false;
    features_extract(event, history, features);
    return (double)features[FEATURE_HOUR_DENSITY] >= USUAL_HOUR;
}

static bool on_moment(void *context, struct replay *replay, const struct login_event *anchor,
                      int64_t time_us, struct error *error)
{
    struct row_builder *builder = context;
    enum attack_family family =
        (enum attack_family)draw_below(&builder->draw, ATTACK_TRAINED_COUNT);
    size_t first = builder->rows->count;
    struct history history;

    if (is_outdated(builder, anchor))
        return true;
    unsigned count = attack_make(&builder->draw, family, anchor, draw_colleague(builder, anchor),
                                 time_us, builder->attempts);
    struct login_event last = login_event_as_seen_at_attempt(&builder->attempts[count - 1]);
    replay_history(replay, &last, &history);
    for (unsigned i = 0; i + 1 < count; i++) {
        struct login_event before = login_event_as_seen_at_attempt(&builder->attempts[i]);
        history_learn(&history, &last, &before);
    }
    bool added =
        is_misplaced(family, &last, &history) ||
        add_row(builder, &last, &history, (enum row_family)(ROW_ATTACK_FIRST + (int)family), error);
    for (size_t i = first; i < builder->rows->count; i++)
        builder->rows->rows[i].injected = builder->rows->rows[i].completed = true;
    return added;
}

bool row_builder_create(struct row_builder **builder, const struct row_options *options,
                        struct training_rows *rows, struct error *error)
{
    *rows = (struct training_rows){.rows = NULL};
    *builder = calloc(1, sizeof **builder);
    if (*builder == NULL)
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "cannot gather training rows");
    (*builder)->options = *options;
    (*builder)->rows = rows;
    draw_seed(&(*builder)->draw, options->seed, 1);
    struct replay_hooks hooks = {on_attempt, on_moment, *builder};
    if (replay_create(&(*builder)->replay, &hooks, error))
        return true;
    row_builder_destroy(*builder);
    *builder = NULL;
    return false;
}

void row_builder_destroy(struct row_builder *builder)
{
    if (builder == NULL)
        return;
    replay_destroy(builder->replay);
    free(builder);
}

bool row_builder_add(struct row_builder *builder, const struct stored_login *login,
                     struct error *error)
{
    return replay_add(builder->replay, login, error);
}

bool row_builder_finish(struct row_builder *builder, struct error *error)
{
    return replay_finish(builder->replay, error);
}

void training_rows_finish(struct training_rows *rows)
{
    free(rows->rows);
    *rows = (struct training_rows){.rows = NULL};
}
