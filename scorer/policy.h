/* From a risk to a verdict: budgets, history, exemptions. */
#ifndef SCORER_POLICY_H
#define SCORER_POLICY_H

#include "scorer/risk.h"

enum verdict { VERDICT_ALLOW, VERDICT_LOG, VERDICT_STEP_UP, VERDICT_DENY, VERDICT_COUNT };

const char *verdict_name(enum verdict verdict); /* "allow", "log", "step-up", "deny" */
bool verdict_from_name(const char *name, enum verdict *verdict) MUST_USE;

/* What moved a verdict away from what the risk alone would give. RULE(symbol, name, meaning) */
#define POLICY_RULES                                                                               \
    POLICY_RULE(NONE, "none", "the risk alone decided")                                            \
    POLICY_RULE(EXEMPT, "exempt", "the user, a group or the network is exempt")                    \
    POLICY_RULE(ROOT, "root", "root is never denied unless deny_root is set")                      \
    POLICY_RULE(HISTORY, "history", "fewer learned logins than min_history")                       \
    POLICY_RULE(FAULT, "fault", "the check failed and on_fault decided")

enum policy_rule {
#define POLICY_RULE(symbol, name, meaning) RULE_##symbol,
    POLICY_RULES
#undef POLICY_RULE
        RULE_COUNT
};

const char *policy_rule_name(enum policy_rule rule);

struct policy {
    double deny_budget, step_up_budget, log_budget; /* shares of legitimate logins */
    uint32_t min_history; /* learned logins of a user below which nothing is denied */
    bool deny_root;
};

struct policy_facts {
    bool exempt;
    bool is_root; /* the name is root or its uid is 0 */
    uint32_t learned_logins;
};

/* What would move the verdict on the highest risk: RULE_EXEMPT, RULE_ROOT, RULE_HISTORY or
 * RULE_NONE. */
enum policy_rule policy_spares(const struct policy *policy, const struct policy_facts *facts);

/*
 * A risk at or above the threshold of a budget gives its verdict. Exempt: at most log, and the rule
 * says so from log on. Root without deny_root, and users below min_history: at most step up. *rule
 * says which of them moved it.
 */
enum verdict policy_decide(const struct policy *policy, const struct risk_model *model, double risk,
                           const struct policy_facts *facts, enum policy_rule *rule);

#endif
