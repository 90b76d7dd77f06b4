#include "trainer/import_sshd.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/hash.h"
#include "trainer/key_table.h"
#include "trainer/syslog_line.h"

#define LINE_BYTES   8192
#define MOST_REPEATS 1000

struct open_login {
    struct stored_login *login; /* NULL: closed */
};

struct importer {
    const struct import_source *source;
    import_visitor *visit;
    void *context;
    struct import_counts *counts;
    struct error *error;
    struct key_table by_process;    /* struct open_login, keyed by host and pid */
    struct key_table by_connection; /* uint64_t: the key in by_process */
    int last_year;
    int total_year_changes;
    struct year_counter years;
    bool failed;
};

/* What one line says, and when. */
struct message {
    const struct syslog_line *line;
    int64_t time_us;
    int32_t utc_offset_s;
};

const char *skipped_line_name(enum skipped_line kind)
{
    static const char *const NAMES[] = {
#define SKIPPED(symbol, name, meaning) name,
        SKIPPED_LINES
#undef SKIPPED
    };
    return (unsigned)kind < SKIPPED_COUNT ? NAMES[kind] : "";
}

static void skip(struct importer *importer, enum skipped_line kind)
{
    importer->counts->skipped[kind]++;
}

/* ---- the words of a message ---- */

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* "IP port N" at text; *end: what follows. */
static bool parse_peer(const char *text, struct ip_address *address, uint16_t *port,
                       const char **end)
{
    char word[IP_TEXT_BYTES + 20];
    size_t length = strcspn(text, " ");
    char *rest = NULL;

    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    const char *number = after(text + length, " port ");
    if (number == NULL || !isdigit((unsigned char)*number) || !ip_parse(word, address))
        return false;
    unsigned long value = strtoul(number, &rest, 10);
    *port = (uint16_t)(value <= UINT16_MAX ? value : 0);
    *end = rest;
    return value <= UINT16_MAX;
}

/* Behind the peer of a Failed line: " ssh2" and, for a key, ": TYPE FINGERPRINT". */
static bool is_failed_tail(const char *tail)
{
    const char *rest = after(tail, " ssh2");
    if (rest == NULL)
        return *tail == '\0';
    if (*rest == '\0')
        return true;
    rest = after(rest, ": ");
    if (rest == NULL)
        return false;
    rest += strcspn(rest, " ");
    return *rest == '\0' || (*rest == ' ' && strchr(rest + 1, ' ') == NULL);
}

/* The last " from IP port N" that ends a Failed line: what stands before it is the client's. */
static const char *find_failed_peer(const char *text, struct login_event *event)
{
    const char *found = NULL;
    const char *end = NULL;
    struct ip_address address;
    uint16_t port = 0;

    for (const char *at = strstr(text, " from "); at != NULL; at = strstr(at + 1, " from ")) {
        if (parse_peer(at + 6, &address, &port, &end) && is_failed_tail(end)) {
            event->source = address;
            event->source_port = port;
            found = at;
        }
    }
    return found;
}

/* An Accepted line's user exists on the machine; behind the peer a certificate's ID may hold any
 * text, so here the first peer counts. */
static const char *find_accepted_peer(const char *text, struct login_event *event,
                                      const char **tail)
{
    for (const char *at = strstr(text, " from "); at != NULL; at = strstr(at + 1, " from ")) {
        if (parse_peer(at + 6, &event->source, &event->source_port, tail))
            return at;
    }
    return NULL;
}

static void take_user(const char *from, const char *to, struct login_event *event)
{
    size_t length = (size_t)(to - from);
    if (length >= sizeof event->user)
        length = sizeof event->user - 1;
    memcpy(event->user, from, length);
    event->user[length] = '\0';
}

/* "keyboard-interactive/pam" is known by its first part. Returns what follows the method. */
static const char *take_method(const char *text, struct login_event *event)
{
    char name[32];
    size_t length = strcspn(text, "/ ");

    if (length >= sizeof name)
        return NULL;
    memcpy(name, text, length);
    name[length] = '\0';
    event->method = login_method_from_name(name);
    return after(text + strcspn(text, " "), " for ");
}

/* ": ED25519 SHA256:…" behind the peer of an Accepted line. */
static void take_key(const char *tail, struct login_event *event)
{
    const char *rest = after(tail, " ssh2: ");
    const char *key = rest == NULL ? NULL : strchr(rest, ' ');
    if (key == NULL || after(key + 1, "SHA256:") == NULL)
        return;
    size_t length = strcspn(key + 1, " ");
    if (length < sizeof event->key) {
        memcpy(event->key, key + 1, length);
        event->key[length] = '\0';
    }
}

/* ---- logins that are open ---- */

