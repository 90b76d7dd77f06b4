/* What the configuration says of verdicts and sessions. */
#ifndef STORE_POLICY_OF_CONFIG_H
#define STORE_POLICY_OF_CONFIG_H

#include "common/config.h"
#include "scorer/policy.h"
#include "scorer/session_volume.h"

static inline struct policy policy_of_config(const struct config *config)
{
    return (struct policy){.deny_budget = config->deny_budget,
                           .step_up_budget = config->step_up_budget,
                           .log_budget = config->log_budget,
                           .min_history = (uint32_t)config->min_history,
                           .deny_root = config->deny_root};
}

static inline struct session_rule session_rule_of_config(const struct config *config)
{
    return (struct session_rule){.deviations = (double)config->large_session_deviations,
                                 .least_bytes = config->large_session_least_bytes,
                                 .min_sessions = (uint32_t)config->min_history};
}

#endif
