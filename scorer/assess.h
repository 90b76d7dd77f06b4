/*
 * The pure middle of a login: an event and what is known before it go in, a verdict with its
 * reasons comes out. No clock, no files, no PAM.
 */
#ifndef SCORER_ASSESS_H
#define SCORER_ASSESS_H

#include "scorer/policy.h"

#define ASSESSMENT_REASONS 5

struct reason {
    uint8_t feature; /* enum feature */
    float value;     /* NAN: missing */
    float share;     /* of risk - base; above zero */
};

struct assessment {
    double risk; /* 0 to 1 */
    enum verdict verdict;
    enum policy_rule rule;
    uint32_t learned_logins;
    uint8_t reason_count; /* strongest first; none below the log threshold */
    struct reason reasons[ASSESSMENT_REASONS];
    bool features_known; /* false: scored by another version's feature table; features are NAN */
    float features[FEATURE_COUNT];
};

/* False, with a FAULT_MODEL sentence, when the model turns out to be damaged. */
bool assess_login(const struct login_event *event, const struct history *history,
                  const struct risk_model *model, const struct policy *policy,
                  const struct policy_facts *facts, struct assessment *assessment,
                  struct error *error) MUST_USE;

/*
 * The same from assessment->features, for those who extracted them before, but without reasons,
 * which cost more than all the rest; all else of the assessment is set.
 */
bool assess_features(const struct risk_model *model, const struct policy *policy,
                     const struct policy_facts *facts, struct assessment *assessment,
                     struct error *error) MUST_USE;

/* The reasons of such an assessment, by the model that made it. */
bool assess_reasons(const struct risk_model *model, struct assessment *assessment,
                    struct error *error) MUST_USE;

/* Puts a reason among the strongest ones, which stand in falling order of their shares. */
void assessment_add_reason(struct assessment *assessment, struct reason reason);

#define REASON_TEXT_BYTES 128

/*
 * "distance 8,412 km from the last place": the feature's phrase, or words with the value where
 * that says more. Returns text.
 */
const char *reason_text(const struct reason *reason, char text[REASON_TEXT_BYTES]);

/* "new network for this user (0.41), …" into text, cut at capacity. Returns text. */
const char *assessment_reasons_text(const struct assessment *assessment, char *text,
                                    size_t capacity);

#endif
