/* sshd's messages among the journal's, one JSON object a line as journalctl -o json prints them. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "scorer/login_event.h"
#include "trainer/line_reader.h"
#include "trainer/sshd_log.h"
#include "trainer/sshd_message.h"

#define LONGEST_LINE  (1U << 20)
#define MESSAGE_BYTES 8192

struct journal_file {
    struct import_reading *reading;
    struct line_reader lines;
    struct sshd_log *log;
    struct zone_clock zone;
};

/* A field's text: a string, or an array of bytes where it is no UTF-8. -1: neither, or too long.
 * NUL bytes become '?'. */
static int field_text(const json_t *field, char *text, size_t capacity)
{
    size_t length = 0;

    if (json_is_string(field)) {
        length = json_string_length(field);
        if (length >= capacity)
            return -1;
        memcpy(text, json_string_value(field), length);
    } else if (json_is_array(field)) {
        length = json_array_size(field);
        if (length >= capacity)
            return -1;
        for (size_t i = 0; i < length; i++) {
            const json_t *byte = json_array_get(field, i);
            json_int_t value = json_is_integer(byte) ? json_integer_value(byte) : -1;
            if (value < 0 || value > UINT8_MAX)
                return -1;
            text[i] = (char)value;
        }
    } else {
        return -1;
    }
    for (char *at = text; (at = memchr(at, '\0', (size_t)(text + length - at))) != NULL;)
        *at = '?';
    text[length] = '\0';
    return (int)length;
}

/* A decimal number; journalctl prints them as strings. */
static bool field_number(const json_t *field, int64_t most, int64_t *value)
{
    const char *text = json_string_value(field);
    char *end = NULL;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && *value <= most;
}

static bool is_sshd(const json_t *entry)
{
    const json_t *name = json_object_get(entry, "SYSLOG_IDENTIFIER");

    if (name == NULL)
        name = json_object_get(entry, "_COMM");
    return json_is_string(name) && sshd_program(json_string_value(name), json_string_length(name));
}

/* SKIPPED_COUNT: the entry was read. */
static enum skipped_line read_entry(struct journal_file *file, const json_t *entry,
                                    struct error *error)
{
    char text[MESSAGE_BYTES], host[LOGIN_HOST_BYTES];
    int64_t pid = 0;
    struct sshd_origin origin = {.host = host};

    if (!json_is_object(entry))
        return SKIPPED_MALFORMED;
    if (!is_sshd(entry))
        return SKIPPED_OTHER_PROGRAM;
    if (!field_number(json_object_get(entry, "__REALTIME_TIMESTAMP"), LOGIN_TIME_MAX_US,
                      &origin.time_us))
        return SKIPPED_NO_TIME;
    if (field_text(json_object_get(entry, "MESSAGE"), text, sizeof text) < 0)
        return SKIPPED_TOO_LONG;
    if (!field_number(json_object_get(entry, "_PID"), INT32_MAX, &pid) &&
        !field_number(json_object_get(entry, "SYSLOG_PID"), INT32_MAX, &pid))
        pid = 0;
    int length = field_text(json_object_get(entry, "_HOSTNAME"), host, sizeof host);
    origin.host_length = length > 0 ? (size_t)length : 0;
    origin.pid = (int32_t)pid;
    origin.utc_offset_s = zone_clock_offset_s(&file->zone, origin.time_us);
    if (!sshd_log_add(file->log, &origin, text, error))
        return SKIPPED_OTHER; /* the error says it */
    return SKIPPED_COUNT;
}

static bool on_line(struct journal_file *file, const struct input_line *line, struct error *error)
{
    enum skipped_line kind = SKIPPED_COUNT;

    if (line->too_long) {
        kind = SKIPPED_TOO_LONG;
    } else if (line->length == 0) {
        kind = SKIPPED_EMPTY;
    } else if (line->text[0] == '{' && line->text[line->length - 1] == '}' &&
               memmem(line->text, line->length, "\"sshd", 5) == NULL) {
        kind = SKIPPED_OTHER_PROGRAM; /* nobody in it is called that */
    } else {
        json_t *entry = json_loadb(line->text, line->length, 0, NULL);
        kind = read_entry(file, entry, error);
        json_decref(entry);
    }
    if (kind != SKIPPED_COUNT)
        import_skip(&file->reading->counts, kind, file->lines.number, line->text, line->length);
    return error->fault == FAULT_NONE;
}

static bool read_lines(struct journal_file *file, struct error *error)
{
    struct input_line line;

    for (;;) {
        if (!line_reader_next(&file->lines, &line, error))
            return false;
        if (line.text == NULL)
            return sshd_log_finish(file->log, error);
        file->reading->number = file->lines.number;
        import_count_line(file->reading);
        if (!on_line(file, &line, error))
            return false;
    }
}

bool import_journal(struct import_reading *reading, struct error *error)
{
    struct journal_file file = {.reading = reading, .zone = {.utc = reading->utc}};

    bool done = line_reader_open(&file.lines, reading->input, LONGEST_LINE, error) &&
                sshd_log_create(&file.log, reading, error) && read_lines(&file, error);
    sshd_log_destroy(file.log);
    line_reader_close(&file.lines);
    return done;
}
