/* A login as a line of CSV or of ECS. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "dashboard/export.h"
#include "store/login_label.h"

/* ---- CSV ------------------------------------------------------------------------------------ */

static const char HEADING[] =
    "id,time,user,host,service,ip,port,country,city,asn,latitude,longitude,method,device,key,"
    "rtt_us,bytes_in,bytes_out,duration_s,risk,verdict,answer,fault,reached,accepted,opened,"
    "closed,label,family,reasons\r\n";

void export_csv_heading(FILE *out)
{
    fputs(HEADING, out);
}

/* A cell that begins so would be computed by who opens the file. */
static bool is_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

/* Always quoted; `separator` is what follows. */
static void csv_text(FILE *out, const char *text, const char *separator)
{
    fputc('"', out);
    if (is_formula(text))
        fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fprintf(out, "\"%s", separator);
}

static void csv_known(FILE *out, int64_t value, int64_t unknown)
{
    if (value != unknown)
        fprintf(out, "%" PRId64, value);
    fputc(',', out);
}

static void csv_degrees(FILE *out, float degrees)
{
    if (!isnan(degrees))
        fprintf(out, "%.4f", (double)degrees);
    fputc(',', out);
}

static void csv_time(FILE *out, int64_t time_us)
{
    char text[CLOCK_TEXT_BYTES];

    fprintf(out, "%s,", time_us != 0 ? clock_format_ms(time_us, text) : "");
}

static void csv_judgement(FILE *out, const struct stored_login *login)
{
    const struct login_record *record = &login->record;

    if (record->assessed)
        fprintf(out, "%.6f,%s,", record->assessment.risk, verdict_name(record->assessment.verdict));
    else
        fputs(",,", out);
    fprintf(out, "%s,%s,%s,", login->imported ? "" : verdict_name(record->answer),
            record->fault != FAULT_NONE ? fault_name(record->fault) : "",
            login_stage_name(login->reached));
}

static void csv_reasons(FILE *out, const struct login_record *record)
{
    char text[REASON_TEXT_BYTES], all[ASSESSMENT_REASONS * (REASON_TEXT_BYTES + 2)] = "";
    size_t used = 0;

    for (unsigned i = 0; record->assessed && i < record->assessment.reason_count; i++) {
        int more = snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? "; " : "",
                            reason_text(&record->assessment.reasons[i], text));

        used += more > 0 ? (size_t)more : 0;
    }
    csv_text(out, all, "\r\n");
}

void export_csv_login(FILE *out, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    char id[LOGIN_ID_TEXT_BYTES], address[IP_TEXT_BYTES];

    fprintf(out, "%s,", login_id_format(&event->id, id));
    csv_time(out, event->time_us);
    csv_text(out, event->user, ",");
    csv_text(out, event->host, ",");
    csv_text(out, event->service, ",");
    csv_text(out, ip_format(&event->source, address), ",");
    csv_known(out, event->source_port, 0);
    csv_text(out, event->place.country, ",");
    csv_text(out, event->place.city, ",");
    csv_known(out, event->place.asn, 0);
    csv_degrees(out, event->place.latitude);
    csv_degrees(out, event->place.longitude);
    fprintf(out, "%s,", login_method_name(event->method));
    csv_text(out, event->device, ",");
    csv_text(out, event->key, ",");
    csv_known(out, event->rtt_us, -1);
    csv_known(out, event->bytes_in, -1);
    csv_known(out, event->bytes_out, -1);
    csv_known(out, event->duration_s, -1);
    csv_judgement(out, login);
    csv_time(out, login->accepted_us);
    csv_time(out, login->opened_us);
    csv_time(out, login->closed_us);
    fprintf(out, "%s,",
            login->label == LABEL_NONE ? ""
                                       : login_label_name((enum login_label_value)login->label));
    csv_text(out, login->family, ",");
    csv_reasons(out, &login->record);
}

/* ---- ECS ------------------------------------------------------------------------------------ */

static void ecs_word_list(struct json_writer *json, const char *name, const char *word)
{
    json_array_begin(json, name);
    json_text(json, NULL, word);
    json_array_end(json);
}

static void ecs_event(struct json_writer *json, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    const struct assessment *assessment = &record->assessment;
    char id[LOGIN_ID_TEXT_BYTES], text[REASON_TEXT_BYTES];

    json_text(json, "event.id", login_id_format(&record->event.id, id));
    json_text(json, "event.kind", "event");
    ecs_word_list(json, "event.category", "authentication");
    ecs_word_list(json, "event.type", "start");
    json_text(json, "event.outcome", login->reached == STAGE_ATTEMPT ? "failure" : "success");
    json_text(json, "event.action", "login");
    json_text(json, "event.module", "pam_anomaly");
    json_text(json, "event.dataset", "pam_anomaly.login");
    if (login->closed_us > 0)
        json_time(json, "event.end", login->closed_us);
    if (!record->assessed)
        return;
    json_number(json, "event.risk_score", assessment->risk);
    json_number(json, "event.risk_score_norm", assessment->risk * 100);
    json_text(json, "rule.name", verdict_name(assessment->verdict));
    if (assessment->reason_count > 0)
        json_text(json, "event.reason", reason_text(&assessment->reasons[0], text));
}

static void ecs_source(struct json_writer *json, const struct login_event *event)
{
    char address[IP_TEXT_BYTES];

    if (event->source.family == 0)
        return;
    json_text(json, "source.ip", ip_format(&event->source, address));
    ecs_word_list(json, "related.ip", address);
    if (event->source_port != 0)
        json_integer(json, "source.port", event->source_port);
    if (event->place.asn != 0)
        json_integer(json, "source.as.number", event->place.asn);
    if (event->place.country[0] != '\0')
        json_text(json, "source.geo.country_iso_code", event->place.country);
    if (event->place.city[0] != '\0')
        json_text(json, "source.geo.city_name", event->place.city);
    if (!place_has_coordinates(&event->place))
        return;
    json_object_begin(json, "source.geo.location");
    json_number(json, "lat", (double)event->place.latitude);
    json_number(json, "lon", (double)event->place.longitude);
    json_object_end(json);
}

void export_ecs_login(FILE *out, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    struct json_writer json = json_writer_to(out);

    json_object_begin(&json, NULL);
    json_time(&json, "@timestamp", event->time_us);
    ecs_event(&json, login);
    ecs_source(&json, event);
    json_text(&json, "user.name", event->user);
    ecs_word_list(&json, "related.user", event->user);
    json_text(&json, "host.name", event->host);
    json_text(&json, "service.name", event->service);
    json_text(&json, "observer.vendor", "pam_anomaly");
    json_text(&json, "observer.product", "pam_anomaly");
    json_text(&json, "observer.version", PAM_ANOMALY_VERSION);
    if (login->label != LABEL_NONE)
        ecs_word_list(&json, "tags", login_label_name((enum login_label_value)login->label));
    json_object_end(&json);
    fputc('\n', out);
}
