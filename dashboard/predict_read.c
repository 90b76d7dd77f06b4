#include "dashboard/predict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/rfc3339.h"
#include "scorer/place_text.h"

/* Stands for the device of a login of which only is_new_device is told: nobody has used it. */
#define NEW_DEVICE "a new device"

#define HOUR_NOT_TOLD (-1)

/* What is being read, with what can only be made sense of when all of it is there. */
struct reading {
    struct prediction *prediction;
    struct login_event *event;
    int hour; /* of the user's clock */
    bool new_device;
    bool user_told, time_told;
    struct error *error;
};

struct value {
    const char *name;
    const json_t *json;
};

static bool refuse(struct reading *reading, const struct value *value, const char *wanted)
{
    return error_set(reading->error, FAULT_CONFIG, "\"%s\" has to be %s", value->name, wanted);
}

/* ---- values of JSON ---------------------------------------------------------------------------
 */

/* A text without control characters that fits; "" is none. */
static bool take_text(struct reading *reading, const struct value *value, char *field,
                      size_t capacity)
{
    const char *text = json_string_value(value->json);
    char wanted[96];

    snprintf(wanted, sizeof wanted, "a text of at most %zu bytes without control characters",
             capacity - 1);
    if (text == NULL || strlen(text) >= capacity)
        return refuse(reading, value, wanted);
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return refuse(reading, value, wanted);
    }
    strcpy(field, text);
    return true;
}

static bool take_number(struct reading *reading, const struct value *value, double least,
                        double most, double *number)
{
    char wanted[96];

    *number = json_is_number(value->json) ? json_number_value(value->json) : NAN;
    if (*number >= least && *number <= most)
        return true;
    snprintf(wanted, sizeof wanted, "a number from %.15g to %.15g", least, most);
    return refuse(reading, value, wanted);
}

static bool take_yes_or_no(struct reading *reading, const struct value *value, bool *yes)
{
    if (json_is_boolean(value->json))
        *yes = json_is_true(value->json);
    else if (json_is_integer(value->json) && (json_integer_value(value->json) | 1) == 1)
        *yes = json_integer_value(value->json) == 1;
    else
        return refuse(reading, value, "true or false, or 1 or 0");
    return true;
}

static bool take_count(struct reading *reading, const struct value *value, int64_t *count)
{
    double number;

    if (!take_number(reading, value, 0, 1e15, &number))
        return false;
    *count = (int64_t)number;
    return true;
}

/* ---- a login's members ------------------------------------------------------------------------
 */

static bool read_user(struct reading *reading, const struct value *value)
{
    struct login_event *event = reading->event;

    if (reading->user_told)
        return refuse(reading, value,
                      "the only name of the user: \"user\" and \"user_id\" are one");
    reading->user_told = true;
    if (json_is_integer(value->json)) {
        snprintf(event->user, sizeof event->user, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value->json));
        return true;
    }
    return take_text(reading, value, event->user, sizeof event->user) &&
           (event->user[0] != '\0' || refuse(reading, value, "a user's name, which is not empty"));
}

static bool read_time(struct reading *reading, const struct value *value)
{
    static const char *const WANTED =
        "a moment: RFC 3339 such as \"2026-03-09T14:05:11Z\", or seconds since 1970";
    struct login_event *event = reading->event;
    const char *text = json_string_value(value->json), *end;
    struct rfc3339_time time = {.has_offset = false};

    if (reading->time_told)
        return refuse(reading, value, "the only moment: \"time\" and \"timestamp\" are one");
    reading->time_told = true;
    if (text != NULL) {
        if (!rfc3339_parse(text, &time, &end) || *end != '\0')
            return refuse(reading, value, WANTED);
        event->time_us = time.has_zone ? time.time_us : clock_local_to_utc_us(time.time_us);
    } else {
        double seconds = json_is_number(value->json) ? json_number_value(value->json) : -1;
        if (!(seconds >= 0 && seconds <= (double)(LOGIN_TIME_MAX_US / US_PER_S)))
            return refuse(reading, value, WANTED);
        event->time_us = (int64_t)(seconds * (double)US_PER_S);
    }
    event->utc_offset_s = time.has_offset ? time.offset_s : clock_utc_offset_s(event->time_us);
    return true;
}

static bool read_address(struct reading *reading, const struct value *value)
{
    const char *text = json_string_value(value->json);

    return (text != NULL && ip_parse(text, &reading->event->source)) ||
           refuse(reading, value, "a numeric IPv4 or IPv6 address");
}

static bool read_location(struct reading *reading, const struct value *value)
{
    char text[PLACE_CITY_BYTES + 8];

    if (!take_text(reading, value, text, sizeof text))
        return false;
    place_read(&reading->event->place, text);
    return true;
}

static bool read_country(struct reading *reading, const struct value *value)
{
    const char *text = json_string_value(value->json);

    return (text != NULL && place_read_country(&reading->event->place, text)) ||
           refuse(reading, value, "a country's code of two letters");
}

static bool read_asn(struct reading *reading, const struct value *value)
{
    double number;

    if (!take_number(reading, value, 0, UINT32_MAX, &number))
        return false;
    reading->event->place.asn = (uint32_t)number;
    return true;
}

