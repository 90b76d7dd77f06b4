/* sshd's lines of a system log. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "trainer/line_reader.h"
#include "trainer/sshd_log.h"
#include "trainer/sshd_message.h"
#include "trainer/syslog_line.h"

#define LONGEST_LINE 8191
#define STAMP_BYTES  15 /* "Mar  9 14:05:11" */

struct log_file {
    struct import_reading *reading;
    struct line_reader lines;
    struct sshd_log *log;
    struct year_counter years;
    struct syslog_clock clock;
    struct zone_clock zone;
    int first_year;                /* of the first line without one */
    int least_year, greatest_year; /* that were taken for one's; 0: none yet */
};

/* None lies after it but by a clock's error. */
static int64_t latest_us(const struct import_reading *reading)
{
    return reading->input->newest_us + S_PER_DAY * US_PER_S;
}

/* Of the last line. */
static int latest_year(char *last, const struct import_reading *reading)
{
    time_t newest_s = (time_t)(reading->input->newest_us / US_PER_S);
    struct syslog_clock clock = {.utc = reading->utc};
    struct syslog_line line;
    struct tm parts;

    if ((reading->utc ? gmtime_r(&newest_s, &parts) : localtime_r(&newest_s, &parts)) == NULL)
        return 1970;
    int year = parts.tm_year + 1900;
    bool is_later = syslog_line_parse(last, &line) &&
                    syslog_clock_time_us(&clock, &line, year) > latest_us(reading);
    return is_later ? year - 1 : year;
}

/* The first reading: how often the year changes among lines without one, and so the first year. */
static bool find_years(struct log_file *file, struct error *error)
{
    struct import_reading *reading = file->reading;
    struct input_line line;
    struct year_counter years;
    char last[] = "Mmm dd hh:mm:ss h p:"; /* a whole line, as it must be to be parsed */
    bool any = false;
    int month = 0, day = 0;

    year_counter_init(&years);
    for (;;) {
        if (!line_reader_next(&file->lines, &line, error))
            return false;
        if (line.text == NULL)
            break;
        if (!syslog_line_date(line.text, &month, &day))
            continue;
        year_counter_add(&years, month, day);
        if (line.length >= STAMP_BYTES) {
            memcpy(last, line.text, STAMP_BYTES);
            any = true;
        }
    }
    int last_year = reading->last_year != 0 ? reading->last_year
                    : any                   ? latest_year(last, reading)
                                            : 0;
    file->first_year = last_year - years.changes;
    return line_reader_rewind(&file->lines, error);
}

/*
 * Of a line without a year. Steps of less than half a year, as from November to June, are not
 * counted as another year, and so may lead beyond the newest.
 */
static int64_t dated_us(struct log_file *file, const struct syslog_line *line)
{
    int year = file->first_year + file->years.changes;
    int64_t time_us = syslog_clock_time_us(&file->clock, line, year);

    if (file->reading->last_year == 0 && time_us > latest_us(file->reading))
        time_us = syslog_clock_time_us(&file->clock, line, --year);
    if (time_us < 0)
        return time_us;
    if (file->least_year == 0 || year < file->least_year)
        file->least_year = year;
    if (year > file->greatest_year)
        file->greatest_year = year;
    return time_us;
}

static void note_years(const struct log_file *file)
{
    struct import_reading *reading = file->reading;

    if (file->least_year != 0)
        snprintf(reading->note, sizeof reading->note,
                 "dates without a year are taken for %d to %d, in %s (--year, --utc)",
                 file->least_year, file->greatest_year, reading->utc ? "UTC" : "the local zone");
}

static bool on_line(struct log_file *file, struct input_line *text, struct error *error)
{
    struct import_counts *counts = &file->reading->counts;
    struct syslog_line line;

    if (text->too_long || text->length == 0 || !syslog_line_parse(text->text, &line)) {
        enum skipped_line kind = text->too_long      ? SKIPPED_TOO_LONG
                                 : text->length == 0 ? SKIPPED_EMPTY
                                                     : SKIPPED_MALFORMED;
        import_skip(counts, kind, file->reading->number, text->text, text->length);
        return true;
    }
    if (!sshd_program(line.program, line.program_length)) {
        import_skip(counts, SKIPPED_OTHER_PROGRAM, 0, "", 0);
        return true;
    }
    struct sshd_origin origin = {.host = line.host,
                                 .host_length = line.host_length,
                                 .pid = line.pid,
                                 .time_us = line.time_us,
                                 .utc_offset_s = line.utc_offset_s};
    if (!line.has_year)
        origin.time_us = dated_us(file, &line);
    if (origin.time_us < 0 || origin.time_us > LOGIN_TIME_MAX_US) {
        import_skip(counts, SKIPPED_NO_TIME, file->reading->number, text->text, text->length);
        return true;
    }
    if (!line.has_offset)
        origin.utc_offset_s = zone_clock_offset_s(&file->zone, origin.time_us);
    return sshd_log_add(file->log, &origin, line.text, error);
}

static bool read_lines(struct log_file *file, struct error *error)
{
    struct input_line line;
    int month = 0, day = 0;

    for (;;) {
        if (!line_reader_next(&file->lines, &line, error))
            return false;
        if (line.text == NULL)
            return sshd_log_finish(file->log, error);
        file->reading->number = file->lines.number;
        import_count_line(file->reading);
        if (syslog_line_date(line.text, &month, &day)) /* the same lines as at the first reading */
            year_counter_add(&file->years, month, day);
        if (!on_line(file, &line, error))
            return false;
    }
}

bool import_sshd(struct import_reading *reading, struct error *error)
{
    struct log_file file = {.reading = reading,
                            .clock = {.utc = reading->utc, .minute = -1},
                            .zone = {.utc = reading->utc}};

    year_counter_init(&file.years);
    bool done = input_spool(reading->input, error) &&
                line_reader_open(&file.lines, reading->input, LONGEST_LINE, error) &&
                sshd_log_create(&file.log, reading, error) && find_years(&file, error) &&
                read_lines(&file, error);
    note_years(&file);
    sshd_log_destroy(file.log);
    line_reader_close(&file.lines);
    return done;
}
