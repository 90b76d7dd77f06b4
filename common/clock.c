#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;
    /* It fails for an unknown clock only, and both exist on every Linux. */
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_utc_us(void)
{
    return read_clock_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

/* Rounded down, before 1970 too. */
static time_t whole_seconds(int64_t time_us)
{
    int64_t seconds = time_us / US_PER_S;
    if (time_us % US_PER_S < 0)
        seconds--;
    return (time_t)seconds;
}

int32_t clock_utc_offset_s(int64_t time_us)
{
    time_t seconds = whole_seconds(time_us);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL)
        return 0;
    return (int32_t)local.tm_gmtoff;
}

/* Not mktime(): what that makes of an hour that comes twice depends on what it was asked before. */
int64_t clock_local_to_utc_us(int64_t shown_us)
{
    int32_t before_s = clock_utc_offset_s(shown_us - S_PER_DAY * US_PER_S);
    int32_t after_s = clock_utc_offset_s(shown_us + S_PER_DAY * US_PER_S);
    int64_t east_s = before_s > after_s ? before_s : after_s;
    int64_t west_s = before_s > after_s ? after_s : before_s;
    int64_t earlier_us = shown_us - east_s * US_PER_S;

    return clock_utc_offset_s(earlier_us) == east_s ? earlier_us : shown_us - west_s * US_PER_S;
}

const char *clock_format_ms(int64_t time_us, char text[CLOCK_TEXT_BYTES])
{
    int64_t ms = (time_us % US_PER_S + US_PER_S) % US_PER_S / 1000;
    size_t length = strlen(clock_format(time_us, true, text));

    if (length > 0)
        snprintf(text + length - 1, CLOCK_TEXT_BYTES - length + 1, ".%03dZ", (int)ms);
    return text;
}

const char *clock_format(int64_t time_us, bool utc, char text[CLOCK_TEXT_BYTES])
{
    time_t seconds = whole_seconds(time_us);
    struct tm parts;
    const struct tm *known = utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts);
    size_t length = 0;
    if (known != NULL && utc)
        length = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
    else if (known != NULL)
        length = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%d %H:%M:%S %z", &parts);
    if (length == 0)
        text[0] = '\0';
    return text;
}
