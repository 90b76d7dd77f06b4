#include "common/rfc3339.h"

#include "common/clock.h"

static bool number(const char **at, int count, int least, int most, int *value)
{
    *value = 0;
    for (; count > 0; count--, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        *value = 10 * *value + (**at - '0');
    }
    return *value >= least && *value <= most;
}

static bool literal(const char **at, char expected)
{
    return *(*at)++ == expected;
}

static int days_of_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (month == 2 && leap);
}

/* Since 1970-01-01, in the Gregorian calendar. The year begins with March, so that the leap day is
 * its last. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static bool parse_zone(const char **at, struct rfc3339_time *time)
{
    char sign = **at;
    int hours = 0, minutes = 0;

    if (sign == 'Z' || sign == 'z') {
        ++*at;
        time->has_zone = true;
        return true;
    }
    if (sign != '+' && sign != '-')
        return true;
    ++*at;
    if (!number(at, 2, 0, 23, &hours))
        return false;
    *at += **at == ':';
    if (!number(at, 2, 0, 59, &minutes))
        return false;
    time->has_zone = time->has_offset = true;
    time->offset_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    time->time_us -= time->offset_s * US_PER_S;
    return true;
}

bool rfc3339_parse(const char *text, struct rfc3339_time *time, const char **end)
{
    const char *at = text;
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;

    *time = (struct rfc3339_time){.time_us = 0};
    if (!number(&at, 4, 1970, 9998, &year) || !literal(&at, '-') ||
        !number(&at, 2, 1, 12, &month) || !literal(&at, '-') ||
        !number(&at, 2, 1, days_of_month(year, month), &day) ||
        (*at != 'T' && *at != 't' && *at != ' '))
        return false;
    at++;
    if (!number(&at, 2, 0, 23, &hour) || !literal(&at, ':') || !number(&at, 2, 0, 59, &minute) ||
        !literal(&at, ':') || !number(&at, 2, 0, 60, &second))
        return false;
    time->time_us =
        (days_since_epoch(year, month, day) * S_PER_DAY + hour * 3600 + minute * 60 + second) *
        US_PER_S;
    if (*at == '.' || *at == ',') {
        int64_t unit_us = US_PER_S / 10;
        for (at++; *at >= '0' && *at <= '9'; at++, unit_us /= 10)
            time->time_us += (*at - '0') * unit_us;
    }
    if (!parse_zone(&at, time) || time->time_us < 0)
        return false;
    *end = at;
    return true;
}
