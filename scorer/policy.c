#include "scorer/policy.h"

#include <string.h>

static enum verdict verdict_of_risk(const struct policy *policy, const struct risk_model *model,
                                    double risk)
{
    if (risk >= (double)risk_threshold_for(model, policy->deny_budget))
        return VERDICT_DENY;
    if (risk >= (double)risk_threshold_for(model, policy->step_up_budget))
        return VERDICT_STEP_UP;
    if (risk >= (double)risk_threshold_for(model, policy->log_budget))
        return VERDICT_LOG;
    return VERDICT_ALLOW;
}

enum policy_rule policy_spares(const struct policy *policy, const struct policy_facts *facts)
{
    if (facts->exempt)
        return RULE_EXEMPT;
    if (facts->is_root && !policy->deny_root)
        return RULE_ROOT;
    return facts->learned_logins < policy->min_history ? RULE_HISTORY : RULE_NONE;
}

enum verdict policy_decide(const struct policy *policy, const struct risk_model *model, double risk,
                           const struct policy_facts *facts, enum policy_rule *rule)
{
    enum verdict verdict = verdict_of_risk(policy, model, risk);
    enum policy_rule spares = policy_spares(policy, facts);
    enum verdict least = spares == RULE_EXEMPT ? VERDICT_LOG : VERDICT_DENY; /* that it moves */

    *rule = verdict >= least ? spares : RULE_NONE;
    if (*rule == RULE_NONE)
        return verdict;
    return spares == RULE_EXEMPT ? VERDICT_LOG : VERDICT_STEP_UP;
}