static uint64_t process_key(const struct syslog_line *line)
{
    char text[128];
    snprintf(text, sizeof text, "%s[%d]", line->host, line->pid);
    return hash_text(text);
}

static uint64_t connection_key(const struct ip_address *address, uint16_t port)
{
    return ip_key(address) * 65599 + port;
}

static void hand_out(struct importer *importer, struct stored_login *login)
{
    if (!importer->failed && !importer->visit(importer->context, login, importer->error))
        importer->failed = true;
}

static void finish_login(struct importer *importer, uint64_t process)
{
    struct open_login *open = key_table_find(&importer->by_process, process);
    if (open == NULL || open->login == NULL)
        return;
    hand_out(importer, open->login);
    free(open->login);
    open->login = NULL;
}

static void close_login(struct importer *importer, uint64_t process, int64_t time_us)
{
    struct open_login *open = key_table_find(&importer->by_process, process);
    if (open == NULL || open->login == NULL) {
        skip(importer, SKIPPED_SESSION);
        return;
    }
    struct stored_login *login = open->login;
    login->closed_us = time_us > login->opened_us ? time_us : login->opened_us;
    login->reached = STAGE_CLOSED;
    login->record.event.stage = STAGE_CLOSED;
    login->record.event.duration_s = (login->closed_us - login->opened_us) / US_PER_S;
    importer->counts->sessions++;
    finish_login(importer, process);
}

static void keep_open(struct importer *importer, const struct message *message,
                      const struct stored_login *login)
{
    uint64_t process = process_key(message->line);
    bool added = false;

    finish_login(importer, process); /* the pid is used again */
    struct open_login *open =
        key_table_add(&importer->by_process, process, &added, importer->error);
    uint64_t *connection =
        key_table_add(&importer->by_connection,
                      connection_key(&login->record.event.source, login->record.event.source_port),
                      &added, importer->error);
    if (open == NULL || connection == NULL) {
        importer->failed = true;
        return;
    }
    *connection = process;
    open->login = malloc(sizeof *login);
    if (open->login == NULL) {
        error_set_errno(importer->error, FAULT_STORE, ENOMEM, "cannot import");
        importer->failed = true;
        return;
    }
    *open->login = *login;
}

/* ---- messages ---- */

static void start_login(const struct message *message, struct stored_login *login)
{
    struct login_event *event = &login->record.event;

    memset(login, 0, sizeof *login);
    login_record_init(&login->record);
    event->time_us = message->time_us;
    event->utc_offset_s = message->utc_offset_s;
    snprintf(event->host, sizeof event->host, "%s", message->line->host);
    snprintf(event->service, sizeof event->service, "sshd");
    login->reached = STAGE_ATTEMPT;
    login->imported = true;
    login->label = -1;
}

static void on_accepted(struct importer *importer, const struct message *message, const char *text)
{
    struct stored_login login;
    struct login_event *event = &login.record.event;
    const char *tail = NULL;

    start_login(message, &login);
    const char *user = take_method(text, event);
    const char *peer = user == NULL ? NULL : find_accepted_peer(user, event, &tail);
    if (peer == NULL || peer == user) {
        skip(importer, SKIPPED_NO_ADDRESS);
        return;
    }
    take_user(user, peer, event);
    take_key(tail, event);
    event->stage = STAGE_OPENED;
    event->learn = true;
    login.reached = STAGE_OPENED;
    login.accepted_us = login.opened_us = message->time_us;
    importer->counts->logins++;
    keep_open(importer, message, &login);
}

static void on_failed(struct importer *importer, const struct message *message, const char *text)
{
    struct stored_login login;
    struct login_event *event = &login.record.event;

    if (after(text, "none for ") != NULL) {
        skip(importer, SKIPPED_NONE_METHOD);
        return;
    }
    if (after(text, "publickey for ") != NULL) {
        skip(importer, SKIPPED_KEY_OFFERED);
        return;
    }
    start_login(message, &login);
    const char *user = take_method(text, event);
    const char *known = user == NULL ? NULL : after(user, "invalid user ");
    if (known != NULL)
        user = known;
    /* An unknown user's name may be empty; then the peer follows at once. */
    const char *peer = user == NULL ? NULL : find_failed_peer(user > text ? user - 1 : user, event);
    if (peer == NULL) {
        skip(importer, SKIPPED_NO_ADDRESS);
        return;
    }
    take_user(user, peer < user ? user : peer, event);
    if (event->user[0] == '\0')
        snprintf(event->user, sizeof event->user, "?");
    importer->counts->failures++;
    hand_out(importer, &login);
}

static void on_session_opened(struct importer *importer, const struct message *message,
                              const char *text)
{
    struct open_login *open = key_table_find(&importer->by_process, process_key(message->line));
    (void)text;
    if (open == NULL || open->login == NULL) {
        skip(importer, SKIPPED_SESSION);
        return;
    }
    if (message->time_us > open->login->opened_us)
        open->login->opened_us = message->time_us;
}

