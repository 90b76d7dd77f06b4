/*
 * One line of a system log: traditional (RFC 3164: "Mar  9 14:05:11 host sshd[123]: text", no year)
 * or with an RFC 3339 timestamp.
 */
#ifndef TRAINER_SYSLOG_LINE_H
#define TRAINER_SYSLOG_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct syslog_line {
    bool has_year;
    int month, day, hour, minute, second; /* of a traditional line; month from 0 */
    int64_t time_us;                      /* of a line with a year, UTC */
    bool has_offset;                      /* the line names its zone's offset */
    int32_t utc_offset_s;
    char host[65];
    char program[32];
    int32_t pid;      /* 0: none */
    const char *text; /* points into the line */
};

/* False when the line is not one. */
bool syslog_line_parse(const char *line, struct syslog_line *parsed) MUST_USE;

/* When a traditional line was written, in that year of the local zone, or of UTC. */
int64_t syslog_time_us(const struct syslog_line *line, int year, bool utc);

/*
 * Counts how often the year has changed from one traditional line to the next. A step from December
 * to January adds one; lines out of order around midnight of New Year take it back.
 */
struct year_counter {
    int month, day; /* of the last line; month -1: none yet */
    int changes;
};
void year_counter_init(struct year_counter *counter);
void year_counter_add(struct year_counter *counter, const struct syslog_line *line);

#endif
