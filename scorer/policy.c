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

enum verdict policy_decide(const struct policy *policy, const struct risk_model *model, double risk,
                           const struct policy_facts *facts, enum policy_rule *rule)
{
    enum verdict verdict = verdict_of_risk(policy, model, risk);
    *rule = RULE_NONE;
    if (facts->exempt) {
        if (verdict == VERDICT_ALLOW)
            return verdict;
        *rule = RULE_EXEMPT;
        return VERDICT_LOG;
    }
    if (verdict != VERDICT_DENY)
        return verdict;
    if (facts->is_root && !policy->deny_root)
        *rule = RULE_ROOT;
    else if (facts->learned_logins < policy->min_history)
        *rule = RULE_HISTORY;
    return *rule == RULE_NONE ? VERDICT_DENY : VERDICT_STEP_UP;
}
