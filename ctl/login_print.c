/* Logins as rows of a table and as JSON. */
#include <inttypes.h>
#include <math.h>

#include "ctl/ctl.h"

#define REASONS_BYTES 256

void ctl_login_heading(struct text_table *table)
{
    static const char *const HEADING[] = {
        "TIME", "USER",    "FROM",    "PLACE", "METHOD",
        "RISK", "VERDICT", "REACHED", "LABEL", "ID / STRONGEST REASON"};
    for (size_t i = 0; i < sizeof HEADING / sizeof *HEADING; i++)
        text_table_cell(table, "%s", HEADING[i]);
}

/* "deny (answered log)" when mode or a fault made another answer of the verdict. */
static void verdict_text(const struct login_record *record, char *text, size_t capacity)
{
    if (record->fault != FAULT_NONE)
        snprintf(text, capacity, "%s fault, answered %s", fault_name(record->fault),
                 verdict_name(record->answer));
    else if (!record->assessed)
        snprintf(text, capacity, "-");
    else if (record->answer < record->assessment.verdict)
        snprintf(text, capacity, "would %s", verdict_name(record->assessment.verdict));
    else
        snprintf(text, capacity, "%s", verdict_name(record->assessment.verdict));
}

static const char *reached_text(const struct stored_login *login)
{
    if (login->reached == STAGE_ATTEMPT)
        return "failed";
    return login_stage_name(login->reached);
}

void ctl_login_row(struct text_table *table, const struct command_line *line,
                   const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    const struct login_event *event = &record->event;
    char time[CLOCK_TEXT_BYTES], address[IP_TEXT_BYTES], place[128], verdict[64];
    char id[LOGIN_ID_TEXT_BYTES];
    verdict_text(record, verdict, sizeof verdict);
    text_table_cell(table, "%s", ctl_time(line, event->time_us, time));
    text_table_cell(table, "%s", event->user);
    text_table_cell(table, "%s",
                    event->source.family == 0 ? "console" : ip_format(&event->source, address));
    text_table_cell(table, "%s", ctl_place(&event->place, place, sizeof place));
    text_table_cell(table, "%s", login_method_name(event->method));
    if (record->assessed)
        text_table_cell(table, "%.3f", record->assessment.risk);
    else
        text_table_cell(table, "-");
    text_table_cell(table, "%s", verdict);
    text_table_cell(table, "%s", reached_text(login));
    text_table_cell(
        table, "%s",
        login->label == LABEL_NONE ? "-" : login_label_name((enum login_label_value)login->label));
    bool reason = record->assessed && record->assessment.reason_count > 0;
    text_table_cell(table, "%s%s%s", login_id_format(&event->id, id), reason ? "  " : "",
                    reason ? FEATURE_TABLE[record->assessment.reasons[0].feature].reason : "");
}

static void json_place(struct json_writer *json, const struct place *place)
{
    if (place->country[0] != '\0')
        json_text(json, "country", place->country);
    if (place->city[0] != '\0')
        json_text(json, "city", place->city);
    if (place->asn != 0)
        json_integer(json, "asn", place->asn);
    if (place_has_coordinates(place)) {
        json_number(json, "latitude", (double)place->latitude);
        json_number(json, "longitude", (double)place->longitude);
    }
}

static void json_known_integer(struct json_writer *json, const char *name, int64_t value)
{
    if (value >= 0)
        json_integer(json, name, value);
}

static void json_event(struct json_writer *json, const struct login_event *event)
{
    char id[LOGIN_ID_TEXT_BYTES], address[IP_TEXT_BYTES];
    json_text(json, "id", login_id_format(&event->id, id));
    ctl_json_time(json, "time", event->time_us);
    json_text(json, "user", event->user);
    json_text(json, "host", event->host);
    json_text(json, "service", event->service);
    if (event->source.family == 0)
        json_null(json, "ip");
    else
        json_text(json, "ip", ip_format(&event->source, address));
    if (event->source_port != 0)
        json_integer(json, "port", event->source_port);
    json_place(json, &event->place);
    json_text(json, "method", login_method_name(event->method));
    if (event->device[0] != '\0')
        json_text(json, "device", event->device);
    if (event->key[0] != '\0')
        json_text(json, "key", event->key);
    json_known_integer(json, "rtt_us", event->rtt_us);
    json_known_integer(json, "bytes_in", event->bytes_in);
    json_known_integer(json, "bytes_out", event->bytes_out);
    json_known_integer(json, "duration_s", event->duration_s);
}

