#include "trainer/csv_columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/rfc3339.h"
#include "scorer/place_text.h"

bool csv_row_refuse(struct csv_row *row, enum skipped_line problem)
{
    row->problem = problem;
    return false;
}

static bool parse_epoch(const char *text, int64_t *time_us)
{
    char *end = NULL;
    int64_t fraction_us = 0, unit_us = US_PER_S / 10;

    if (*text < '0' || *text > '9')
        return false;
    int64_t seconds = strtoll(text, &end, 10);
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9'; end++, unit_us /= 10)
            fraction_us += (*end - '0') * unit_us;
    }
    if (*end != '\0' || seconds > LOGIN_TIME_MAX_US / US_PER_S)
        return false;
    *time_us = seconds * US_PER_S + fraction_us;
    return true;
}

static bool take_time(struct csv_row *row, const char *text)
{
    struct login_event *event = &row->login.record.event;
    struct rfc3339_time time;
    const char *end = NULL;

    if (rfc3339_parse(text, &time, &end)) {
        if (*end != '\0')
            return csv_row_refuse(row, SKIPPED_NO_TIME);
        row->zone_missing |= !time.has_zone;
        if (!time.has_zone && !row->zone->utc)
            time.time_us = clock_local_to_utc_us(time.time_us);
        event->time_us = time.time_us;
    } else if (!parse_epoch(text, &event->time_us)) {
        return csv_row_refuse(row, SKIPPED_NO_TIME);
    }
    if (event->time_us < 0 || event->time_us > LOGIN_TIME_MAX_US)
        return csv_row_refuse(row, SKIPPED_NO_TIME);
    event->utc_offset_s =
        time.has_offset ? time.offset_s : zone_clock_offset_s(row->zone, event->time_us);
    return true;
}

#define TEXT_TAKER(name, field)                                                                    \
    static bool take_##name(struct csv_row *row, const char *text)                                 \
    {                                                                                              \
        import_take_text(row->login.field, sizeof row->login.field, text, strlen(text));           \
        return true;                                                                               \
    }
TEXT_TAKER(user, record.event.user)
TEXT_TAKER(host, record.event.host)
TEXT_TAKER(service, record.event.service)
TEXT_TAKER(device, record.event.device)
TEXT_TAKER(family, family)

static bool take_ip(struct csv_row *row, const char *text)
{
    return ip_parse(text, &row->login.record.event.source) ||
           csv_row_refuse(row, SKIPPED_NO_ADDRESS);
}

static bool take_country(struct csv_row *row, const char *text)
{
    return place_read_country(&row->login.record.event.place, text) ||
           csv_row_refuse(row, SKIPPED_BAD_VALUE);
}

static bool take_city(struct csv_row *row, const char *text)
{
    struct place *place = &row->login.record.event.place;

    if (strcmp(text, "-") != 0)
        import_take_text(place->city, sizeof place->city, text, strlen(text));
    return true;
}

/* A number from 0 to most. */
static bool take_amount(struct csv_row *row, const char *text, double most, double *value)
{
    char *end = NULL;

    *value = strtod(text, &end);
    if (end == text || *end != '\0' || !(*value >= 0 && *value <= most))
        return csv_row_refuse(row, SKIPPED_BAD_VALUE);
    return true;
}

static bool take_asn(struct csv_row *row, const char *text)
{
    double value = 0;

    if (strncasecmp(text, "AS", 2) == 0)
        text += 2;
    if (!take_amount(row, text, UINT32_MAX, &value))
        return false;
    row->login.record.event.place.asn = (uint32_t)value;
    return true;
}

static bool take_degrees(struct csv_row *row, const char *text, double most, float *degrees)
{
    double value = 0;

    if (!take_amount(row, text + (*text == '-'), most, &value))
        return false;
    *degrees = (float)(*text == '-' ? -value : value);
    return true;
}

static bool take_latitude(struct csv_row *row, const char *text)
{
    return take_degrees(row, text, 90, &row->login.record.event.place.latitude);
}

static bool take_longitude(struct csv_row *row, const char *text)
{
    return take_degrees(row, text, 180, &row->login.record.event.place.longitude);
}

static bool take_method(struct csv_row *row, const char *text)
{
    row->login.record.event.method = login_method_from_name(text);
    return true;
}

static bool take_rtt(struct csv_row *row, const char *text)
{
    double milliseconds = 0;

    if (!take_amount(row, text, INT32_MAX / 1000, &milliseconds))
        return false;
    row->login.record.event.rtt_us = (int32_t)lround(milliseconds * 1000);
    return true;
}

#define COUNT_TAKER(name, field, most)                                                             \
    static bool take_##name(struct csv_row *row, const char *text)                                 \
    {                                                                                              \
        double value = 0;                                                                          \
        if (!take_amount(row, text, most, &value))                                                 \
            return false;                                                                          \
        row->login.record.event.field = (int64_t)value;                                            \
        return true;                                                                               \
    }
COUNT_TAKER(bytes_in, bytes_in, 1e18)
COUNT_TAKER(bytes_out, bytes_out, 1e18)
COUNT_TAKER(duration, duration_s, 1e9)

static bool take_yes_or_no(struct csv_row *row, const char *text, const char *yes, const char *no,
                           enum tell *tell)
{
    if (strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0 || strcasecmp(text, yes) == 0)
        *tell = TOLD_YES;
    else if (strcmp(text, "0") == 0 || strcasecmp(text, "false") == 0 || strcasecmp(text, no) == 0)
        *tell = TOLD_NO;
    else
        return csv_row_refuse(row, SKIPPED_BAD_VALUE);
    return true;
}

