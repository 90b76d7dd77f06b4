/* What a stored login taught. Nothing here needs a store: histories are replayed without one. */
#include "store/store.h"

#define LEARNED_STAGES (LEARN_BIT(STAGE_OPENED) | LEARN_BIT(STAGE_CLOSED))

int login_said(int stages, int label)
{
    if (label == LABEL_NONE)
        return stages;
    stages &= ~LEARNED_STAGES;
    if (label == LABEL_ATTACK)
        return stages;
    if ((stages & (STAGE_BIT(STAGE_ACCEPTED) | STAGE_BIT(STAGE_OPENED))) != 0)
        stages |= LEARN_BIT(STAGE_OPENED);
    if ((stages & STAGE_BIT(STAGE_CLOSED)) != 0)
        stages |= LEARN_BIT(STAGE_CLOSED);
    return stages;
}

int login_history_stages(const struct stored_login *login)
{
    bool learn = login->record.event.learn;
    int stages = STAGE_BIT(STAGE_ATTEMPT) | STAGE_BIT(login->reached);

    if (login->accepted_us > 0)
        stages |= STAGE_BIT(STAGE_ACCEPTED);
    if (login->opened_us > 0)
        stages |= STAGE_BIT(STAGE_OPENED) | (learn ? LEARN_BIT(STAGE_OPENED) : 0);
    if (login->closed_us > 0)
        stages |= STAGE_BIT(STAGE_CLOSED) | (learn ? LEARN_BIT(STAGE_CLOSED) : 0);
    return stages;
}

static int64_t accepted_us(const struct stored_login *login)
{
    return login->accepted_us > 0 ? login->accepted_us : login->record.event.time_us;
}

int64_t login_learned_us(const struct stored_login *login, enum login_stage stage)
{
    int needed =
        stage == STAGE_OPENED || stage == STAGE_CLOSED ? LEARN_BIT(stage) : STAGE_BIT(stage);

    if ((login->said & needed) == 0)
        return NEVER_LEARNED_US;
    switch (stage) {
    case STAGE_ACCEPTED:
        return accepted_us(login);
    case STAGE_OPENED:
        return login->opened_us > 0 ? login->opened_us : accepted_us(login);
    case STAGE_CLOSED:
        return login->closed_us > 0 ? login->closed_us : NEVER_LEARNED_US;
    default:
        return login->record.event.time_us;
    }
}
