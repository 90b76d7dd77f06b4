#include "pam_module/audit.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

/* What the table's expressions may ask for. */
struct audit_entry {
    const struct login_event *event;
    enum fault fault;
    enum verdict verdict, answer;
    enum policy_rule rule;
    bool enforce;
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

/* lowest: the first byte that stays as it is, ' ' or, for a word without blanks, '!'. */
static void escape(const char *text, unsigned char lowest, char *escaped, size_t capacity)
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
    if (value[0] != '\0')
        append(line, "%s%s=%s", line->used > 0 ? " " : "", name, value);
}

static void field_TEXT(struct line *line, const char *name, const char *value)
{
    char escaped[4 * LOGIN_USER_BYTES + 8];

    if (value == NULL || value[0] == '\0')
        return;
    escape(value, ' ', escaped, sizeof escaped);
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
    if (record->assessed)
        assessment_reasons_text(&record->assessment, entry->reasons, sizeof entry->reasons);
}

void audit_compose(const struct login_record *record, bool enforce, int64_t spent_us,
                   const char *error, char text[AUDIT_LINE_BYTES])
{
    struct audit_entry described = {.enforce = enforce, .spent_us = spent_us, .error = error};
    const struct audit_entry *entry = &described;
    struct line line = {.text = text, .capacity = AUDIT_LINE_BYTES};

    describe(&described, record);
    text[0] = '\0';
#define AUDIT_FIELD(kind, name, value, meaning) field_##kind(&line, name, value);
#include "pam_module/audit_fields.def"
#undef AUDIT_FIELD
}

static int priority_of(const struct login_record *record)
{
    if (record->fault != FAULT_NONE)
        return LOG_ERR;
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

bool audit_login(const struct log_identity *log, const struct login_record *record, bool enforce,
                 int64_t spent_us, const char *error, int64_t deadline_us)
{
    char line[AUDIT_LINE_BYTES];

    audit_compose(record, enforce, spent_us, error, line);
    return audit_send(log, priority_of(record), line, deadline_us);
}

bool audit_refusal(const struct log_identity *log, const struct login_event *event,
                   int64_t deadline_us)
{
    char escaped[4 * LOGIN_USER_BYTES + 8];
    char source[IP_TEXT_BYTES];
    char line[AUDIT_LINE_BYTES];

    escape(event->user, '!', escaped, sizeof escaped);
    snprintf(line, sizeof line,
             "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=%s  user=%s",
             ip_format(&event->source, source), escaped);
    return audit_send(log, LOG_NOTICE, line, deadline_us);
}

static int connect_log(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = AUDIT_SOCKET_PATH};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;

        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* A full socket is waited for; true when it may take something before the deadline. */
static bool wait_writable(int fd, int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_monotonic_us();
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    struct timespec timeout = {.tv_sec = left_us / US_PER_S,
                               .tv_nsec = (left_us % US_PER_S) * 1000};

    return left_us > 0 && ppoll(&poll_fd, 1, &timeout, NULL) > 0;
}

static bool send_whole(int fd, const char *text, size_t size, int64_t deadline_us)
{
    do {
        if (send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size)
            return true;
    } while (errno == EINTR || (errno == EAGAIN && wait_writable(fd, deadline_us)));
    return false;
}

bool audit_send(const struct log_identity *log, int priority, const char *line, int64_t deadline_us)
{
    char text[AUDIT_LINE_BYTES + 128];
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm local;
    bool stream = false;
    bool sent;
    int size;
    int fd = connect_log(SOCK_DGRAM);

    if (fd == -1 && errno == EPROTOTYPE) {
        stream = true;
        fd = connect_log(SOCK_STREAM);
    }
    if (fd == -1)
        return false;
    if (localtime_r(&now, &local) != NULL)
        (void)strftime(stamp, sizeof stamp, "%h %e %T ", &local);
    size = snprintf(text, sizeof text, "<%d>%s%s[%d]: pam_anomaly(%s): %s", LOG_AUTHPRIV | priority,
                    stamp, log->program, log->pid, log->context, line);
    if ((size_t)size >= sizeof text)
        size = (int)sizeof text - 1;
    sent = send_whole(fd, text, (size_t)size + (stream ? 1 : 0), deadline_us);
    (void)close(fd);
    return sent;
}
