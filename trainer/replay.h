/*
 * The past, told again: stored logins in time order fold stage by stage into profiles, sources and
 * population held in memory, through the scorer's own functions, so that what a login would have
 * been judged by then can be computed now. What is learned of a login, and when, is
 * login_learned_us(), as in the store; a login that was not read from one is taken as
 * store_import() takes it.
 */
#ifndef TRAINER_REPLAY_H
#define TRAINER_REPLAY_H

#include "store/store.h"
#include "trainer/history_tables.h"

struct replay;

struct replay_hooks {
    /*
     * An attempt, as it was seen then, and what was known before it. The login's `said` is never 0.
     * False stops the replay.
     */
    bool (*attempt)(void *context, struct replay *replay, const struct stored_login *login,
                    const struct login_event *seen, const struct history *history,
                    struct error *error);
    /* The moment that replay_schedule() asked for. */
    bool (*moment)(void *context, struct replay *replay, const struct login_event *about,
                   int64_t time_us, struct error *error);
    void *context;
};

/*
 * The event as the login itself knows it when it is scored: of the method only whether it went
 * through a PAM conversation, the public key only when it was the factor before that conversation,
 * and nothing has moved yet.
 */
struct login_event login_event_as_seen_at_attempt(const struct login_event *event);

/*
 * The same of a stored login. Where its attempt was recorded by the module, what that knew of
 * method and key is known; it may be more than the method that completed the login lets one guess
 * (two keys, a key and then the host).
 */
struct login_event stored_login_as_seen_at_attempt(const struct stored_login *login);

bool replay_create(struct replay **replay, const struct replay_hooks *hooks,
                   struct error *error) MUST_USE;
void replay_destroy(struct replay *replay);

/* The attempt hook hears of no attempt before that; at first it hears of all. */
void replay_ask_since(struct replay *replay, int64_t since_us);

/*
 * The next login. Logins come in the order of their attempts' milliseconds, as the store has them;
 * those of one millisecond are told in the order of their times, when the next one begins.
 */
bool replay_add(struct replay *replay, const struct stored_login *login,
                struct error *error) MUST_USE;

/*
 * The same in two steps, the first of which may be another thread's: a login, of which it is said
 * what it teaches, and what it is looked up by.
 */
struct replay_login {
    struct stored_login login;
    struct history_keys keys;
};
void replay_login_prepare(struct replay_login *prepared, const struct stored_login *login);
bool replay_add_prepared(struct replay *replay, const struct replay_login *prepared,
                         struct error *error) MUST_USE;

/* Folds what is still open. */
bool replay_finish(struct replay *replay, struct error *error) MUST_USE;

/* In the attempt hook: that the login's session moves what it does is not learned when it ends. */
void replay_leave_volume(struct replay *replay);

/* Calls the moment hook when the replay gets there. */
bool replay_schedule(struct replay *replay, const struct login_event *about, int64_t time_us,
                     struct error *error) MUST_USE;

/* What is known before the event, as of now. */
void replay_history(const struct replay *replay, const struct login_event *event,
                    struct history *history);

#endif
