/*
 * The records of wtmp, as this machine's libc writes them (struct utmpx): sessions by terminal,
 * from login to logout or shutdown. btmp has the same records of attempts that failed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utmpx.h>

#include "common/clock.h"
#include "common/hash.h"
#include "trainer/import_format.h"
#include "trainer/open_logins.h"

struct wtmp_file {
    struct import_reading *reading;
    struct open_logins open; /* by terminal */
    struct zone_clock zone;
};

/* A record's texts, ended by NUL. */
struct wtmp_texts {
    char user[sizeof((struct utmpx *)0)->ut_user + 1];
    char line[sizeof((struct utmpx *)0)->ut_line + 1];
    char host[sizeof((struct utmpx *)0)->ut_host + 1];
};

enum wtmp_origin { ORIGIN_REMOTE, ORIGIN_CONSOLE, ORIGIN_TERMINAL, ORIGIN_UNKNOWN };

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static uint64_t line_key(const struct wtmp_texts *texts)
{
    return hash_text(texts->line) | UINT64_C(1) << 63;
}

/* The host when it is numeric, else the address in its binary form. */
static bool take_address(const struct utmpx *record, const struct wtmp_texts *texts,
                         struct ip_address *address)
{
    const int32_t *words = record->ut_addr_v6;
    bool is_v4 = words[1] == 0 && words[2] == 0 && words[3] == 0;

    if (ip_parse(texts->host, address))
        return true;
    if (is_v4 && words[0] == 0)
        return false;
    *address = (struct ip_address){.family = is_v4 ? 4 : 6};
    memcpy(address->bytes, words, is_v4 ? 4 : 16);
    return true;
}

/* Panes of tmux, screen and mosh and the terminals of a desktop belong to a session that has its
 * own record. */
static enum wtmp_origin origin_of(const struct utmpx *record, const struct wtmp_texts *texts,
                                  struct ip_address *address)
{
    const char *host = texts->host;

    if (take_address(record, texts, address))
        return ORIGIN_REMOTE;
    if (begins_with(texts->line, "tty") || texts->line[0] == ':')
        return ORIGIN_CONSOLE;
    bool inner = *host == '\0' || *host == ':' || begins_with(host, "tmux(") ||
                 strstr(host, ":S.") != NULL || strstr(host, " via mosh") != NULL;
    return inner ? ORIGIN_TERMINAL : ORIGIN_UNKNOWN;
}

static bool end_login(struct wtmp_file *file, struct open_login *open, int64_t closed_us,
                      struct error *error)
{
    struct stored_login *login = &open->login;

    if (closed_us != 0) {
        import_close(login, closed_us);
        login->record.event.duration_s = (login->closed_us - login->opened_us) / US_PER_S;
    }
    bool done = import_hand_out(file->reading, login, error);
    open_logins_remove(&file->open, open);
    return done;
}

/* closed_us 0: nobody knows when they ended. */
static bool end_all(struct wtmp_file *file, int64_t closed_us, struct error *error)
{
    while (file->open.oldest != NULL) {
        if (!end_login(file, file->open.oldest, closed_us, error))
            return false;
    }
    return true;
}

static bool skip(struct wtmp_file *file, enum skipped_line kind, const struct wtmp_texts *texts)
{
    char text[sizeof *texts + 8];
    int length = snprintf(text, sizeof text, "%s %s %s", texts->user, texts->line, texts->host);

    import_skip(&file->reading->counts, kind, file->reading->number, text, (size_t)length);
    return true;
}

