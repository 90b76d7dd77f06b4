#include "daemon/alert_message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/login_json.h"

#define HOST_BYTES 65

struct message {
    struct store *store;
    const struct alert_delivery *delivery;
    const struct alert *alert; /* NULL: a test */
    char host[HOST_BYTES];
    unsigned logins; /* at most so many are told of */
    FILE *out;
    struct json_writer json;
};

/* ---- text ----------------------------------------------------------------------------------- */

/* Without control bytes but the newlines of the format's end. */
static void say(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(FILE *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (const char *at = line; *at != '\0'; at++)
        fputc((unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at, out);
    fputc('\n', out);
}

static void say_place(const struct place *place, char *text, size_t capacity)
{
    int used =
        snprintf(text, capacity, "%s%s%s", place->city, place->city[0] ? ", " : "", place->country);

    if (place->asn > 0)
        snprintf(text + used, capacity - (size_t)used, "%sAS%" PRIu32, used > 0 ? ", " : "",
                 place->asn);
}

static bool say_login(void *context, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    const struct login_event *event = &record->event;
    const struct message *message = context;
    char id[LOGIN_ID_TEXT_BYTES], time[CLOCK_TEXT_BYTES], address[IP_TEXT_BYTES], place[128],
        reason[REASON_TEXT_BYTES];

    say_place(&event->place, place, sizeof(place));
    say(message->out, "%s  %s from %s%s%s%s, %s on %s", clock_format(event->time_us, true, time),
        event->user, event->source.family == 0 ? "the console" : ip_format(&event->source, address),
        place[0] ? " (" : "", place, place[0] ? ")" : "", login_method_name(event->method),
        event->host);
    if (record->fault != FAULT_NONE)
        say(message->out, "    not judged: fault %s, answered %s; id %s", fault_name(record->fault),
            verdict_name(record->answer), login_id_format(&event->id, id));
    else
        say(message->out, "    risk %.3f, verdict %s, answered %s, reached %s; id %s",
            record->assessment.risk, verdict_name(record->assessment.verdict),
            verdict_name(record->answer), login_stage_name(login->reached),
            login_id_format(&event->id, id));
    for (unsigned i = 0; record->assessed && i < record->assessment.reason_count; i++)
        say(message->out, "    - %s", reason_text(&record->assessment.reasons[i], reason));
    return false;
}

static bool visit_logins(struct message *message, login_visitor *visit, struct error *error)
{
    for (unsigned i = 0; i < message->alert->login_count && i < message->logins; i++) {
        const struct login_filter filter = {.id = &message->alert->logins[i].id, .limit = 1};

        if (!store_logins(message->store, &filter, visit, message, error))
            return false;
    }
    return true;
}

static bool write_text(struct message *message, struct error *error)
{
    char summary[ALERT_SUMMARY_BYTES], first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
    const struct alert *alert = message->alert;

    if (!alert) {
        say(message->out, "This is a test of the channel %s, asked for by %s.",
            message->delivery->channel, message->delivery->message);
        return true;
    }
    say(message->out, "Rule %s on %s: %s.", alert->rule, message->host,
        alert_summary(alert, summary));
    say(message->out, "From %s to %s; %" PRId64 " not told of before.",
        clock_format(alert->first_us, true, first), clock_format(alert->last_us, true, last),
        message->delivery->count);
    fputs("\nThe worst:\n\n", message->out);
    if (!visit_logins(message, say_login, error))
        return false;
    fputs("\nMore: anomalyctl alerts, anomalyctl show login ID\n", message->out);
    return true;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static bool write_login(void *context, const struct stored_login *login)
{
    struct message *message = context;

    login_json(&message->json, NULL, login, false, NULL);
    return false;
}

static bool write_json(struct message *message, struct error *error)
{
    struct json_writer *json = &message->json;
    const struct alert *alert = message->alert;
    char summary[ALERT_SUMMARY_BYTES];
    bool done = true;

    *json = json_writer_to(message->out);
    json_object_begin(json, NULL);
    json_text(json, "kind", alert ? "alert" : "test");
    json_text(json, "host", message->host);
    json_text(json, "channel", message->delivery->channel);
    if (alert) {
        json_integer(json, "alert", alert->id);
        json_text(json, "rule", alert->rule);
        json_text(json, "group", alert->subject);
        json_text(json, "summary", alert_summary(alert, summary));
        json_time(json, "first", alert->first_us);
        json_time(json, "last", alert->last_us);
        json_integer(json, "count", alert->count);
        json_integer(json, "new", message->delivery->count);
        json_array_begin(json, "logins");
        done = visit_logins(message, write_login, error);
        json_array_end(json);
    } else {
        json_text(json, "by", message->delivery->message);
    }
    json_object_end(json);
    return done;
}

/* ---- both ----------------------------------------------------------------------------------- */

/* What mail programs and the log take as one line: ASCII. */
static void make_subject(const struct message *message, char subject[ALERT_SUBJECT_LINE])
{
    char summary[ALERT_SUMMARY_BYTES];

    if (message->alert)
        snprintf(subject, ALERT_SUBJECT_LINE, "[pam_anomaly] %.40s: %s: %s", message->host,
                 message->alert->rule, alert_summary(message->alert, summary));
    else
        snprintf(subject, ALERT_SUBJECT_LINE, "[pam_anomaly] %.40s: test of %s", message->host,
                 message->delivery->channel);
    for (char *at = subject; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
}

/* *fits is false when it came out longer than a job may be. */
static bool make_content(struct message *message, bool as_json, struct alert_job *job, bool *fits,
                         struct error *error)
{
    char *content = NULL;
    size_t size = 0;
    bool done;

    message->out = open_memstream(&content, &size);
    if (!message->out)
        return error_set(error, FAULT_STORE, "no memory for a message");
    done = as_json ? write_json(message, error) : write_text(message, error);
    if (fclose(message->out) != 0 && done)
        done = error_set(error, FAULT_STORE, "no memory for a message");
    *fits = done && size <= sizeof(job->content);
    if (*fits) {
        memcpy(job->content, content, size);
        job->size = (uint32_t)size;
    }
    free(content);
    return done;
}

bool alert_message_make(struct store *store, const struct alert_delivery *delivery,
                        const struct alert *alert, const struct alert_channel *channel,
                        struct alert_job *job, struct error *error)
{
    struct message message = {
        .store = store, .delivery = delivery, .alert = alert, .logins = ALERT_LOGINS};
    bool fits = false;

    if (gethostname(message.host, sizeof(message.host)) != 0)
        strcpy(message.host, "?");
    message.host[HOST_BYTES - 1] = '\0';
    job->delivery = delivery->id;
    job->channel = *channel;
    make_subject(&message, job->subject);
    /* Names of nothing but control bytes take six times their length. */
    while (!fits) {
        if (!make_content(&message, channel->kind == ALERT_WEBHOOK, job, &fits, error))
            return false;
        if (!fits && message.logins == 0)
            return error_set(error, FAULT_STORE, "a message is too long");
        message.logins /= 2;
    }
    return true;
}
