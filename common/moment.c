#include "common/moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

static const struct {
    char letter;
    int64_t seconds;
} UNITS[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
#define UNIT_COUNT (sizeof UNITS / sizeof *UNITS)

bool duration_parse(const char *text, int64_t *duration_s, struct error *error)
{
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    if (isdigit((unsigned char)*text) && errno == 0 && count > 0 && *end != '\0' && end[1] == '\0')
        for (size_t i = 0; i < UNIT_COUNT; i++)
            if (*end == UNITS[i].letter && count <= 315360000 / UNITS[i].seconds) {
                *duration_s = count * UNITS[i].seconds;
                return true;
            }
    return error_set(error, FAULT_CONFIG,
                     "\"%s\" is not a duration such as 90s, 15m, 1h, 7d or 2w (at most ten years)",
                     text);
}

bool moment_parse(const char *text, int64_t now_us, bool utc, int64_t *time_us, struct error *error)
{
    static const char *const FORMATS[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    int64_t duration_s;
    if (duration_parse(text, &duration_s, NULL)) {
        *time_us = now_us - duration_s * US_PER_S;
        return true;
    }
    for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
        struct tm parts = {.tm_isdst = -1};
        const char *end = strptime(text, FORMATS[i], &parts);
        bool zulu = end != NULL && strcmp(end, "Z") == 0;
        if (end == NULL || (*end != '\0' && !zulu))
            continue;
        parts.tm_isdst = -1;
        *time_us = (utc || zulu ? timegm(&parts) : mktime(&parts)) * US_PER_S;
        return true;
    }
    return error_set(error, FAULT_CONFIG,
                     "\"%s\" is neither a duration such as 2h or 7d nor a time such as 2026-03-09 "
                     "or 2026-03-09T14:05",
                     text);
}