static void on_session_closed(struct importer *importer, const struct message *message,
                              const char *text)
{
    (void)text;
    close_login(importer, process_key(message->line), message->time_us);
}

/* "… [user NAME ]IP port N…": a login's end when its connection is known. */
static void on_disconnect(struct importer *importer, const struct message *message,
                          const char *text)
{
    struct ip_address address;
    uint16_t port = 0;
    const char *end = NULL;
    bool found = false;

    for (const char *at = text; at != NULL && !found; at = strchr(at, ' ')) {
        at += *at == ' ';
        found = parse_peer(at, &address, &port, &end);
    }
    const uint64_t *process =
        found ? key_table_find(&importer->by_connection, connection_key(&address, port)) : NULL;
    const struct open_login *open =
        process == NULL ? NULL : key_table_find(&importer->by_process, *process);
    if (open == NULL || open->login == NULL || strstr(text, "[preauth]") != NULL)
        skip(importer, SKIPPED_CONNECTION);
    else if (open->login->closed_us == 0)
        /* The session's own line follows with the exact time; this is the end if it does not. */
        open->login->closed_us = message->time_us;
}

struct handler {
    const char *prefix;
    void (*handle)(struct importer *importer, const struct message *message, const char *text);
    enum skipped_line skipped; /* without a handler */
};

static const struct handler HANDLERS[] = {
    {"Accepted ", on_accepted, 0},
    {"Failed ", on_failed, 0},
    {"pam_unix(sshd:session): session opened for user ", on_session_opened, 0},
    {"pam_unix(sshd:session): session closed for user ", on_session_closed, 0},
    {"Disconnected from ", on_disconnect, 0},
    {"Received disconnect from ", on_disconnect, 0},
    {"error: Received disconnect from ", on_disconnect, 0},
    {"Connection closed by ", on_disconnect, 0},
    {"Connection reset by ", on_disconnect, 0},
    {"Connection from ", NULL, SKIPPED_CONNECTION},
    {"Did not receive identification string from ", NULL, SKIPPED_CONNECTION},
    {"Disconnecting", NULL, SKIPPED_CONNECTION},
    {"Invalid user ", NULL, SKIPPED_INVALID_USER},
    {"input_userauth_request: invalid user ", NULL, SKIPPED_INVALID_USER},
    {"pam_unix(sshd:auth): authentication failure", NULL, SKIPPED_PAM_FAILURE},
    {"pam_unix(sshd:auth): check pass", NULL, SKIPPED_PAM_FAILURE},
    {"PAM ", NULL, SKIPPED_PAM_FAILURE},
    {"error: PAM: ", NULL, SKIPPED_PAM_FAILURE},
    {"error: maximum authentication attempts exceeded", NULL, SKIPPED_CONNECTION},
};

static void dispatch(struct importer *importer, const struct message *message, const char *text)
{
    for (size_t i = 0; i < sizeof HANDLERS / sizeof HANDLERS[0]; i++) {
        const char *rest = after(text, HANDLERS[i].prefix);
        if (rest == NULL)
            continue;
        if (HANDLERS[i].handle != NULL)
            HANDLERS[i].handle(importer, message, rest);
        else
            skip(importer, HANDLERS[i].skipped);
        return;
    }
    skip(importer, SKIPPED_OTHER);
}

/* "message repeated N times: [ MESSAGE]" stands for N more of them. */
static void on_text(struct importer *importer, const struct message *message, char *text)
{
    const char *count_text = after(text, "message repeated ");
    char *end = NULL;

    if (count_text == NULL) {
        dispatch(importer, message, text);
        return;
    }
    long count = strtol(count_text, &end, 10);
    const char *inner = after(end, " times: [ ");
    size_t length = inner == NULL ? 0 : strlen(inner);
    if (length == 0 || inner[length - 1] != ']' || count < 1 || count > MOST_REPEATS ||
        after(inner, "Failed ") == NULL) {
        skip(importer, SKIPPED_OTHER);
        return;
    }
    text[inner - text + (long)length - 1] = '\0';
    /* One line, however often it says the same: what cannot be read is skipped once. */
    int64_t before = importer->counts->failures;
    dispatch(importer, message, inner);
    if (importer->counts->failures == before)
        return;
    for (long i = 1; i < count; i++)
        dispatch(importer, message, inner);
}

static bool is_sshd(const char *program)
{
    return strcmp(program, "sshd") == 0 || strcmp(program, "sshd-session") == 0 ||
           strcmp(program, "sshd-auth") == 0;
}

