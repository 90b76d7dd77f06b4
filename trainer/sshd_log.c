#include "trainer/sshd_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "trainer/open_logins.h"
#include "trainer/sshd_message.h"

struct sshd_log {
    struct import_reading *reading;
    struct open_logins open;
};

/* One message on its way through. */
struct told {
    const struct sshd_origin *origin;
    const struct sshd_message *message;
    uint64_t process;
    struct open_login *open; /* of this process; NULL: nothing is known of it */
};

static uint64_t process_key(const struct sshd_origin *origin, int32_t pid)
{
    return (hash_bytes(origin->host, origin->host_length) ^ (uint32_t)pid) | UINT64_C(1) << 63;
}

static uint64_t connection_key(const struct sshd_origin *origin, const struct sshd_message *message)
{
    uint64_t peer = ip_key(&message->source) * 65599 + message->port;
    return (hash_bytes(origin->host, origin->host_length) ^ peer) | UINT64_C(1) << 63;
}

bool sshd_log_create(struct sshd_log **log, struct import_reading *reading, struct error *error)
{
    *log = calloc(1, sizeof **log);
    if (*log == NULL)
        return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read sshd's log");
    (*log)->reading = reading;
    return open_logins_init(&(*log)->open, error);
}

void sshd_log_destroy(struct sshd_log *log)
{
    while (log != NULL && log->open.oldest != NULL)
        open_logins_remove(&log->open, log->open.oldest);
    free(log);
}

/* ---- logins that end ---- */

static bool end_login(struct sshd_log *log, struct open_login *open, struct error *error)
{
    bool done = true;

    if (open->state == OPEN_LOGIN && open->login.closed_us != 0) {
        import_close(&open->login, open->login.closed_us);
        open->login.record.event.duration_s =
            (open->login.closed_us - open->login.opened_us) / US_PER_S;
    }
    if (open->state != OPEN_NOTHING)
        done = import_hand_out(log->reading, &open->login, error);
    open_logins_remove(&log->open, open);
    return done;
}

bool sshd_log_finish(struct sshd_log *log, struct error *error)
{
    while (log->open.oldest != NULL) {
        if (!end_login(log, log->open.oldest, error))
            return false;
    }
    return true;
}

/* The process's record, made when there is none. */
static bool begin_process(struct sshd_log *log, struct told *told, struct error *error)
{
    if (told->open != NULL)
        return true;
    if (log->open.count == OPEN_LOGINS_MOST && !end_login(log, log->open.oldest, error))
        return false;
    told->open = open_logins_add(&log->open, told->process);
    return told->open != NULL ||
           error_set_errno(error, FAULT_STORE, ENOMEM, "cannot read sshd's log");
}

/* A refusal by PAM that sshd said no more about was an attempt of its own. */
static bool end_failure(struct sshd_log *log, struct told *told, struct error *error)
{
    if (told->open == NULL || told->open->state != OPEN_FAILURE)
        return true;
    told->open->state = OPEN_NOTHING;
    return import_hand_out(log->reading, &told->open->login, error);
}

/* ---- attempts ---- */

/* As it is stored: cut, and "?" when it is empty. */
static void take_user(const struct sshd_message *message, char user[LOGIN_USER_BYTES])
{
    import_take_text(user, LOGIN_USER_BYTES, message->user, message->user_length);
    if (user[0] == '\0')
        import_take_text(user, LOGIN_USER_BYTES, "?", 1);
}

static void start_login(const struct told *told, struct stored_login *login)
{
    const struct sshd_origin *origin = told->origin;
    const struct sshd_message *message = told->message;
    struct login_event *event = &login->record.event;

    import_start_login(login, origin->time_us, origin->utc_offset_s, "sshd");
    import_take_text(event->host, sizeof event->host, origin->host, origin->host_length);
    take_user(message, event->user);
    event->source = message->source;
    event->source_port = message->port;
    event->method = message->method;
    if (message->key_length < sizeof event->key)
        import_take_text(event->key, sizeof event->key, message->key, message->key_length);
}

static bool converses(enum login_method method)
{
    return method == METHOD_PASSWORD || method == METHOD_KEYBOARD_INTERACTIVE;
}

/* A conversation after a key: what the module would know of it. */
static void add_first_factor(const struct open_login *open, struct login_event *event,
                             enum login_method method)
{
    if (open == NULL || !open->partial || !converses(event->method))
        return;
    event->method = method;
    memcpy(event->key, open->partial_key, sizeof event->key);
}

static bool on_accepted(struct sshd_log *log, struct told *told, struct error *error)
{
    /* A process logs one user in: what is open of another had the same number. */
    if (told->open != NULL && told->open->state == OPEN_LOGIN) {
        if (!end_login(log, told->open, error))
            return false;
        told->open = NULL;
    }
    if (!end_failure(log, told, error) || !begin_process(log, told, error))
        return false;
    struct stored_login *login = &told->open->login;
    start_login(told, login);
    add_first_factor(told->open, &login->record.event, METHOD_TWO_FACTOR);
    import_accept(login, told->origin->time_us);
    told->open->state = OPEN_LOGIN;
    open_logins_name(&log->open, told->open, OPEN_CONNECTION,
                     connection_key(told->origin, told->message));
    return true;
}

/* The factor is noted; no line of its own is counted for it, as the attempt goes on. */
static bool on_partial(struct sshd_log *log, struct told *told, struct error *error)
{
    const struct sshd_message *message = told->message;

    if (!end_failure(log, told, error) || !begin_process(log, told, error))
        return false;
    if (message->method != METHOD_PUBLICKEY || message->key_length >= LOGIN_KEY_BYTES)
        return true;
    told->open->partial = true;
    import_take_text(told->open->partial_key, LOGIN_KEY_BYTES, message->key, message->key_length);
    return true;
}

