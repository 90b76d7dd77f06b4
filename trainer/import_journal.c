/* sshd's messages among the journal's, one JSON object a line as journalctl -o json prints them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "scorer/login_event.h"
#include "trainer/line_reader.h"
#include "trainer/sshd_log.h"
#include "trainer/sshd_message.h"

#define LONGEST_LINE (1U << 20)

/* JOURNAL_FIELD(symbol, name, most bytes) */
#define JOURNAL_FIELDS                                                                             \
    JOURNAL_FIELD(TIME, "__REALTIME_TIMESTAMP", 24)                                                \
    JOURNAL_FIELD(HOST, "_HOSTNAME", LOGIN_HOST_BYTES)                                             \
    JOURNAL_FIELD(IDENTIFIER, "SYSLOG_IDENTIFIER", 64)                                             \
    JOURNAL_FIELD(COMMAND, "_COMM", 64)                                                            \
    JOURNAL_FIELD(PID, "_PID", 24)                                                                 \
    JOURNAL_FIELD(UID, "_UID", 24)                                                                 \
    JOURNAL_FIELD(SYSLOG_PID, "SYSLOG_PID", 24)                                                    \
    JOURNAL_FIELD(MESSAGE, "MESSAGE", 8192)

enum journal_field {
#define JOURNAL_FIELD(symbol, name, bytes) FIELD_##symbol,
    JOURNAL_FIELDS
#undef JOURNAL_FIELD
        FIELD_COUNT
};

static const struct {
    const char *name;
    size_t length, bytes;
} FIELDS[FIELD_COUNT] = {
#define JOURNAL_FIELD(symbol, name, bytes) {name, sizeof name - 1, bytes},
    JOURNAL_FIELDS
#undef JOURNAL_FIELD
};

/* An entry's fields, as far as they matter, ended by NUL. -1: missing, or not to be had as text. */
struct journal_entry {
    int length[FIELD_COUNT];
    char text[FIELD_COUNT][8192];
};

struct journal_file {
    struct import_reading *reading;
    struct line_reader lines;
    struct sshd_log *log;
    struct zone_clock zone;
    struct journal_entry entry;
};

static void keep(struct journal_entry *entry, enum journal_field field, const char *text,
                 size_t length)
{
    entry->length[field] = -1;
    if (length >= FIELDS[field].bytes)
        return;
    entry->length[field] = (int)length;
    memcpy(entry->text[field], text, length);
    entry->text[field][length] = '\0';
}

static void keep_named(struct journal_entry *entry, const char *name, size_t name_length,
                       const char *text, size_t length)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (FIELDS[field].length == name_length &&
            memcmp(FIELDS[field].name, name, name_length) == 0)
            keep(entry, (enum journal_field)field, text, length);
    }
}

static void forget(struct journal_entry *entry)
{
    for (int field = 0; field < FIELD_COUNT; field++)
        entry->length[field] = -1;
}

/*
 * Most entries are strings without escapes throughout: these are read here, as the library takes
 * ten times as long. False: it is anything else, for the library to tell what.
 */
static bool read_plain(const char *at, struct journal_entry *entry)
{
    forget(entry);
    for (char before = '{'; *at == before; before = ',') {
        const char *name = at + 2;
        if (at[1] != '"')
            return false;
        size_t name_length = strcspn(name, "\"\\");
        if (strncmp(name + name_length, "\":\"", 3) != 0)
            return false;
        const char *text = name + name_length + 3;
        size_t length = strcspn(text, "\"\\");
        if (text[length] != '"')
            return false;
        keep_named(entry, name, name_length, text, length);
        at = text + length + 1;
    }
    return strcmp(at, "}") == 0;
}

/* A field that is a string, or an array of bytes where it is no UTF-8. */
static void keep_json(struct journal_entry *entry, enum journal_field field, const json_t *value)
{
    char bytes[sizeof entry->text[0]];
    size_t length = json_array_size(value);

    if (json_is_string(value)) {
        keep(entry, field, json_string_value(value), json_string_length(value));
        return;
    }
    if (!json_is_array(value) || length >= FIELDS[field].bytes)
        return;
    for (size_t i = 0; i < length; i++) {
        const json_t *byte = json_array_get(value, i);
        json_int_t number = json_is_integer(byte) ? json_integer_value(byte) : -1;
        if (number < 0 || number > UINT8_MAX)
            return;
        bytes[i] = (char)number;
    }
    keep(entry, field, bytes, length);
}