static bool take_success(struct csv_row *row, const char *text)
{
    return take_yes_or_no(row, text, "yes", "no", &row->success);
}

static bool take_label(struct csv_row *row, const char *text)
{
    enum tell attack = NOT_TOLD;

    if (!take_yes_or_no(row, text, "attack", "legitimate", &attack))
        return false;
    row->login.label = attack == TOLD_YES;
    return true;
}

static bool take_takeover(struct csv_row *row, const char *text)
{
    if (!take_label(row, text))
        return false;
    return row->login.label != 1 || take_family(row, "takeover");
}

static bool take_attack_address(struct csv_row *row, const char *text)
{
    return take_yes_or_no(row, text, "yes", "no", &row->attack_address);
}

/* A name without its version, which changes more often than who uses it. */
static bool take_part(struct csv_row *row, const char *text, int part)
{
    const char *space = strrchr(text, ' ');
    bool versioned = space != NULL && space[1] >= '0' && space[1] <= '9';

    import_take_text(row->part[part], sizeof row->part[part], text,
                     versioned ? (size_t)(space - text) : strlen(text));
    return true;
}

static bool take_browser(struct csv_row *row, const char *text)
{
    return take_part(row, text, 0);
}

static bool take_system(struct csv_row *row, const char *text)
{
    return take_part(row, text, 1);
}

static bool take_device_type(struct csv_row *row, const char *text)
{
    return take_part(row, text, 2);
}

static bool take_location(struct csv_row *row, const char *text)
{
    place_read(&row->login.record.event.place, text);
    return true;
}

/* ---- rows ---- */

void csv_row_init(struct csv_row *row, const char *service, struct zone_clock *zone)
{
    *row = (struct csv_row){.zone = zone, .problem = SKIPPED_MALFORMED};
    import_start_login(&row->login, -1, 0, service);
}

bool csv_column_tells_success(const struct csv_column *column)
{
    return column->take == take_success;
}

static void join_device(struct csv_row *row)
{
    struct login_event *event = &row->login.record.event;

    if (event->device[0] != '\0' ||
        (row->part[0][0] == '\0' && row->part[1][0] == '\0' && row->part[2][0] == '\0'))
        return;
    snprintf(event->device, sizeof event->device, "%.40s, %.30s, %.20s", row->part[0], row->part[1],
             row->part[2]);
}

void csv_row_complete(struct csv_row *row)
{
    struct stored_login *login = &row->login;
    struct login_event *event = &login->record.event;

    join_device(row);
    if (isnan(event->place.latitude) || isnan(event->place.longitude))
        event->place.latitude = event->place.longitude = NAN;
    /* An address that attacks come from says nothing of a login that nobody complained of. */
    if (row->attack_address == TOLD_YES && login->label == 0)
        login->label = -1;
    if (login->label != 1)
        login->family[0] = '\0';
    if (row->success != TOLD_YES)
        return;
    import_accept(login, event->time_us);
    event->learn = login->label != 1;
    if (event->duration_s >= 0)
        import_close(login, event->time_us + event->duration_s * US_PER_S);
    else if (event->bytes_in >= 0 || event->bytes_out >= 0)
        import_close(login, event->time_us);
}

/* ---- the formats ---- */

const struct csv_column CSV_COLUMNS[] = {
    {"time", take_time, true},
    {"user", take_user, true},
    {"host", take_host, false},
    {"service", take_service, false},
    {"ip", take_ip, false},
    {"country", take_country, false},
    {"asn", take_asn, false},
    {"city", take_city, false},
    {"latitude", take_latitude, false},
    {"longitude", take_longitude, false},
    {"device", take_device, false},
    {"method", take_method, false},
    {"rtt_ms", take_rtt, false},
    {"success", take_success, false},
    {"bytes_in", take_bytes_in, false},
    {"bytes_out", take_bytes_out, false},
    {"duration_s", take_duration, false},
    {"label", take_label, false},
    {"family", take_family, false},
    {NULL, NULL, false},
};

const struct csv_column RBA_COLUMNS[] = {
    {"index", NULL, false},
    {"Login Timestamp", take_time, true},
    {"User ID", take_user, true},
    {"Round-Trip Time [ms]", take_rtt, false},
    {"IP Address", take_ip, true},
    {"Country", take_country, false},
    {"Region", NULL, false},
    {"City", take_city, false},
    {"ASN", take_asn, false},
    {"User Agent String", NULL, false}, /* of which the next three are made */
    {"Browser Name and Version", take_browser, false},
    {"OS Name and Version", take_system, false},
    {"Device Type", take_device_type, false},
    {"Login Successful", take_success, true},
    {"Is Attack IP", take_attack_address, false},
    {"Is Account Takeover", take_takeover, false},
    {NULL, NULL, false},
};

const struct csv_column CLOUD_COLUMNS[] = {
    {"user_id", take_user, true},
    {"timestamp", take_time, true},
    {"ip_address", take_ip, true},
    {"geo_location", take_location, false},
    {"device_id", take_device, false},
    {"login_hour", NULL, false},    /* of the timestamp */
    {"is_new_device", NULL, false}, /* the profile knows */
    {"bytes_in", take_bytes_in, false},
    {"bytes_out", take_bytes_out, false},
    {"success", take_success, true},
    {"is_anomaly", take_label, false},
    {NULL, NULL, false},
};