static bool keep_open(struct wtmp_file *file, const struct wtmp_texts *texts,
                      const struct stored_login *login, struct error *error)
{
    struct open_login *before = open_logins_find(&file->open, OPEN_PROCESS, line_key(texts));

    if (before == NULL && file->open.count == OPEN_LOGINS_MOST)
        before = file->open.oldest;
    if (before != NULL && !end_login(file, before, 0, error))
        return false;
    struct open_login *open = open_logins_add(&file->open, line_key(texts));
    if (open == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read the records");
    open->state = OPEN_LOGIN;
    open->login = *login;
    return true;
}

/* A login, or with failed an attempt that came to nothing. */
static bool on_login(struct wtmp_file *file, const struct utmpx *record,
                     const struct wtmp_texts *texts, int64_t time_us, bool failed,
                     struct error *error)
{
    struct stored_login login;
    struct login_event *event = &login.record.event;
    struct ip_address address = {.family = 0};
    enum wtmp_origin origin = origin_of(record, texts, &address);

    if (texts->user[0] == '\0')
        return skip(file, SKIPPED_NO_USER, texts);
    if (origin == ORIGIN_TERMINAL || origin == ORIGIN_UNKNOWN)
        return skip(file, origin == ORIGIN_TERMINAL ? SKIPPED_TERMINAL : SKIPPED_NO_ADDRESS, texts);
    import_start_login(&login, time_us, zone_clock_offset_s(&file->zone, time_us),
                       origin == ORIGIN_REMOTE ? "sshd" : "login");
    import_take_text(event->user, sizeof event->user, texts->user, strlen(texts->user));
    event->source = address;
    if (failed)
        return import_hand_out(file->reading, &login, error);
    import_accept(&login, time_us);
    return keep_open(file, texts, &login, error);
}

static bool on_logout(struct wtmp_file *file, const struct wtmp_texts *texts, int64_t time_us,
                      struct error *error)
{
    struct open_login *open = open_logins_find(&file->open, OPEN_PROCESS, line_key(texts));

    return open != NULL ? end_login(file, open, time_us, error)
                        : skip(file, SKIPPED_SESSION, texts);
}

static bool on_record(struct wtmp_file *file, const struct utmpx *record, struct error *error)
{
    struct wtmp_texts texts;
    int64_t time_us = record->ut_tv.tv_sec * US_PER_S + record->ut_tv.tv_usec % US_PER_S;

    snprintf(texts.user, sizeof texts.user, "%.*s", (int)sizeof record->ut_user, record->ut_user);
    snprintf(texts.line, sizeof texts.line, "%.*s", (int)sizeof record->ut_line, record->ut_line);
    snprintf(texts.host, sizeof texts.host, "%.*s", (int)sizeof record->ut_host, record->ut_host);
    if (record->ut_type < EMPTY || record->ut_type > DEAD_PROCESS)
        return skip(file, SKIPPED_MALFORMED, &texts);
    if (record->ut_type != EMPTY && time_us <= 0)
        return skip(file, SKIPPED_NO_TIME, &texts);
    switch (record->ut_type) {
    case USER_PROCESS:
        return on_login(file, record, &texts, time_us, false, error);
    case DEAD_PROCESS:
        return on_logout(file, &texts, time_us, error);
    case LOGIN_PROCESS: /* a getty that waits, or in btmp who failed */
        return strcmp(texts.user, "LOGIN") == 0 || texts.user[0] == '\0'
                   ? skip(file, SKIPPED_SYSTEM, &texts)
                   : on_login(file, record, &texts, time_us, true, error);
    case RUN_LVL:
    case BOOT_TIME: /* what a boot finds open ended in a crash, some time before */
        return skip(file, SKIPPED_SYSTEM, &texts) &&
               (record->ut_type == BOOT_TIME || strcmp(texts.user, "shutdown") == 0
                    ? end_all(file, record->ut_type == BOOT_TIME ? 0 : time_us, error)
                    : true);
    default:
        return skip(file, SKIPPED_SYSTEM, &texts);
    }
}

/* Fills a record; *got 0: the end, less than a record: what the file ends with. */
static bool next_record(struct input *input, struct utmpx *record, size_t *got, struct error *error)
{
    size_t piece = 0;

    *got = 0;
    do {
        if (!input_read(input, (char *)record + *got, sizeof *record - *got, &piece, error))
            return false;
        *got += piece;
    } while (piece > 0 && *got < sizeof *record);
    return true;
}

static bool read_records(struct wtmp_file *file, struct error *error)
{
    struct import_reading *reading = file->reading;
    struct utmpx record;
    size_t got = 0;

    for (;;) {
        memset(&record, 0, sizeof record);
        if (!next_record(reading->input, &record, &got, error))
            return false;
        if (got == 0)
            return end_all(file, 0, error);
        import_count_line(reading);
        reading->number = reading->counts.lines;
        if (got < sizeof record)
            import_skip(&reading->counts, SKIPPED_MALFORMED, reading->number, "", 0);
        else if (!on_record(file, &record, error))
            return false;
    }
}

bool import_wtmp(struct import_reading *reading, struct error *error)
{
    struct wtmp_file file = {.reading = reading, .zone = {.utc = reading->utc}};

    bool done = open_logins_init(&file.open, error) && read_records(&file, error);
    while (file.open.oldest != NULL)
        open_logins_remove(&file.open, file.open.oldest);
    return done;
}
