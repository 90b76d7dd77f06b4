/* What a replay found: counts by verdict, by user, and the logins that would have been stopped. */
#ifndef TRAINER_REPLAY_REPORT_H
#define TRAINER_REPLAY_REPORT_H

#include <stdio.h>

#include "common/json_writer.h"
#include "trainer/judging.h"
#include "trainer/key_table.h"
#include "trainer/replay_slide.h"

#define POLICY_NAME_BYTES 64

/* A set of budgets that is tried. */
struct tried_policy {
    char name[POLICY_NAME_BYTES];
    struct policy policy;
};

struct replayed_user {
    char *name;
    int64_t logins, verdicts[VERDICT_COUNT]; /* by the first policy */
    unsigned stopped_by;                     /* bit i: policy i stopped a login of this user */
    double risk; /* the highest of a login that is not exempt; -1: all are */
};

/* Logins that the first policy stopped: a ring once so many are there. */
struct stopped_logins {
    struct judged_login *logins;
    size_t capacity, most; /* most 0: all are kept */
    size_t count;          /* ever */
};

/* How many of them are held, and those: 0 is the newest. */
size_t stopped_logins_kept(const struct stopped_logins *stopped);
const struct judged_login *stopped_login(const struct stopped_logins *stopped, size_t back);

struct replay_report {
    const struct tried_policy *policies;
    unsigned policy_count;
    int64_t counts[JUDGING_MOST_POLICIES][REPLAYED_KIND_COUNT][VERDICT_COUNT];
    struct key_table user_index;
    struct replayed_user *users;
    size_t user_count, user_capacity;
    struct stopped_logins stopped, attacks; /* labelled attacks apart */
    struct replay_slide *slide;             /* NULL: only those policies are asked for */
};

/* slide: to be filled beside it, or NULL; the caller's. */
void replay_report_init(struct replay_report *report, const struct tried_policy *policies,
                        unsigned policy_count, size_t most_stopped, struct replay_slide *slide);
void replay_report_finish(struct replay_report *report);

/* A judged_visitor; context: the report. Of a login that is kept only the features are needed. */
bool replay_report_add(void *context, const struct judged_login *login, struct error *error);

/*
 * When all is added: finds the reasons of the logins kept, by the model that judged them, and puts
 * the most refused and most asked users first.
 */
bool replay_report_complete(struct replay_report *report, const struct risk_model *model,
                            struct error *error) MUST_USE;

/* Of all verdicts; of the users, those with a login that is asked or refused. */
int64_t replay_report_total(const struct replay_report *report, unsigned policy,
                            enum replayed_kind kind);
int64_t replay_report_users_stopped(const struct replay_report *report, unsigned policy);

bool replay_report_print(const struct replay_report *report, bool utc, size_t users_most,
                         struct error *error) MUST_USE;

/* Members of the object that was begun. With a slide, that stands for the lists of users and
 * logins, so that what is written is bounded. */
void replay_report_write(const struct replay_report *report, struct json_writer *json);

#endif
