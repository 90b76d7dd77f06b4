/* One reason in words, with its value where that says more than the feature's phrase. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scorer/assess.h"

#define VALUE_BYTES 48

/* How a unit's value is read out. */
enum form {
    FORM_NONE,    /* the phrase says it all */
    FORM_NUMBER,  /* as it is */
    FORM_WHOLE,   /* rounded */
    FORM_SIGNED,  /* with its sign */
    FORM_PERCENT, /* of a share; none at all is what the phrase says */
    FORM_COUNT,   /* of ln(1 + n) */
    FORM_TIMES,   /* of ln(times); less than once is no news */
    FORM_SPAN,    /* of ln(seconds) */
};

/* behind: what a feature without words of its own has behind its phrase; "#" is the value. */
static const struct unit_words {
    const char *unit;
    enum form form;
    const char *behind;
} UNITS[] = {
    {"ratio", FORM_NUMBER, " (# of an even share)"},
    {"h", FORM_NUMBER, NULL},
    {"min", FORM_NUMBER, NULL},
    {"d", FORM_WHOLE, NULL},
    {"ln s", FORM_SPAN, NULL},
    {"sd", FORM_SIGNED, " (# standard deviations)"},
    {"share", FORM_PERCENT, NULL},
    {"ln", FORM_TIMES, " (# times rarer than for everybody)"},
    {"ln users", FORM_COUNT, NULL},
    {"ln logins", FORM_COUNT, NULL},
    {"km", FORM_WHOLE, NULL},
    {"km/h", FORM_WHOLE, NULL},
    {"attempts", FORM_WHOLE, NULL},
    {"names", FORM_WHOLE, NULL},
};

/* "#" is the value, "~" the s of a plural, "@" so many users or nobody; NULL: the feature's phrase
 * and what its unit adds. */
static const char *const WORDS[FEATURE_COUNT] = {
    [FEATURE_HOUR_NEAREST] = "# h from the nearest hour of this user's logins",
    [FEATURE_MINUTE_DEVIATION] = "# min off the user's usual minute",
    [FEATURE_GAP] = "# since the last login",
    [FEATURE_ADDRESS_PREFIX_SEEN] = "network of # of this user's logins",
    [FEATURE_ADDRESS_PREFIX_IDLE] = "# day~ since the user last came from this network",
    [FEATURE_ADDRESS_PREFIX_USERS] = "network @ came from before",
    [FEATURE_ASN_SEEN] = "provider of # of this user's logins",
    [FEATURE_ASN_USERS] = "provider @ came from before",
    [FEATURE_COUNTRY_SEEN] = "country of # of this user's logins",
    [FEATURE_COUNTRY_USERS] = "country @ came from before",
    [FEATURE_DISTANCE_LAST] = "distance # km from the last place",
    [FEATURE_SPEED_LAST] = "# km/h from the last place",
    [FEATURE_DISTANCE_HABITUAL] = "# km from the nearest of the user's places",
    [FEATURE_DEVICE_SEEN] = "device of # of this user's logins",
    [FEATURE_DEVICE_USERS] = "device @ had before",
    [FEATURE_KEY_SEEN] = "key of # of this user's logins",
    [FEATURE_KEY_USERS] = "key @ had before",
    [FEATURE_METHOD_SEEN] = "method of # of this user's logins",
    [FEATURE_SERVICE_SEEN] = "service of # of this user's logins",
    [FEATURE_SOURCE_ATTEMPTS_1M] = "# attempt~ from this address in a minute",
    [FEATURE_SOURCE_ATTEMPTS_10M] = "# attempt~ from this address in 10 minutes",
    [FEATURE_SOURCE_ATTEMPTS_1H] = "# attempt~ from this address in an hour",
    [FEATURE_SOURCE_ATTEMPTS_1D] = "# attempt~ from this address in a day",
    [FEATURE_SOURCE_FAILURES_1H] = "# failed attempt~ from this address in an hour",
    [FEATURE_SOURCE_NAMES_1H] = "# other name~ tried from this address in an hour",
    [FEATURE_PREFIX_ATTEMPTS_1H] = "# attempt~ from this network in an hour",
    [FEATURE_PREFIX_NAMES_1H] = "# other name~ tried from this network in an hour",
    [FEATURE_USER_ATTEMPTS_10M] = "# attempt~ on this user in 10 minutes",
    [FEATURE_USER_ATTEMPTS_1D] = "# attempt~ on this user in a day",
    [FEATURE_USER_FAILURES_1H] = "# failed attempt~ on this user in an hour",
    [FEATURE_LOGINS_LEARNED] = "# login~ of this user known",
    [FEATURE_DAYS_KNOWN] = "user known for # day~",
};

