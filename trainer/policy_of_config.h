/* What the configuration says of verdicts. */
#ifndef TRAINER_POLICY_OF_CONFIG_H
#define TRAINER_POLICY_OF_CONFIG_H

#include "common/config.h"
#include "scorer/policy.h"

static inline struct policy policy_of_config(const struct config *config)
{
    return (struct policy){.deny_budget = config->deny_budget,
                           .step_up_budget = config->step_up_budget,
                           .log_budget = config->log_budget,
                           .min_history = (uint32_t)config->min_history,
                           .deny_root = config->deny_root};
}

#endif
