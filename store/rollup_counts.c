/* Counts and their subjects as bytes. */
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "store/rollup_tables.h"

#define US_PER_MS    1000
#define PER_DEGREE   10 /* coordinates of places */
#define NO_DEGREES   INT16_MIN
#define MILLIONTHS   1e6
#define VARINT_BYTES 10

/* The order of the bytes: what is zero at the end is left out. */
#define COUNT_FIELDS                                                                               \
    ROLLUP_COUNTERS                                                                                \
    ROLLUP_COUNTER(subjects)                                                                       \
    ROLLUP_COUNTER(worst)                                                                          \
    ROLLUP_COUNTER(first_key)                                                                      \
    ROLLUP_COUNTER(last_key)

static const size_t FIELDS[] = {
#define ROLLUP_COUNTER(name) offsetof(struct counts, name),
    COUNT_FIELDS
#undef ROLLUP_COUNTER
};

#define FIELD_COUNT (sizeof(FIELDS) / sizeof(FIELDS[0]))

_Static_assert(FIELD_COUNT *VARINT_BYTES <= COUNTS_MAX_BYTES, "counts fit");
_Static_assert(FIELD_COUNT * sizeof(int64_t) == sizeof(struct counts), "all fields are listed");

int64_t key_s(int64_t key)
{
    return (key >> LOGIN_KEY_RANDOM) / (US_PER_S / US_PER_MS);
}

static int64_t *field(struct counts *counts, size_t i)
{
    return (int64_t *)(void *)((uint8_t *)counts + FIELDS[i]);
}

/* Base 128, the least digit first; the sign in the lowest bit. */
size_t counts_encode(const struct counts *counts, uint8_t bytes[COUNTS_MAX_BYTES])
{
    struct counts copy = *counts;
    size_t fields = FIELD_COUNT, size = 0;

    while (fields > 0 && *field(&copy, fields - 1) == 0)
        fields--;
    for (size_t i = 0; i < fields; i++) {
        int64_t value = *field(&copy, i);
        uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);

        for (; rest >= 0x80; rest >>= 7)
            bytes[size++] = (uint8_t)(rest | 0x80);
        bytes[size++] = (uint8_t)rest;
    }
    return size;
}

bool counts_decode(struct counts *counts, const void *bytes, size_t size, struct error *error)
{
    const uint8_t *at = bytes, *end = at + size;
    size_t fields = 0;

    memset(counts, 0, sizeof(*counts));
    while (at < end) {
        uint64_t value = 0;
        unsigned shift = 0;

        for (; at < end && (*at & 0x80) != 0 && shift < 63; shift += 7)
            value |= (uint64_t)(*at++ & 0x7f) << shift;
        if (at == end || fields == FIELD_COUNT || (*at & 0x80) != 0)
            return error_set(error, FAULT_STORE, "a row of counts in the store is damaged");
        value |= (uint64_t)*at++ << shift;
        *field(counts, fields++) = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    }
    return true;
}

static void widen(struct counts *sum, const struct counts *more)
{
    if (more->first_key > 0 && (sum->first_key == 0 || more->first_key < sum->first_key))
        sum->first_key = more->first_key;
    if (more->last_key > sum->last_key)
        sum->last_key = more->last_key;
    if (more->worst > sum->worst)
        sum->worst = more->worst;
}

void counts_add(struct counts *sum, const struct counts *more, int64_t times)
{
#define ROLLUP_COUNTER(name) sum->name += more->name * times;
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    if (times > 0)
        widen(sum, more);
}

static int64_t key_us(int64_t key)
{
    return (key >> LOGIN_KEY_RANDOM) * US_PER_MS;
}

struct rollup counts_rollup(const struct counts *counts)
{
    return (struct rollup){
#define ROLLUP_COUNTER(name) .name = counts->name,
        ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
            .first_us = key_us(counts->first_key),
        .last_us = key_us(counts->last_key), .last_key = counts->last_key,
        .worst_risk = (double)counts->worst / MILLIONTHS};
}

void rollup_add(struct rollup *sum, const struct rollup *more)
{
#define ROLLUP_COUNTER(name) sum->name += more->name;
    ROLLUP_COUNTERS
#undef ROLLUP_COUNTER
    if (more->first_us > 0 && (sum->first_us == 0 || more->first_us < sum->first_us))
        sum->first_us = more->first_us;
    if (more->last_us > sum->last_us) {
        sum->last_us = more->last_us;
        sum->last_key = more->last_key;
    }
    if (more->worst_risk > sum->worst_risk)
        sum->worst_risk = more->worst_risk;
}