static bool read_json(const struct input_line *line, struct journal_entry *entry)
{
    json_t *object = json_loadb(line->text, line->length, 0, NULL);
    bool is_object = json_is_object(object);

    forget(entry);
    for (int field = 0; is_object && field < FIELD_COUNT; field++)
        keep_json(entry, (enum journal_field)field, json_object_get(object, FIELDS[field].name));
    json_decref(object);
    return is_object;
}

/* A decimal number; journalctl prints them as strings. */
static bool field_number(const struct journal_entry *entry, enum journal_field field, int64_t most,
                         int64_t *value)
{
    const char *text = entry->text[field];
    char *end = NULL;

    if (entry->length[field] <= 0 || *text < '0' || *text > '9')
        return false;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && *value <= most;
}

static bool is_sshd(const struct journal_entry *entry)
{
    enum journal_field field =
        entry->length[FIELD_IDENTIFIER] >= 0 ? FIELD_IDENTIFIER : FIELD_COMMAND;

    return entry->length[field] > 0 &&
           sshd_program(entry->text[field], (size_t)entry->length[field]);
}

/* NUL bytes of an escape or an array would hide what follows. */
static void show_nul(char *text, int length)
{
    for (char *at = text; (at = memchr(at, '\0', (size_t)(text + length - at))) != NULL; at++)
        *at = '?';
}

/* What an entry is skipped as; SKIPPED_COUNT: it is a message of sshd, with *origin. */
static enum skipped_line judge_entry(struct journal_file *file, struct sshd_origin *origin)
{
    struct journal_entry *entry = &file->entry;
    int64_t pid = 0;

    if (!is_sshd(entry))
        return SKIPPED_OTHER_PROGRAM;
    if (!field_number(entry, FIELD_TIME, LOGIN_TIME_MAX_US, &origin->time_us))
        return SKIPPED_NO_TIME;
    if (entry->length[FIELD_MESSAGE] < 0)
        return SKIPPED_TOO_LONG;
    if (!field_number(entry, FIELD_PID, INT32_MAX, &pid) &&
        !field_number(entry, FIELD_SYSLOG_PID, INT32_MAX, &pid))
        pid = 0;
    origin->pid = (int32_t)pid;
    /* Who names himself sshd may be anybody; _UID is the journal's own word on him. */
    origin->unprivileged =
        entry->length[FIELD_UID] >= 0 && strcmp(entry->text[FIELD_UID], "0") != 0;
    origin->host = entry->text[FIELD_HOST];
    origin->host_length = entry->length[FIELD_HOST] > 0 ? (size_t)entry->length[FIELD_HOST] : 0;
    origin->utc_offset_s = zone_clock_offset_s(&file->zone, origin->time_us);
    return SKIPPED_COUNT;
}

static bool on_line(struct journal_file *file, const struct input_line *line, struct error *error)
{
    struct journal_entry *entry = &file->entry;
    struct sshd_origin origin = {.pid = 0};
    enum skipped_line kind = SKIPPED_MALFORMED;

    if (line->too_long)
        kind = SKIPPED_TOO_LONG;
    else if (line->length == 0)
        kind = SKIPPED_EMPTY;
    else if (read_plain(line->text, entry) || read_json(line, entry))
        kind = judge_entry(file, &origin);
    if (kind != SKIPPED_COUNT) {
        import_skip(&file->reading->counts, kind, file->lines.number, line->text, line->length);
        return true;
    }
    show_nul(entry->text[FIELD_MESSAGE], entry->length[FIELD_MESSAGE]);
    return sshd_log_add(file->log, &origin, entry->text[FIELD_MESSAGE], error);
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
    struct journal_file *file = calloc(1, sizeof *file);

    if (file == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read the journal");
    file->reading = reading;
    file->zone.utc = reading->utc;
    bool done = line_reader_open(&file->lines, reading->input, LONGEST_LINE, error) &&
                sshd_log_create(&file->log, reading, error) && read_lines(file, error);
    sshd_log_destroy(file->log);
    line_reader_close(&file->lines);
    free(file);
    return done;
}