static bool hand_out_failures(struct sshd_log *log, const struct told *told, struct error *error)
{
    struct stored_login login;

    start_login(told, &login);
    add_first_factor(told->open, &login.record.event, METHOD_PAM);
    for (int i = 0; i < told->message->repeats; i++) {
        if (!import_hand_out(log->reading, &login, error))
            return false;
    }
    return true;
}

static bool on_failed(struct sshd_log *log, struct told *told, struct error *error)
{
    if (told->open != NULL && told->open->state == OPEN_FAILURE) {
        char user[LOGIN_USER_BYTES];
        take_user(told->message, user);
        bool same = told->message->method == METHOD_KEYBOARD_INTERACTIVE &&
                    strcmp(told->open->login.record.event.user, user) == 0;
        if (!same && !end_failure(log, told, error))
            return false;
        if (same) {
            told->open->state = OPEN_NOTHING;
            import_skip(&log->reading->counts, SKIPPED_PAM_FAILURE, 0, "", 0);
        }
    }
    return hand_out_failures(log, told, error);
}

static bool on_pam_failed(struct sshd_log *log, struct told *told, struct error *error)
{
    if (!end_failure(log, told, error))
        return false;
    /* Said again, sshd said nothing in between. */
    if (told->message->repeats > 1 || (told->open != NULL && told->open->state == OPEN_LOGIN))
        return hand_out_failures(log, told, error);
    if (!begin_process(log, told, error))
        return false;
    start_login(told, &told->open->login);
    add_first_factor(told->open, &told->open->login.record.event, METHOD_PAM);
    told->open->state = OPEN_FAILURE;
    return true;
}

/* ---- sessions ---- */

/* The login that a session's message is about; NULL: it is not in the file. */
static struct open_login *login_of(struct sshd_log *log, const struct told *told)
{
    const struct sshd_message *message = told->message;
    struct open_login *open = NULL;

    if (message->source.family != 0)
        open = open_logins_find(&log->open, OPEN_CONNECTION, connection_key(told->origin, message));
    else
        open = told->open != NULL ? told->open
                                  : open_logins_find(&log->open, OPEN_CHILD, told->process);
    return open != NULL && open->state == OPEN_LOGIN ? open : NULL;
}

static bool on_session(struct sshd_log *log, struct told *told, struct error *error)
{
    const struct sshd_message *message = told->message;
    int64_t time_us = told->origin->time_us;

    struct open_login *open = login_of(log, told);
    if (open == NULL) {
        bool by_pam = message->kind == SSHD_SESSION_OPENED || message->kind == SSHD_SESSION_CLOSED;
        import_skip(&log->reading->counts, by_pam ? SKIPPED_SESSION : SKIPPED_CONNECTION, 0, "", 0);
        return end_failure(log, told, error);
    }
    struct stored_login *login = &open->login;
    switch (message->kind) {
    case SSHD_SESSION_OPENED:
        if (time_us > login->opened_us)
            login->opened_us = time_us;
        return true;
    case SSHD_SESSION_CLOSED:
        login->closed_us = time_us;
        return end_login(log, open, error);
    case SSHD_TRANSFERRED:
        login->record.event.bytes_in = message->bytes_in;
        login->record.event.bytes_out = message->bytes_out;
        return true;
    case SSHD_CHILD:
        open_logins_name(&log->open, open, OPEN_CHILD, process_key(told->origin, message->child));
        return true;
    default: /* The session's own line follows with the exact time; this is the end if it does not.
              */
        if (login->closed_us == 0)
            login->closed_us = time_us;
        return true;
    }
}

static bool on_skipped(struct sshd_log *log, struct told *told, const char *text,
                       struct error *error)
{
    enum skipped_line kind = told->message->skipped;

    import_skip(&log->reading->counts, kind, log->reading->number, text, strlen(text));
    /* A connection that is over: the number of its process will be another's. */
    if (kind != SKIPPED_CONNECTION || told->open == NULL || told->open->state == OPEN_LOGIN)
        return true;
    return end_login(log, told->open, error);
}

/* What only sshd's process with root's rights says; those of a session say the rest. */
static bool is_roots(enum sshd_message_kind kind)
{
    return kind == SSHD_ACCEPTED || kind == SSHD_PARTIAL || kind == SSHD_FAILED ||
           kind == SSHD_PAM_FAILED || kind == SSHD_SESSION_OPENED || kind == SSHD_SESSION_CLOSED;
}

bool sshd_log_add(struct sshd_log *log, const struct sshd_origin *origin, char *text,
                  struct error *error)
{
    struct sshd_message message;
    struct told told = {.origin = origin, .message = &message};

    sshd_message_parse(text, &message);
    told.process = process_key(origin, origin->pid);
    told.open = open_logins_find(&log->open, OPEN_PROCESS, told.process);
    if (origin->unprivileged && is_roots(message.kind)) {
        import_skip(&log->reading->counts, SKIPPED_UNPRIVILEGED, log->reading->number, text,
                    strlen(text));
        return true;
    }
    switch (message.kind) {
    case SSHD_SKIPPED:
        return on_skipped(log, &told, text, error);
    case SSHD_ACCEPTED:
        return on_accepted(log, &told, error);
    case SSHD_PARTIAL:
        return on_partial(log, &told, error);
    case SSHD_FAILED:
        return on_failed(log, &told, error);
    case SSHD_PAM_FAILED:
        return on_pam_failed(log, &told, error);
    default:
        return on_session(log, &told, error);
    }
}
