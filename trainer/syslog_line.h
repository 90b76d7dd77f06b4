/*
 * One line of a system log: traditional (RFC 3164: "Mar  9 14:05:11 host sshd[123]: text", no year)
 * or with an RFC 3339 timestamp.
 */
#ifndef TRAINER_SYSLOG_LINE_H
#define TRAINER_SYSLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Texts point into the line; those with a length are not ended by NUL. */
struct syslog_line {
    bool has_year;
    int month, day, hour, minute, second; /* of a traditional line; month from 0 */
    int64_t time_us;                      /* of a line with a year, UTC */
    bool has_offset;                      /* the line names its zone's offset, other than Z */
    int32_t utc_offset_s;
    const char *host, *program;
    size_t host_length, program_length;
    int32_t pid; /* 0: none */
    char *text;
};

/* False when the line is not one. */
bool syslog_line_parse(char *line, struct syslog_line *parsed) MUST_USE;

/* Month and day of a line with a traditional date; false when it has none. */
bool syslog_line_date(const char *line, int *month, int *day) MUST_USE;

/* Times of traditional lines; the last minute is kept, as the next line is mostly in it too. */
struct syslog_clock {
    bool utc; /* else the local zone */
    int year, month, day, hour, minute;
    int64_t minute_us;
};
int64_t syslog_clock_time_us(struct syslog_clock *clock, const struct syslog_line *line, int year);

/*
 * Counts how often the year has changed from one traditional line to the next. A step from December
 * to January adds one; lines out of order around midnight of New Year take it back.
 */
struct year_counter {
    int month, day; /* of the last line; month -1: none yet */
    int changes;
};
void year_counter_init(struct year_counter *counter);
void year_counter_add(struct year_counter *counter, int month, int day);

#endif
