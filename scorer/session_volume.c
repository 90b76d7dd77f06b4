#include "scorer/session_volume.h"

#include <math.h>
#include <stdio.h>

#define USUAL_SPREAD 1.5 /* the standard deviation to expect of a user's logarithms */

const char *const SESSION_MEASURE_NAMES[SESSION_MEASURE_COUNT] = {
#define SESSION_MEASURE(symbol, name, moments, value, decides) [SESSION_##symbol] = name,
    SESSION_MEASURES
#undef SESSION_MEASURE
};

static const bool DECIDES[SESSION_MEASURE_COUNT] = {
#define SESSION_MEASURE(symbol, name, moments, value, decides) [SESSION_##symbol] = decides,
    SESSION_MEASURES
#undef SESSION_MEASURE
};

static double deviation_of(const struct running_moments *moments, int64_t value)
{
    return value < 0 ? NAN : running_moments_deviation(moments, log1p((double)value), USUAL_SPREAD);
}

double session_deviation(const struct profile *profile, const struct login_event *event,
                         enum session_measure measure)
{
    switch (measure) {
#define SESSION_MEASURE(symbol, name, moments, value, decides)                                     \
    case SESSION_##symbol:                                                                         \
        return deviation_of(&profile->moments, event->value);
        SESSION_MEASURES
#undef SESSION_MEASURE
    default:
        return NAN;
    }
}

static void judge_measure(const struct session_rule *rule, const struct running_moments *moments,
                          int64_t value, enum session_measure measure,
                          struct session_volume *volume)
{
    volume->deviation[measure] = (float)deviation_of(moments, value);
    volume->usual[measure] = NAN;
    if (isnan(volume->deviation[measure]))
        return;
    volume->usual[measure] = (float)expm1((double)moments->mean);
    if (!DECIDES[measure] || !(rule->deviations > 0) || moments->count < rule->min_sessions)
        return;
    volume->judged = true;
    volume->large |=
        value >= rule->least_bytes && (double)volume->deviation[measure] > rule->deviations;
}

void session_volume_judge(const struct session_rule *rule, const struct profile *profile,
                          const struct login_event *event, struct session_volume *volume)
{
    volume->judged = volume->large = false;
#define SESSION_MEASURE(symbol, name, moments, value, decides)                                     \
    judge_measure(rule, &profile->moments, event->value, SESSION_##symbol, volume);
    SESSION_MEASURES
#undef SESSION_MEASURE
}

double session_volume_deviation(const struct session_volume *volume)
{
    double greatest = NAN;
    for (unsigned measure = 0; measure < SESSION_MEASURE_COUNT; measure++) {
        if (DECIDES[measure])
            greatest = fmax(greatest, (double)volume->deviation[measure]);
    }
    return greatest;
}

const char *session_volume_text(const struct session_volume *volume, char *text, size_t capacity)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned measure = 0; measure < SESSION_MEASURE_COUNT && used < capacity; measure++) {
        if (!DECIDES[measure] || isnan(volume->deviation[measure]))
            continue;
        used += (size_t)snprintf(text + used, capacity - used,
                                 "%s%s %+.1f deviations from the usual %.0f", used > 0 ? ", " : "",
                                 SESSION_MEASURE_NAMES[measure], (double)volume->deviation[measure],
                                 (double)volume->usual[measure]);
    }
    return text;
}
