/*
 * Everything known before an event that bears on it: the user's profile, the source's address and
 * prefix, the population's counts. history_learn() is the one fold: the daemon applies it to what
 * it keeps, a login applies it to the part of the journal that the daemon has not folded in yet,
 * the trainer replays the past through it.
 */
#ifndef SCORER_HISTORY_H
#define SCORER_HISTORY_H

#include "scorer/population.h"
#include "scorer/profile.h"
#include "scorer/source.h"

struct history {
    struct profile profile;       /* of event->user */
    struct source address;        /* of event->source; stays at zero for a console */
    struct source prefix;         /* of its site prefix */
    struct population population; /* of the event's values */
};

/* What of a history an event changes, wherever it stands. NULL: it is somebody else's. */
struct history_parts {
    struct profile *profile;
    struct source *address, *prefix;
    uint32_t *logins, *users; /* of the population */
    struct population_count *value[POPULATION_VALUE_COUNT];
};

/* Folds a past event into all the parts that are given. */
void history_learn_parts(const struct history_parts *parts, const struct login_event *past);

void history_init(struct history *history);

/*
 * history_learn_parts() of the history that stands before `about`: each part changes only
 * when the past event concerns the same user, address, prefix or value.
 */
void history_learn(struct history *history, const struct login_event *about,
                   const struct login_event *past);

/*
 * Sets event->new_values of an OPENED event from the user's profile before it. The mark travels
 * with the event, so that counting the users who hold a value needs no other user's profile.
 */
void history_mark_new(const struct profile *profile, struct login_event *event);

#endif
