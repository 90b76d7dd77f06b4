#include "scorer/assess.h"

#include <string.h>

bool assess_features(const struct risk_model *model, const struct policy *policy,
                     const struct policy_facts *facts, struct assessment *assessment,
                     struct error *error)
{
    struct risk risk;
    assessment->learned_logins = facts->learned_logins;
    assessment->reason_count = 0;
    assessment->features_known = true;
    if (!risk_assess(model, assessment->features, &risk, error))
        return false;
    assessment->risk = risk.probability;
    assessment->verdict = policy_decide(policy, model, risk.probability, facts, &assessment->rule);
    return true;
}

bool assess_reasons(const struct risk_model *model, struct assessment *assessment,
                    struct error *error)
{
    double shares[FEATURE_COUNT];
    assessment->reason_count = 0;
    if (!risk_shares(model, assessment->features, shares, error))
        return false;
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (shares[i] > 0)
            assessment_add_reason(assessment, (struct reason){.feature = (uint8_t)i,
                                                              .value = assessment->features[i],
                                                              .share = (float)shares[i]});
    }
    return true;
}

bool assess_login(const struct login_event *event, const struct history *history,
                  const struct risk_model *model, const struct policy *policy,
                  const struct policy_facts *facts, struct assessment *assessment,
                  struct error *error)
{
    memset(assessment, 0, sizeof *assessment);
    features_extract(event, history, assessment->features);
    return assess_features(model, policy, facts, assessment, error) &&
           (assessment->verdict < VERDICT_LOG || assess_reasons(model, assessment, error));
}
