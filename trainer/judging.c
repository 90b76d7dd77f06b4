#include "trainer/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trainer/block_ring.h"
#include "trainer/replay.h"

#define BLOCK_LOGINS 256
#define BLOCKS       8

struct told_block {
    unsigned count;
    struct replay_login logins[BLOCK_LOGINS];
};

struct judged_block {
    unsigned count;
    struct judged_login logins[BLOCK_LOGINS];
};

struct judging {
    struct judging_plan plan;
    struct policy policies[JUDGING_MOST_POLICIES];
    struct replay *replay;
    struct block_ring *told, *judged;
    struct told_block *telling; /* being filled; NULL: none */
    struct judged_block *asking;
};

/* ---- in the threads that score ---- */

static bool score_block(void *context, void *block, struct error *error)
{
    const struct judging_plan *plan = &((struct judging *)context)->plan;
    struct judged_block *judged = block;
    enum policy_rule rule;

    for (unsigned i = 0; i < judged->count; i++) {
        struct judged_login *login = &judged->logins[i];
        if (!assess_features(plan->model, plan->policies, &login->facts, &login->assessment, error))
            return false;
        if (plan->reasons && login->assessment.verdict >= VERDICT_LOG &&
            !assess_reasons(plan->model, &login->assessment, error))
            return false;
        login->verdicts[0] = login->assessment.verdict;
        for (unsigned policy = 1; policy < plan->policy_count; policy++)
            login->verdicts[policy] = policy_decide(&plan->policies[policy], plan->model,
                                                    login->assessment.risk, &login->facts, &rule);
    }
    return true;
}

static bool hand_out(void *context, void *block, struct error *error)
{
    const struct judging_plan *plan = &((struct judging *)context)->plan;
    struct judged_block *judged = block;

    for (unsigned i = 0; i < judged->count; i++) {
        if (!plan->visit(plan->context, &judged->logins[i], error))
            return false;
    }
    judged->count = 0;
    return true;
}

/* ---- in the thread that replays ---- */

static bool on_attempt(void *context, struct replay *replay, const struct stored_login *login,
                       const struct login_event *seen, const struct history *history,
                       struct error *error)
{
    struct judging *judging = context;

    (void)replay;
    if (judging->asking == NULL)
        judging->asking = block_ring_next(judging->judged, error);
    if (judging->asking == NULL)
        return false;
    struct judged_login *judged = &judging->asking->logins[judging->asking->count++];
    judged->event = login->record.event;
    judged->reached = login->reached;
    judged->label = login->label;
    judged->facts = (struct policy_facts){.learned_logins = history->profile.logins};
    judging->plan.facts(judging->plan.context, login, &judged->facts);
    features_extract(seen, history, judged->assessment.features);
    if (judging->asking->count == BLOCK_LOGINS) {
        block_ring_submit(judging->judged);
        judging->asking = NULL;
    }
    return true;
}

static bool on_moment(void *context, struct replay *replay, const struct login_event *about,
                      int64_t time_us, struct error *error)
{
    (void)context, (void)replay, (void)about, (void)time_us, (void)error;
    return true; /* none was scheduled */
}

static bool replay_block(void *context, void *block, struct error *error)
{
    struct judging *judging = context;
    struct told_block *told = block;

    for (unsigned i = 0; i < told->count; i++) {
        if (!replay_add_prepared(judging->replay, &told->logins[i], error))
            return false;
    }
    told->count = 0;
    return true;
}

/* ---- in the thread that adds ---- */

bool judging_create(struct judging **judging, const struct judging_plan *plan, struct error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    *judging = calloc(1, sizeof **judging);
    if (*judging == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot judge the history");
    memcpy((*judging)->policies, plan->policies, plan->policy_count * sizeof *plan->policies);
    (*judging)->plan = *plan;
    (*judging)->plan.policies = (*judging)->policies;
    struct replay_hooks hooks = {on_attempt, on_moment, *judging};
    struct block_ring_plan told = {.block_bytes = sizeof(struct told_block),
                                   .blocks = BLOCKS,
                                   .threads = 1,
                                   .work = replay_block,
                                   .context = *judging};
    struct block_ring_plan judged = {.block_bytes = sizeof(struct judged_block),
                                     .blocks = BLOCKS,
                                     .threads = processors > 1 ? (unsigned)processors : 1,
                                     .work = score_block,
                                     .finish = hand_out,
                                     .context = *judging};
    if (replay_create(&(*judging)->replay, &hooks, error) &&
        block_ring_create(&(*judging)->judged, &judged, error) &&
        block_ring_create(&(*judging)->told, &told, error)) {
        replay_ask_since((*judging)->replay, plan->since_us);
        return true;
    }
    judging_destroy(*judging);
    *judging = NULL;
    return false;
}

void judging_destroy(struct judging *judging)
{
    if (judging == NULL)
        return;
    block_ring_destroy(judging->told); /* its thread fills the other one */
    block_ring_destroy(judging->judged);
    replay_destroy(judging->replay);
    free(judging);
}

bool judging_add(struct judging *judging, const struct stored_login *login, struct error *error)
{
    if (judging->telling == NULL)
        judging->telling = block_ring_next(judging->told, error);
    if (judging->telling == NULL)
        return false;
    replay_login_prepare(&judging->telling->logins[judging->telling->count++], login);
    if (judging->telling->count == BLOCK_LOGINS) {
        block_ring_submit(judging->told);
        judging->telling = NULL;
    }
    return true;
}

bool judging_finish(struct judging *judging, struct error *error)
{
    if (judging->telling != NULL)
        block_ring_submit(judging->told);
    judging->telling = NULL;
    if (!block_ring_finish(judging->told, error) || !replay_finish(judging->replay, error))
        return false;
    if (judging->asking != NULL)
        block_ring_submit(judging->judged);
    judging->asking = NULL;
    return block_ring_finish(judging->judged, error);
}
