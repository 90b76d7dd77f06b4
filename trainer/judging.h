/*
 * The past, judged: logins in time order are replayed, and what each would have been judged by a
 * model then is handed out in the order of their attempts. Reading, replaying and scoring run side
 * by side; what comes out is the same however many threads there are.
 */
#ifndef TRAINER_JUDGING_H
#define TRAINER_JUDGING_H

#include "scorer/assess.h"
#include "store/store.h"

#define JUDGING_MOST_POLICIES 8

struct judged_login {
    struct login_event event; /* as the login's latest stage knows it, at the time of the attempt */
    enum login_stage reached;
    int8_t label; /* as in a stored login */
    struct policy_facts facts;
    struct assessment assessment; /* by the first policy */
    enum verdict verdicts[JUDGING_MOST_POLICIES];
};

/* False stops the judging. */
typedef bool judged_visitor(void *context, const struct judged_login *login, struct error *error);

struct judging_plan {
    const struct risk_model *model; /* all of it checked */
    const struct policy *policies;
    unsigned policy_count; /* 1 to JUDGING_MOST_POLICIES */
    int64_t since_us;      /* earlier attempts are only learned from */
    bool reasons;          /* of each login at or above log; else assess_reasons() finds them */
    /* Whether the login is exempt and whether it is root's; called in order by one thread, which is
     * not that which adds. */
    void (*facts)(void *context, const struct stored_login *login, struct policy_facts *facts);
    judged_visitor *visit; /* in other threads than that, one at a time and in order */
    void *context;
};

struct judging;

/* The plan's model and context must outlive the judging. */
bool judging_create(struct judging **judging, const struct judging_plan *plan,
                    struct error *error) MUST_USE;
void judging_destroy(struct judging *judging);

/* The next login. They come in time order, as replay_add() wants them. */
bool judging_add(struct judging *judging, const struct stored_login *login,
                 struct error *error) MUST_USE;
bool judging_finish(struct judging *judging, struct error *error) MUST_USE;

#endif
