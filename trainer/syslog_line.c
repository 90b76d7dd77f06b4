#include "trainer/syslog_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

static bool digits(const char **at, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *value = 10 * *value + (**at - '0');
    }
    return true;
}

static bool literal(const char **at, char expected)
{
    return *(*at)++ == expected;
}

static bool parse_clock(const char **at, struct syslog_line *line)
{
    return digits(at, 2, &line->hour) && literal(at, ':') && digits(at, 2, &line->minute) &&
           literal(at, ':') && digits(at, 2, &line->second) && line->hour < 24 &&
           line->minute < 60 && line->second < 61;
}

/* "Mar  9 14:05:11 " */
static bool parse_traditional(const char **at, struct syslog_line *line)
{
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    line->has_year = false;
    for (line->month = 0; line->month < 12; line->month++) {
        if (strncmp(*at, MONTHS + 3 * line->month, 3) == 0)
            break;
    }
    if (line->month == 12 || (*at)[3] != ' ')
        return false;
    *at += 4;
    int count = **at == ' ' ? 1 : 2;
    *at += count == 1;
    if (!digits(at, count, &line->day) || line->day < 1 || line->day > 31)
        return false;
    return literal(at, ' ') && parse_clock(at, line) && literal(at, ' ');
}

static bool parse_offset(const char **at, struct syslog_line *line)
{
    int hours = 0, minutes = 0;
    char sign = *(*at)++;

    if (sign == 'Z') {
        line->has_offset = false;
        line->utc_offset_s = 0;
        return true;
    }
    if ((sign != '+' && sign != '-') || !digits(at, 2, &hours))
        return false;
    if (**at == ':')
        (*at)++;
    if (!digits(at, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    line->has_offset = true;
    line->utc_offset_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* "2026-03-09T14:05:11.123456+01:00 " (RFC 3339) */
static bool parse_rfc3339(const char **at, struct syslog_line *line)
{
    struct tm parts = {.tm_isdst = 0};
    int year = 0, month = 0;
    int64_t fraction_us = 0, unit_us = US_PER_S / 10;

    line->has_year = true;
    if (!digits(at, 4, &year) || !literal(at, '-') || !digits(at, 2, &month) || !literal(at, '-') ||
        !digits(at, 2, &line->day) || (**at != 'T' && **at != ' '))
        return false;
    (*at)++;
    if (year < 1970 || month < 1 || month > 12 || line->day < 1 || line->day > 31 ||
        !parse_clock(at, line))
        return false;
    if (**at == '.' || **at == ',') {
        for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, unit_us /= 10)
            fraction_us += (**at - '0') * unit_us;
    }
    if (!parse_offset(at, line) || !literal(at, ' '))
        return false;
    line->month = month - 1;
    parts.tm_year = year - 1900;
    parts.tm_mon = line->month;
    parts.tm_mday = line->day;
    parts.tm_hour = line->hour;
    parts.tm_min = line->minute;
    parts.tm_sec = line->second;
    line->time_us = ((int64_t)timegm(&parts) - line->utc_offset_s) * US_PER_S + fraction_us;
    return true;
}

/* Copies up to one of the stops; false when there is nothing, too much, or no stop. */
static bool word(const char **at, const char *stops, char *text, size_t capacity)
{
    size_t length = strcspn(*at, stops);
    if (length == 0 || length >= capacity || (*at)[length] == '\0')
        return false;
    memcpy(text, *at, length);
    text[length] = '\0';
    *at += length;
    return true;
}

bool syslog_line_parse(const char *line, struct syslog_line *parsed)
{
    const char *at = line;

    memset(parsed, 0, sizeof *parsed);
    if (!(line[0] >= '0' && line[0] <= '9' ? parse_rfc3339(&at, parsed)
                                           : parse_traditional(&at, parsed)))
        return false;
    if (!word(&at, " ", parsed->host, sizeof parsed->host))
        return false;
    at++;
    if (!word(&at, "[: ", parsed->program, sizeof parsed->program))
        return false;
    if (*at == '[') {
        char *end = NULL;
        long pid = strtol(at + 1, &end, 10);
        if (end == at + 1 || *end != ']' || pid < 0 || pid > INT32_MAX)
            return false;
        parsed->pid = (int32_t)pid;
        at = end + 1;
    }
    if (*at != ':')
        return false;
    at++;
    at += *at == ' ';
    parsed->text = at;
    return true;
}

int64_t syslog_time_us(const struct syslog_line *line, int year, bool utc)
{
    struct tm parts = {.tm_year = year - 1900,
                       .tm_mon = line->month,
                       .tm_mday = line->day,
                       .tm_hour = line->hour,
                       .tm_min = line->minute,
                       .tm_sec = line->second,
                       .tm_isdst = utc ? 0 : -1};
    return (int64_t)(utc ? timegm(&parts) : mktime(&parts)) * US_PER_S;
}

void year_counter_init(struct year_counter *counter)
{
    *counter = (struct year_counter){.month = -1};
}

void year_counter_add(struct year_counter *counter, const struct syslog_line *line)
{
    if (counter->month >= 0) {
        bool was_new_year = counter->month == 0 && counter->day <= 2;
        if (line->month - counter->month <= -6)
            counter->changes++;
        else if (was_new_year && line->month == 11 && line->day >= 30)
            counter->changes--;
    }
    counter->month = line->month;
    counter->day = line->day;
}
