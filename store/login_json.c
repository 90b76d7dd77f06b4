#include "store/login_json.h"

#include <math.h>

/* To eleven metres: a float has no more to tell. */
static double degrees(float value)
{
    return round((double)value * 1e4) / 1e4;
}

void login_json_place(struct json_writer *json, const struct place *place)
{
    if (place->country[0] != '\0')
        json_text(json, "country", place->country);
    if (place->city[0] != '\0')
        json_text(json, "city", place->city);
    if (place->asn != 0)
        json_integer(json, "asn", place->asn);
    if (place_has_coordinates(place)) {
        json_number(json, "latitude", degrees(place->latitude));
        json_number(json, "longitude", degrees(place->longitude));
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
    json_time(json, "time", event->time_us);
    json_text(json, "user", event->user);
    json_text(json, "host", event->host);
    json_text(json, "service", event->service);
    if (event->source.family == 0)
        json_null(json, "ip");
    else
        json_text(json, "ip", ip_format(&event->source, address));
    if (event->source_port != 0)
        json_integer(json, "port", event->source_port);
    login_json_place(json, &event->place);
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

void login_json_reasons(struct json_writer *json, const struct assessment *assessment)
{
    json_array_begin(json, "reasons");
    for (unsigned i = 0; i < assessment->reason_count; i++) {
        const struct reason *reason = &assessment->reasons[i];
        char text[REASON_TEXT_BYTES];
        json_object_begin(json, NULL);
        json_text(json, "feature", FEATURE_TABLE[reason->feature].name);
        json_text(json, "reason", FEATURE_TABLE[reason->feature].reason);
        json_text(json, "text", reason_text(reason, text));
        json_number(json, "value", (double)reason->value);
        json_number(json, "share", (double)reason->share);
        json_object_end(json);
    }
    json_array_end(json);
}

static void json_assessment(struct json_writer *json, const struct login_record *record,
                            bool features)
{
    const struct assessment *assessment = &record->assessment;
    json_number(json, "risk", assessment->risk);
    json_text(json, "verdict", verdict_name(assessment->verdict));
    json_text(json, "rule", policy_rule_name(assessment->rule));
    json_integer(json, "learned_logins", assessment->learned_logins);
    login_json_reasons(json, assessment);
    if (!features || !assessment->features_known)
        return;
    json_object_begin(json, "features");
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        json_number(json, FEATURE_TABLE[i].name, (double)assessment->features[i]);
    json_object_end(json);
}

void login_json_label(struct json_writer *json, const struct login_label *label)
{
    json_object_begin(json, "labelled");
    json_time(json, "time", label->time_us);
    json_text(json, "by", label->by);
    json_integer(json, "uid", label->uid);
    json_text(json, "why", label->why[0] != '\0' ? label->why : NULL);
    json_object_end(json);
}

void login_json_members(struct json_writer *json, const struct stored_login *login, bool features,
                        const struct login_label *label)
{
    const struct login_record *record = &login->record;
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
    json_time(json, "accepted", login->accepted_us);
    json_time(json, "opened", login->opened_us);
    json_time(json, "closed", login->closed_us);
    json_bool(json, "learned", record->event.learn);
    json_bool(json, "imported", login->imported);
    if (login->label != LABEL_NONE)
        json_text(json, "label", login_label_name((enum login_label_value)login->label));
    if (login->family[0] != '\0')
        json_text(json, "family", login->family);
    if (label != NULL)
        login_json_label(json, label);
}

void login_json(struct json_writer *json, const char *name, const struct stored_login *login,
                bool features, const struct login_label *label)
{
    json_object_begin(json, name);
    login_json_members(json, login, features, label);
    json_object_end(json);
}
