/* Reasons in words: what writes a log line needs no arithmetic. */
#include <stdio.h>
#include <string.h>

#include "scorer/assess.h"

void assessment_add_reason(struct assessment *assessment, struct reason reason)
{
    unsigned at = assessment->reason_count;
    if (at == ASSESSMENT_REASONS) {
        if (reason.share <= assessment->reasons[at - 1].share)
            return;
        at--;
    } else {
        assessment->reason_count++;
    }
    for (; at > 0 && assessment->reasons[at - 1].share < reason.share; at--)
        assessment->reasons[at] = assessment->reasons[at - 1];
    assessment->reasons[at] = reason;
}

/* What several features say in the same words is one reason. Returns how many are left. */
static unsigned merge_reasons(const struct assessment *assessment,
                              struct reason merged[ASSESSMENT_REASONS])
{
    struct assessment sums = {.reason_count = 0};
    for (unsigned i = 0; i < assessment->reason_count; i++) {
        struct reason reason = assessment->reasons[i];
        const char *words = FEATURE_TABLE[reason.feature].reason;
        bool said = false;
        for (unsigned j = 0; j < i && !said; j++)
            said = strcmp(words, FEATURE_TABLE[assessment->reasons[j].feature].reason) == 0;
        if (said)
            continue;
        for (unsigned j = i + 1; j < assessment->reason_count; j++) {
            if (strcmp(words, FEATURE_TABLE[assessment->reasons[j].feature].reason) == 0)
                reason.share += assessment->reasons[j].share;
        }
        assessment_add_reason(&sums, reason);
    }
    memcpy(merged, sums.reasons, sizeof sums.reasons);
    return sums.reason_count;
}

const char *assessment_reasons_text(const struct assessment *assessment, char *text,
                                    size_t capacity)
{
    struct reason merged[ASSESSMENT_REASONS];
    unsigned count = merge_reasons(assessment, merged);
    size_t used = 0;
    if (capacity > 0)
        text[0] = '\0';
    for (unsigned i = 0; i < count && used < capacity; i++) {
        int more = snprintf(text + used, capacity - used, "%s%s (%.2f)", i > 0 ? ", " : "",
                            FEATURE_TABLE[merged[i].feature].reason, (double)merged[i].share);
        if (more < 0)
            break;
        used += (size_t)more;
    }
    return text;
}
