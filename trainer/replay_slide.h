/*
 * What a replay found that holds under any budgets: whoever has it can say what each budget would
 * have done without asking again. A budget acts through its threshold, and there are few of those:
 * logins are counted by the thresholds that they reach, and the riskiest are kept.
 */
#ifndef TRAINER_REPLAY_SLIDE_H
#define TRAINER_REPLAY_SLIDE_H

#include "trainer/replayed_kind.h"
#include "trainer/worst_logins.h"

/* Those of the steps and of the budgets that the model was trained for, and 0. */
#define SLIDE_MOST_THRESHOLDS (RISK_MODEL_QUANTILES + RISK_LEVEL_COUNT + 1)

/* The worst that can come of a login, whatever its risk. SLIDE_FATE(symbol, name) */
#define SLIDE_FATES                                                                                \
    SLIDE_FATE(DENIABLE, "deniable")                                                               \
    SLIDE_FATE(ASKABLE, "askable") /* root, or too little history */                               \
    SLIDE_FATE(EXEMPT, "exempt")

enum slide_fate {
#define SLIDE_FATE(symbol, name) FATE_##symbol,
    SLIDE_FATES
#undef SLIDE_FATE
        FATE_COUNT
};

struct replay_slide {
    const struct risk_model *model;
    struct policy policy; /* all but its budgets counts */
    unsigned threshold_count;
    double thresholds[SLIDE_MOST_THRESHOLDS]; /* ascending, each once; the first is 0 */
    /* By the highest threshold reached. */
    int64_t logins[REPLAYED_KIND_COUNT][FATE_COUNT][SLIDE_MOST_THRESHOLDS];
    int64_t users[SLIDE_MOST_THRESHOLDS];
    struct worst_logins worst; /* of REPLAYED_LOGIN */
};

/* worst: how many logins are kept. The model must outlive it. */
bool replay_slide_init(struct replay_slide *slide, const struct risk_model *model,
                       const struct policy *policy, size_t worst, struct error *error) MUST_USE;
void replay_slide_finish(struct replay_slide *slide);

void replay_slide_add(struct replay_slide *slide, const struct judged_login *login,
                      enum replayed_kind kind);

/* risk: the highest of those of the user's logins that are not exempt. */
void replay_slide_add_user(struct replay_slide *slide, double risk);

/* When all is added: finds the reasons of the logins kept, and sorts them. */
bool replay_slide_complete(struct replay_slide *slide, struct error *error) MUST_USE;

/* The member "slide" of an open object. */
void replay_slide_write(const struct replay_slide *slide, struct json_writer *json);

#endif
