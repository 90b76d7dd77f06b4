#include "scorer/assess.h"

#include <string.h>

static void find_reasons(const struct forest *forest, struct assessment *assessment)
{
    double contributions[FEATURE_COUNT];
    forest_contributions(forest, assessment->features, contributions);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        if (contributions[i] > 0)
            assessment_add_reason(assessment, (struct reason){.feature = (uint8_t)i,
                                                              .value = assessment->features[i],
                                                              .share = (float)contributions[i]});
    }
}

void assess_login(const struct login_event *event, const struct history *history,
                  const struct forest *forest, const struct policy *policy,
                  const struct policy_facts *facts, struct assessment *assessment)
{
    memset(assessment, 0, sizeof *assessment);
    assessment->learned_logins = facts->learned_logins;
    features_extract(event, history, assessment->features);
    assessment->features_known = true;
    assessment->risk = forest_score(forest, assessment->features);
    assessment->verdict = policy_decide(policy, forest, assessment->risk, facts, &assessment->rule);
    if (assessment->verdict >= VERDICT_LOG)
        find_reasons(forest, assessment);
}