static void json_volume(struct json_writer *json, const struct session_volume *volume)
{
    json_object_begin(json, "session");
    json_bool(json, "large", volume->large);
    for (unsigned i = 0; i < SESSION_MEASURE_COUNT; i++) {
        json_object_begin(json, SESSION_MEASURE_NAMES[i]);
        json_number(json, "usual", (double)volume->usual[i]);
        json_number(json, "deviation", (double)volume->deviation[i]);
        json_object_end(json);
    }
    json_object_end(json);
}

static void json_assessment(struct json_writer *json, const struct login_record *record,
                            bool features)
{
    const struct assessment *assessment = &record->assessment;
    json_number(json, "risk", assessment->risk);
    json_text(json, "verdict", verdict_name(assessment->verdict));
    json_text(json, "rule", policy_rule_name(assessment->rule));
    json_integer(json, "learned_logins", assessment->learned_logins);
    json_array_begin(json, "reasons");
    for (unsigned i = 0; i < assessment->reason_count; i++) {
        const struct reason *reason = &assessment->reasons[i];
        json_object_begin(json, NULL);
        json_text(json, "feature", FEATURE_TABLE[reason->feature].name);
        json_text(json, "reason", FEATURE_TABLE[reason->feature].reason);
        json_number(json, "value", (double)reason->value);
        json_number(json, "share", (double)reason->share);
        json_object_end(json);
    }
    json_array_end(json);
    if (!features || !assessment->features_known)
        return;
    json_object_begin(json, "features");
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        json_number(json, FEATURE_TABLE[i].name, (double)assessment->features[i]);
    json_object_end(json);
}

void ctl_label_json(struct json_writer *json, const struct login_label *label)
{
    json_object_begin(json, "labelled");
    ctl_json_time(json, "time", label->time_us);
    json_text(json, "by", label->by);
    json_integer(json, "uid", label->uid);
    json_text(json, "why", label->why[0] != '\0' ? label->why : NULL);
    json_object_end(json);
}

void ctl_login_json(struct json_writer *json, const struct stored_login *login, bool features,
                    const struct login_label *label)
{
    const struct login_record *record = &login->record;
    json_object_begin(json, NULL);
    json_event(json, &record->event);
    if (record->assessed)
        json_assessment(json, record, features);
    if (record->volume.judged)
        json_volume(json, &record->volume);
    if (!login->imported)
        json_text(json, "answer", verdict_name(record->answer));
    if (record->fault != FAULT_NONE)
        json_text(json, "fault", fault_name(record->fault));
    json_text(json, "reached", login_stage_name(login->reached));
    ctl_json_time(json, "accepted", login->accepted_us);
    ctl_json_time(json, "opened", login->opened_us);
    ctl_json_time(json, "closed", login->closed_us);
    json_bool(json, "learned", record->event.learn);
    json_bool(json, "imported", login->imported);
    if (login->label != LABEL_NONE)
        json_text(json, "label", login_label_name((enum login_label_value)login->label));
    if (login->family[0] != '\0')
        json_text(json, "family", login->family);
    if (label != NULL)
        ctl_label_json(json, label);
    json_object_end(json);
}

struct printing {
    const struct command_line *line;
    struct text_table *table;
    struct json_writer *json;
    size_t count;
};

static bool print_one(void *context, const struct stored_login *login)
{
    struct printing *printing = context;
    printing->count++;
    if (printing->json != NULL)
        ctl_login_json(printing->json, login, false, NULL);
    else
        ctl_login_row(printing->table, printing->line, login);
    return true;
}

bool ctl_logins_print(const struct command_line *line, struct store *store,
                      const struct login_filter *filter, struct json_writer *json,
                      struct error *error)
{
    struct text_table table;
    struct printing printing = {.line = line, .table = &table, .json = json};
    if (json != NULL) {
        json_array_begin(json, "logins");
        bool done = store_logins(store, filter, print_one, &printing, error);
        json_array_end(json);
        return done;
    }
    text_table_init(&table, CTL_LOGIN_ALIGNMENT);
    ctl_login_heading(&table);
    bool done = store_logins(store, filter, print_one, &printing, error);
    if (done && printing.count == 0)
        puts("no such login");
    else if (done)
        done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}