/* ---- values --------------------------------------------------------------------------------- */

static void whole_text(double value, char text[VALUE_BYTES])
{
    char digits[VALUE_BYTES / 2];
    int length = snprintf(digits, sizeof digits, "%.0f", fmax(fmin(value, 1e15), -1e15)), at = 0;

    for (int i = 0; i < length; i++) {
        if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

static void number_text(double value, char text[VALUE_BYTES])
{
    if (fabs(value) >= 10 || value == floor(value))
        whole_text(value, text);
    else
        snprintf(text, VALUE_BYTES, value < 1 ? "%.2f" : "%.1f", value);
}

static void span_text(double seconds, char text[VALUE_BYTES])
{
    static const struct {
        double seconds;
        const char *name;
    } SPANS[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t at = 0;
    char count[VALUE_BYTES];

    while (at < 3 && seconds < 2 * SPANS[at].seconds)
        at++;
    whole_text(seconds / SPANS[at].seconds, count);
    snprintf(text, VALUE_BYTES, "%.30s %s%s", count, SPANS[at].name,
             strcmp(count, "1") == 0 ? "" : "s");
}

/* False: the value adds nothing to the phrase. */
static bool value_text(enum form form, double value, char text[VALUE_BYTES])
{
    if (!isfinite(value) || form == FORM_NONE || (form == FORM_PERCENT && value <= 0) ||
        (form == FORM_TIMES && value <= 0))
        return false;
    if (form == FORM_NUMBER)
        number_text(value, text);
    else if (form == FORM_TIMES)
        number_text(exp(value), text);
    else if (form == FORM_SIGNED)
        snprintf(text, VALUE_BYTES, "%+.1f", fmax(fmin(value, 1e9), -1e9));
    else if (form == FORM_PERCENT)
        snprintf(text, VALUE_BYTES, value < 0.01 ? "%.1f %%" : "%.0f %%", value * 100);
    else if (form == FORM_SPAN)
        span_text(exp(value), text);
    else
        whole_text(form == FORM_COUNT ? round(expm1(value)) : round(value), text);
    return true;
}

static const struct unit_words *unit_of(enum feature feature)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (strcmp(UNITS[i].unit, FEATURE_TABLE[feature].unit) == 0)
            return &UNITS[i];
    }
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *users_text(const char *count, char text[VALUE_BYTES + 8])
{
    if (strcmp(count, "0") == 0)
        return "nobody";
    snprintf(text, VALUE_BYTES + 8, "%s user%s", count, strcmp(count, "1") == 0 ? "" : "s");
    return text;
}

/* Appends the words; returns the text's new length, which is less than REASON_TEXT_BYTES. */
static size_t fill_in(const char *words, const char *value, char text[REASON_TEXT_BYTES],
                      size_t length)
{
    for (; *words != '\0'; words++) {
        char one[2] = {*words, '\0'}, users[VALUE_BYTES + 8];
        const char *piece = *words == '#'   ? value
                            : *words == '@' ? users_text(value, users)
                            : *words == '~' ? (strcmp(value, "1") == 0 ? "" : "s")
                                            : one;
        for (; *piece != '\0' && length + 1 < REASON_TEXT_BYTES; piece++)
            text[length++] = *piece;
    }
    text[length] = '\0';
    return length;
}

const char *reason_text(const struct reason *reason, char text[REASON_TEXT_BYTES])
{
    enum feature feature = (enum feature)reason->feature;
    const struct unit_words *unit = unit_of(feature);
    char value[VALUE_BYTES];
    size_t length;

    if (!unit || !value_text(unit->form, (double)reason->value, value)) {
        fill_in(FEATURE_TABLE[feature].reason, "", text, 0);
    } else if (WORDS[feature]) {
        fill_in(WORDS[feature], value, text, 0);
    } else {
        length = fill_in(FEATURE_TABLE[feature].reason, "", text, 0);
        if (unit->behind)
            fill_in(unit->behind, value, text, length);
    }
    return text;
}