static bool read_degrees(struct reading *reading, const struct value *value, double most,
                         float *degrees)
{
    double number;

    if (!take_number(reading, value, -most, most, &number))
        return false;
    *degrees = (float)number;
    return true;
}

static bool read_latitude(struct reading *reading, const struct value *value)
{
    return read_degrees(reading, value, 90, &reading->event->place.latitude);
}

static bool read_longitude(struct reading *reading, const struct value *value)
{
    return read_degrees(reading, value, 180, &reading->event->place.longitude);
}

#define TEXT_READER(name, field)                                                                   \
    static bool read_##name(struct reading *reading, const struct value *value)                    \
    {                                                                                              \
        return take_text(reading, value, reading->field, sizeof reading->field);                   \
    }
TEXT_READER(city, event->place.city)
TEXT_READER(device, event->device)
TEXT_READER(host, event->host)
TEXT_READER(service, event->service)
TEXT_READER(key, event->key)
TEXT_READER(login_id, prediction->login_id)

static bool read_method(struct reading *reading, const struct value *value)
{
    const char *text = json_string_value(value->json);

    reading->event->method = login_method_from_name(text != NULL ? text : "");
    if (reading->event->method != METHOD_UNKNOWN || (text != NULL && strcmp(text, "unknown") == 0))
        return true;
    return refuse(reading, value,
                  "a method of sshd, such as \"password\", \"publickey\" or "
                  "\"keyboard-interactive\"");
}

static bool read_rtt(struct reading *reading, const struct value *value)
{
    double number;

    if (!take_number(reading, value, 0, INT32_MAX / 1000, &number))
        return false;
    reading->event->rtt_us = (int32_t)lround(number * 1000);
    return true;
}

static bool read_hour(struct reading *reading, const struct value *value)
{
    double number;

    if (!take_number(reading, value, 0, 23, &number))
        return false;
    reading->hour = (int)number;
    return true;
}

static bool read_new_device(struct reading *reading, const struct value *value)
{
    return take_yes_or_no(reading, value, &reading->new_device);
}

/* Whether it will succeed is not known when a login is judged. */
static bool read_success(struct reading *reading, const struct value *value)
{
    bool ignored;

    return take_yes_or_no(reading, value, &ignored);
}

static bool read_bytes_in(struct reading *reading, const struct value *value)
{
    return take_count(reading, value, &reading->event->bytes_in);
}

static bool read_bytes_out(struct reading *reading, const struct value *value)
{
    return take_count(reading, value, &reading->event->bytes_out);
}

static bool read_duration(struct reading *reading, const struct value *value)
{
    return take_count(reading, value, &reading->event->duration_s);
}

typedef bool field_reader(struct reading *reading, const struct value *value);

static const struct predict_member {
    struct predict_field field;
    field_reader *read;
} MEMBERS[] = {
#define PREDICT_FIELD(name, type, reader, help) {{name, type, help}, reader},
#include "dashboard/predict_fields.def"
#undef PREDICT_FIELD
};

const struct predict_field PREDICT_FIELDS[] = {
#define PREDICT_FIELD(name, type, reader, help) {name, type, help},
#include "dashboard/predict_fields.def"
#undef PREDICT_FIELD
};

#define MEMBER_COUNT (sizeof MEMBERS / sizeof *MEMBERS)
const size_t PREDICT_FIELD_COUNT = MEMBER_COUNT;

static bool read_member(struct reading *reading, const struct value *value)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (strcmp(MEMBERS[i].field.name, value->name) == 0)
            return json_is_null(value->json) || MEMBERS[i].read(reading, value);
    }
    return error_set(reading->error, FAULT_CONFIG,
                     "a login has no member \"%.64s\"; /openapi.json names those it can have",
                     value->name);
}

/* The user's clock showed that hour: his zone is the one nearest to UTC in which it did. */
static void set_hour(struct login_event *event, int hour)
{
    int utc_hour = (int)(event->time_us / US_PER_S % S_PER_DAY / 3600);
    int hours = (hour - utc_hour + 36) % 24 - 12;

    event->utc_offset_s = hours * 3600;
}

bool predict_read(const json_t *login, struct prediction *prediction, struct error *error)
{
    struct reading reading = {.prediction = prediction,
                              .event = &prediction->event,
                              .hour = HOUR_NOT_TOLD,
                              .error = error};
    struct value value;

    *prediction = (struct prediction){.model = 0};
    login_event_init(reading.event);
    if (!json_is_object(login))
        return error_set(error, FAULT_CONFIG, "a login has to be a JSON object");
    for (void *at = json_object_iter((json_t *)login); at != NULL;
         at = json_object_iter_next((json_t *)login, at)) {
        value = (struct value){json_object_iter_key(at), json_object_iter_value(at)};
        if (!read_member(&reading, &value))
            return false;
    }
    if (!reading.user_told || !reading.time_told)
        return error_set(error, FAULT_CONFIG, "a login needs a \"%s\"",
                         reading.user_told ? "timestamp" : "user_id");
    if (reading.hour != HOUR_NOT_TOLD)
        set_hour(reading.event, reading.hour);
    if (reading.new_device && reading.event->device[0] == '\0')
        strcpy(reading.event->device, NEW_DEVICE);
    if (!place_has_coordinates(&reading.event->place))
        reading.event->place.latitude = reading.event->place.longitude = NAN;
    return true;
}
