/* Names alone: what writes a log line needs no arithmetic. */
#include <string.h>

#include "scorer/policy.h"

static const char *const VERDICT_NAMES[VERDICT_COUNT] = {
    [VERDICT_ALLOW] = "allow",
    [VERDICT_LOG] = "log",
    [VERDICT_STEP_UP] = "step-up",
    [VERDICT_DENY] = "deny",
};

const char *risk_level_name(enum risk_level level)
{
    static const char *const NAMES[RISK_LEVEL_COUNT] = {"log", "step_up", "deny"};

    return NAMES[level];
}

const char *verdict_name(enum verdict verdict)
{
    return (unsigned)verdict < VERDICT_COUNT ? VERDICT_NAMES[verdict] : "unknown";
}

bool verdict_from_name(const char *name, enum verdict *verdict)
{
    for (unsigned i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(name, VERDICT_NAMES[i]) == 0) {
            *verdict = (enum verdict)i;
            return true;
        }
    }
    return false;
}

const char *policy_rule_name(enum policy_rule rule)
{
    static const char *const names[RULE_COUNT] = {
#define POLICY_RULE(symbol, name, meaning) [RULE_##symbol] = name,
        POLICY_RULES
#undef POLICY_RULE
    };
    return (unsigned)rule < RULE_COUNT ? names[rule] : "unknown";
}