static void on_line(struct importer *importer, char *text)
{
    struct syslog_line line;

    if (!syslog_line_parse(text, &line)) {
        skip(importer, SKIPPED_MALFORMED);
        return;
    }
    struct message message = {.line = &line, .time_us = line.time_us};
    if (!line.has_year) {
        year_counter_add(&importer->years, &line);
        int year = importer->last_year - importer->total_year_changes + importer->years.changes;
        message.time_us = syslog_time_us(&line, year, importer->source->utc);
    }
    message.utc_offset_s =
        line.has_offset ? line.utc_offset_s : clock_utc_offset_s(message.time_us);
    if (is_sshd(line.program))
        on_text(importer, &message, text + (line.text - text));
    else
        skip(importer, SKIPPED_OTHER_PROGRAM);
}

/* ---- the file ---- */

enum read_line { READ_LINE, READ_TOO_LONG, READ_END };

/* One line without its newline; NUL bytes become '?', so that they hide nothing. */
static enum read_line read_line(FILE *in, char *line)
{
    size_t length = 0;
    int byte = 0;
    bool too_long = false;

    while ((byte = getc_unlocked(in)) != EOF && byte != '\n') {
        if (length + 1 < LINE_BYTES)
            line[length++] = byte == '\0' ? '?' : (char)byte;
        else
            too_long = true;
    }
    if (byte == EOF && length == 0)
        return READ_END;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return too_long ? READ_TOO_LONG : READ_LINE;
}

/* The year of the last line: no line lies after newest_us but for a day of clock error. */
static int latest_year(const struct syslog_line *last, const struct import_source *source)
{
    time_t newest_s = (time_t)(source->newest_us / US_PER_S);
    struct tm parts;

    if ((source->utc ? gmtime_r(&newest_s, &parts) : localtime_r(&newest_s, &parts)) == NULL)
        return 1970;
    int year = parts.tm_year + 1900;
    int64_t latest_us = source->newest_us + S_PER_DAY * US_PER_S;
    return syslog_time_us(last, year, source->utc) > latest_us ? year - 1 : year;
}

/* The first reading: how often the year changes among lines without one, and the last year. */
static bool count_years(struct importer *importer, char *text, int *year_assumed)
{
    struct syslog_line line, last = {.month = 0};
    struct year_counter years;
    bool any = false;
    enum read_line got = READ_END;

    year_counter_init(&years);
    while ((got = read_line(importer->source->in, text)) != READ_END) {
        if (got != READ_LINE || !syslog_line_parse(text, &line) || line.has_year)
            continue;
        year_counter_add(&years, &line);
        last = line;
        any = true;
    }
    importer->total_year_changes = years.changes;
    importer->last_year = importer->source->last_year;
    if (any && importer->last_year == 0)
        importer->last_year = latest_year(&last, importer->source);
    *year_assumed = any ? importer->last_year : 0;
    if (ferror(importer->source->in) || fseek(importer->source->in, 0, SEEK_SET) != 0)
        return error_set_errno(importer->error, FAULT_STORE, errno, "cannot read the log");
    return true;
}

static bool read_lines(struct importer *importer, char *text)
{
    enum read_line got = READ_END;

    while (!importer->failed && (got = read_line(importer->source->in, text)) != READ_END) {
        importer->counts->lines++;
        if (got == READ_TOO_LONG)
            skip(importer, SKIPPED_TOO_LONG);
        else
            on_line(importer, text);
    }
    if (ferror(importer->source->in))
        return error_set_errno(importer->error, FAULT_STORE, errno, "cannot read the log");
    return !importer->failed;
}

/* Logins whose session line never came: those whose connection ended are over. */
static void finish_all(struct importer *importer)
{
    for (size_t i = 0; i < importer->by_process.capacity; i++) {
        uint64_t process = importer->by_process.keys[i];
        struct open_login *open =
            process == 0 ? NULL : key_table_find(&importer->by_process, process);
        if (open == NULL || open->login == NULL)
            continue;
        if (open->login->closed_us != 0)
            close_login(importer, process, open->login->closed_us);
        else
            finish_login(importer, process);
    }
}

bool import_sshd(const struct import_source *source, import_visitor *visit, void *context,
                 struct import_counts *counts, int *year_assumed, struct error *error)
{
    char text[LINE_BYTES];
    struct importer importer = {
        .source = source, .visit = visit, .context = context, .counts = counts, .error = error};

    memset(counts, 0, sizeof *counts);
    year_counter_init(&importer.years);
    key_table_init(&importer.by_process, sizeof(struct open_login));
    key_table_init(&importer.by_connection, sizeof(uint64_t));
    bool done = count_years(&importer, text, year_assumed) && read_lines(&importer, text);
    if (!done)
        importer.failed = true; /* frees what is open without handing it out */
    finish_all(&importer);
    done = done && !importer.failed;
    key_table_finish(&importer.by_process);
    key_table_finish(&importer.by_connection);
    return done;
}
