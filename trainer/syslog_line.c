#include "trainer/syslog_line.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/rfc3339.h"

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

#define MONTH(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* From 0; 12: none. */
static int parse_month(const char *text)
{
    static const uint32_t MONTHS[12] = {
        MONTH('J', 'a', 'n'), MONTH('F', 'e', 'b'), MONTH('M', 'a', 'r'), MONTH('A', 'p', 'r'),
        MONTH('M', 'a', 'y'), MONTH('J', 'u', 'n'), MONTH('J', 'u', 'l'), MONTH('A', 'u', 'g'),
        MONTH('S', 'e', 'p'), MONTH('O', 'c', 't'), MONTH('N', 'o', 'v'), MONTH('D', 'e', 'c')};
    int month = 0;

    if (text[0] < 'A' || text[1] == '\0')
        return 12;
    uint32_t name = MONTH((unsigned char)text[0], (unsigned char)text[1], (unsigned char)text[2]);
    while (month < 12 && MONTHS[month] != name)
        month++;
    return month;
}

bool syslog_line_date(const char *line, int *month, int *day)
{
    *month = parse_month(line);
    if (*month == 12 || line[3] != ' ')
        return false;
    const char *at = line + 4;
    int count = *at == ' ' ? 1 : 2;
    at += count == 1;
    return digits(&at, count, day) && *day >= 1 && *day <= 31 && *at == ' ';
}

/* "Mar  9 14:05:11 " */
static bool parse_traditional(const char **at, struct syslog_line *line)
{
    line->has_year = false;
    if (!syslog_line_date(*at, &line->month, &line->day))
        return false;
    *at += 7;
    return parse_clock(at, line) && literal(at, ' ');
}

static bool parse_stamp(const char **at, struct syslog_line *line)
{
    struct rfc3339_time time;

    line->has_year = true;
    if (!rfc3339_parse(*at, &time, at) || !time.has_zone || !literal(at, ' '))
        return false;
    line->time_us = time.time_us;
    line->has_offset = time.has_offset;
    line->utc_offset_s = time.offset_s;
    return true;
}

/* Up to the first of stops; false when it is empty. */
static bool word(const char **at, const char *stops, const char **text, size_t *length)
{
    *text = *at;
    *length = strcspn(*at, stops);
    *at += *length;
    return *length > 0;
}

bool syslog_line_parse(char *line, struct syslog_line *parsed)
{
    const char *at = line;

    memset(parsed, 0, sizeof *parsed);
    if (!(line[0] >= '0' && line[0] <= '9' ? parse_stamp(&at, parsed)
                                           : parse_traditional(&at, parsed)))
        return false;
    if (!word(&at, " ", &parsed->host, &parsed->host_length) || *at++ != ' ')
        return false;
    if (!word(&at, "[: ", &parsed->program, &parsed->program_length))
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
    parsed->text = line + (at - line);
    return true;
}

int64_t syslog_clock_time_us(struct syslog_clock *clock, const struct syslog_line *line, int year)
{
    if (clock->minute != line->minute || clock->hour != line->hour || clock->day != line->day ||
        clock->month != line->month || clock->year != year) {
        struct tm parts = {.tm_year = year - 1900,
                           .tm_mon = line->month,
                           .tm_mday = line->day,
                           .tm_hour = line->hour,
                           .tm_min = line->minute};
        int64_t shown_us = (int64_t)timegm(&parts) * US_PER_S;
        clock->year = year;
        clock->month = line->month;
        clock->day = line->day;
        clock->hour = line->hour;
        clock->minute = line->minute;
        clock->minute_us = clock->utc ? shown_us : clock_local_to_utc_us(shown_us);
    }
    return clock->minute_us + line->second * US_PER_S;
}

void year_counter_init(struct year_counter *counter)
{
    *counter = (struct year_counter){.month = -1};
}

void year_counter_add(struct year_counter *counter, int month, int day)
{
    if (counter->month >= 0) {
        bool was_new_year = counter->month == 0 && counter->day <= 2;
        if (month - counter->month <= -6)
            counter->changes++;
        else if (was_new_year && month == 11 && day >= 30)
            counter->changes--;
    }
    counter->month = month;
    counter->day = day;
}
