#include "scorer/login_event.h"

#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "scorer/population.h"

#define UTC_OFFSET_MAX_S 86400

static const char *const METHOD_NAMES[METHOD_COUNT] = {
#define LOGIN_METHOD(symbol, name) [METHOD_##symbol] = name,
    LOGIN_METHODS
#undef LOGIN_METHOD
};

static const char *const STAGE_NAMES[STAGE_COUNT] = {
#define LOGIN_STAGE(symbol, name) [STAGE_##symbol] = name,
    LOGIN_STAGES
#undef LOGIN_STAGE
};

void login_event_init(struct login_event *event)
{
    memset(event, 0, sizeof *event);
    event->place = PLACE_NONE;
    event->rtt_us = -1;
    event->bytes_in = -1;
    event->bytes_out = -1;
    event->duration_s = -1;
}

const char *login_method_name(enum login_method method)
{
    return (unsigned)method < METHOD_COUNT ? METHOD_NAMES[method] : "unknown";
}

enum login_method login_method_from_name(const char *name)
{
    if (strncmp(name, "gssapi-", 7) == 0)
        return METHOD_GSSAPI;
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(name, METHOD_NAMES[i]) == 0)
            return (enum login_method)i;
    }
    return METHOD_UNKNOWN;
}

const char *login_stage_name(enum login_stage stage)
{
    return (unsigned)stage < STAGE_COUNT ? STAGE_NAMES[stage] : "unknown";
}

uint64_t login_prefix_key(const struct login_event *event)
{
    if (ip_is_reserved(&event->source))
        return 0;
    struct ip_address prefix = ip_site_prefix(&event->source);
    return ip_key(&prefix);
}

uint64_t login_device_key(const struct login_event *event)
{
    return hash_text(event->device);
}

uint64_t login_public_key_key(const struct login_event *event)
{
    return hash_text(event->key);
}

static void place_put(struct byte_writer *writer, const struct place *place)
{
    put_f32(writer, place->latitude);
    put_f32(writer, place->longitude);
    put_u32(writer, place->asn);
    put_text(writer, place->country);
    put_u8(writer, place->anonymous);
    put_text(writer, place->city);
}

void login_event_put(struct byte_writer *writer, const struct login_event *event)
{
    put_bytes(writer, event->id.bytes, LOGIN_ID_BYTES);
    put_u8(writer, (uint8_t)event->stage);
    put_i64(writer, event->time_us);
    put_u32(writer, (uint32_t)event->utc_offset_s);
    put_u8(writer, (uint8_t)event->method);
    put_text(writer, event->user);
    put_text(writer, event->host);
    put_text(writer, event->service);
    put_u8(writer, event->source.family);
    put_bytes(writer, event->source.bytes, sizeof event->source.bytes);
    put_u16(writer, event->source_port);
    put_u64(writer, event->connection);
    place_put(writer, &event->place);
    put_text(writer, event->device);
    put_text(writer, event->key);
    put_u32(writer, (uint32_t)event->rtt_us);
    put_i64(writer, event->bytes_in);
    put_i64(writer, event->bytes_out);
    put_i64(writer, event->duration_s);
    put_u8(writer, event->learn);
    put_u8(writer, event->new_values);
}

static bool coordinates_valid(struct place *place)
{
    if (isnan(place->latitude) && isnan(place->longitude)) {
        place->latitude = place->longitude = NAN;
        return true;
    }
    return fabsf(place->latitude) <= 90 && fabsf(place->longitude) <= 180;
}

static bool country_valid(const char country[3])
{
    if (country[0] == '\0')
        return true;
    return country[0] >= 'A' && country[0] <= 'Z' && country[1] >= 'A' && country[1] <= 'Z' &&
           country[2] == '\0';
}

static void place_get(struct byte_reader *reader, struct place *place)
{
    place->latitude = get_f32(reader);
    place->longitude = get_f32(reader);
    place->asn = get_u32(reader);
    get_text(reader, place->country, sizeof place->country);
    place->anonymous = get_u8(reader);
    get_text(reader, place->city, sizeof place->city);
    if (!coordinates_valid(place) || !country_valid(place->country) ||
        place->anonymous > ANONYMOUS_YES)
        reader->failed = true;
}

static void source_get(struct byte_reader *reader, struct ip_address *source)
{
    static const uint8_t zero[16];
    source->family = get_u8(reader);
    get_bytes(reader, source->bytes, sizeof source->bytes);
    size_t used = source->family == 6 ? 16 : source->family == 4 ? 4 : 0;
    if ((used == 0 && source->family != 0) || memcmp(source->bytes + used, zero, 16 - used) != 0)
        reader->failed = true;
}

/* Below count, or the reader fails. */
static unsigned enum_get(struct byte_reader *reader, unsigned count)
{
    unsigned value = get_u8(reader);
    if (value < count)
        return value;
    reader->failed = true;
    return 0;
}

static bool numbers_valid(const struct login_event *event)
{
    unsigned known = NEW_USER | ((1U << POPULATION_VALUE_COUNT) - 1);
    return event->time_us >= 0 && event->time_us <= LOGIN_TIME_MAX_US &&
           event->utc_offset_s >= -UTC_OFFSET_MAX_S && event->utc_offset_s <= UTC_OFFSET_MAX_S &&
           event->rtt_us >= -1 && event->bytes_in >= -1 && event->bytes_out >= -1 &&
           event->duration_s >= -1 && (event->new_values & ~known) == 0;
}

void login_event_get(struct byte_reader *reader, struct login_event *event)
{
    login_event_init(event);
    get_bytes(reader, event->id.bytes, LOGIN_ID_BYTES);
    event->stage = (enum login_stage)enum_get(reader, STAGE_COUNT);
    event->time_us = get_i64(reader);
    event->utc_offset_s = (int32_t)get_u32(reader);
    event->method = (enum login_method)enum_get(reader, METHOD_COUNT);
    get_text(reader, event->user, sizeof event->user);
    get_text(reader, event->host, sizeof event->host);
    get_text(reader, event->service, sizeof event->service);
    source_get(reader, &event->source);
    event->source_port = get_u16(reader);
    event->connection = get_u64(reader);
    place_get(reader, &event->place);
    get_text(reader, event->device, sizeof event->device);
    get_text(reader, event->key, sizeof event->key);
    event->rtt_us = (int32_t)get_u32(reader);
    event->bytes_in = get_i64(reader);
    event->bytes_out = get_i64(reader);
    event->duration_s = get_i64(reader);
    event->learn = enum_get(reader, 2) != 0;
    event->new_values = get_u8(reader);
    if (event->user[0] == '\0' || !numbers_valid(event))
        reader->failed = true;
}
