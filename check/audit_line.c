#include "check/audit_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* What the table's expressions may ask for. */
struct audit_entry {
    const struct login_event *event;
    enum fault fault;
    enum verdict verdict, answer;
    enum policy_rule rule;
    bool enforce;
    bool large;  /* a session's line */
    double risk; /* negative: none */
    long source_port, asn, learned_logins, spent_us;
    char id_text[LOGIN_ID_TEXT_BYTES];
    char source_text[IP_TEXT_BYTES];
    char reasons[512];
    const char *error;
};

struct line {
    char *text;
    size_t used, capacity;
};

static void append(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);

/* A piece that does not fit is left out whole: a cut field would read as another value. */
static void append(struct line *line, const char *format, ...)
{
    size_t room = line->capacity - line->used;
    va_list list;
    int size;

    va_start(list, format);
    size = vsnprintf(line->text + line->used, room, format, list);
    va_end(list);
    if (size < 0 || (size_t)size >= room)
        line->text[line->used] = '\0';
    else
        line->used += (size_t)size;
}

void audit_line_escape(const char *text, unsigned char lowest, char *escaped, size_t capacity)
{
    size_t used = 0;

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0' && used + 5 < capacity;
         c++) {
        if (*c < lowest || *c > '~' || *c == '"' || *c == '\\')
            used += (size_t)snprintf(escaped + used, capacity - used, "\\x%02x", *c);
        else
            escaped[used++] = (char)*c;
    }
    escaped[used] = '\0';
}

static void field_WORD(struct line *line, const char *name, const char *value)
{
    char escaped[4 * LOGIN_USER_BYTES + 8];

    if (value[0] == '\0')
        return;
    audit_line_escape(value, '!', escaped, sizeof escaped);
    append(line, "%s%s=%s", line->used > 0 ? " " : "", name, escaped);
}

static void field_TEXT(struct line *line, const char *name, const char *value)
{
    char escaped[4 * LOGIN_USER_BYTES + 8];

    if (value == NULL || value[0] == '\0')
        return;
    audit_line_escape(value, ' ', escaped, sizeof escaped);
    append(line, " %s=\"%s\"", name, escaped);
}

static void field_NUMBER(struct line *line, const char *name, long value)
{
    if (value >= 0)
        append(line, " %s=%ld", name, value);
}

static void field_RISK(struct line *line, const char *name, double value)
{
    if (value >= 0)
        append(line, " %s=%.4f", name, value);
}

static void describe(struct audit_entry *entry, const struct login_record *record)
{
    const struct login_event *event = &record->event;

    entry->event = event;
    entry->fault = record->fault;
    entry->answer = record->answer;
    entry->rule = record->assessed ? record->assessment.rule : RULE_NONE;
    entry->verdict = record->assessed ? record->assessment.verdict : VERDICT_ALLOW;
    entry->risk = record->assessed ? record->assessment.risk : -1;
    entry->learned_logins = record->assessed ? (long)record->assessment.learned_logins : -1;
    entry->source_port = event->source_port != 0 ? event->source_port : -1;
    entry->asn = event->place.asn != 0 ? (long)event->place.asn : -1;
    login_id_format(&event->id, entry->id_text);
    ip_format(&event->source, entry->source_text);
    entry->large = record->volume.large && record->fault == FAULT_NONE;
    if (entry->large)
        session_volume_text(&record->volume, entry->reasons, sizeof entry->reasons);
    else if (record->assessed)
        assessment_reasons_text(&record->assessment, entry->reasons, sizeof entry->reasons);
}

void audit_line_compose(const struct login_record *record, bool enforce, int64_t spent_us,
                        const char *error, char text[CHECK_LINE_BYTES])
{
    struct audit_entry described = {.enforce = enforce, .spent_us = spent_us, .error = error};
    const struct audit_entry *entry = &described;
    struct line line = {.text = text, .capacity = CHECK_LINE_BYTES};

    describe(&described, record);
    text[0] = '\0';
#define AUDIT_FIELD(kind, name, value, meaning) field_##kind(&line, name, value);
#include "check/audit_fields.def"
#undef AUDIT_FIELD
}

int audit_line_priority(const struct login_record *record)
{
    if (record->fault != FAULT_NONE)
        return LOG_ERR;
    if (record->volume.large)
        return LOG_WARNING;
    switch (record->assessment.verdict) {
    case VERDICT_ALLOW:
        return LOG_INFO;
    case VERDICT_LOG:
    case VERDICT_STEP_UP:
        return LOG_NOTICE;
    default:
        return LOG_WARNING;
    }
}