/* ---- subjects ------------------------------------------------------------------------------- */

static int16_t tenths(float degrees)
{
    return isnan(degrees) ? NO_DEGREES : (int16_t)lroundf(degrees * PER_DEGREE);
}

static float degrees_of(int16_t tenth)
{
    return tenth == NO_DEGREES ? NAN : (float)tenth / PER_DEGREE;
}

static size_t place_encode(const struct place *place, bool network,
                           uint8_t bytes[ROLLUP_SUBJECT_BYTES])
{
    struct byte_writer writer = {.at = bytes, .end = bytes + ROLLUP_SUBJECT_BYTES};

    put_bytes(&writer, place->country, 2);
    if (network) {
        put_u32(&writer, place->asn);
    } else {
        put_u16(&writer, (uint16_t)tenths(place->latitude));
        put_u16(&writer, (uint16_t)tenths(place->longitude));
        put_bytes(&writer, place->city, strlen(place->city));
    }
    return (size_t)(writer.at - bytes);
}

static size_t user_encode(const char *user, uint8_t bytes[ROLLUP_SUBJECT_BYTES])
{
    size_t size = strnlen(user, LOGIN_USER_BYTES - 1);

    memcpy(bytes, user, size);
    return size;
}

static size_t address_encode(const struct ip_address *address, uint8_t bytes[ROLLUP_SUBJECT_BYTES])
{
    size_t size = address->family == 0 ? 0 : address->family == 4 ? 4 : 16;

    memcpy(bytes, address->bytes, size);
    return size;
}

static bool is_placed(enum rollup_subject_kind kind, const struct place *place)
{
    return kind == ROLLUP_NETWORK ? place->asn != 0 || place->country[0] != '\0'
                                  : place_has_coordinates(place);
}

size_t subject_encode(const struct rollup_subject *subject, uint8_t bytes[ROLLUP_SUBJECT_BYTES])
{
    if (subject->kind == ROLLUP_USER)
        return user_encode(subject->user, bytes);
    if (subject->kind == ROLLUP_ADDRESS)
        return address_encode(&subject->address, bytes);
    return place_encode(&subject->place, subject->kind == ROLLUP_NETWORK, bytes);
}

size_t subject_of_event(enum rollup_subject_kind kind, const struct login_event *event,
                        uint8_t bytes[ROLLUP_SUBJECT_BYTES])
{
    if (kind == ROLLUP_USER)
        return user_encode(event->user, bytes);
    if (kind == ROLLUP_ADDRESS)
        return address_encode(&event->source, bytes);
    if (!is_placed(kind, &event->place))
        return 0;
    return place_encode(&event->place, kind == ROLLUP_NETWORK, bytes);
}

static bool place_decode(struct byte_reader *reader, bool network, struct place *place)
{
    size_t city;

    *place = PLACE_NONE;
    get_bytes(reader, place->country, 2);
    place->country[2] = '\0';
    if (network) {
        place->asn = get_u32(reader);
        return !reader->failed && reader->at == reader->end;
    }
    place->latitude = degrees_of((int16_t)get_u16(reader));
    place->longitude = degrees_of((int16_t)get_u16(reader));
    city = (size_t)(reader->end - reader->at);
    if (reader->failed || city >= PLACE_CITY_BYTES)
        return false;
    get_bytes(reader, place->city, city);
    place->city[city] = '\0';
    return true;
}

bool subject_decode(enum rollup_subject_kind kind, const uint8_t *bytes, size_t size,
                    struct rollup_subject *subject)
{
    struct byte_reader reader = {.at = bytes, .end = bytes + size};

    memset(subject, 0, sizeof(*subject));
    subject->kind = kind;
    if (kind == ROLLUP_USER) {
        if (size == 0 || size >= LOGIN_USER_BYTES)
            return false;
        memcpy(subject->user, bytes, size);
        return true;
    }
    if (kind == ROLLUP_ADDRESS) {
        if (size != 4 && size != 16)
            return false;
        subject->address.family = size == 4 ? 4 : 6;
        memcpy(subject->address.bytes, bytes, size);
        return true;
    }
    return place_decode(&reader, kind == ROLLUP_NETWORK, &subject->place);
}
