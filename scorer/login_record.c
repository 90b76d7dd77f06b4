#include "scorer/login_record.h"

#include <math.h>
#include <string.h>

/* Changed with every change of a field or its meaning. The feature table is no part of it. */
#define RECORD_VERSION         3
#define VERSION_WITHOUT_VOLUME 2

#define NO_FEATURE_TABLE   0 /* no table has this hash */
#define FEATURE_NAME_BYTES 64

void login_record_init(struct login_record *record)
{
    memset(record, 0, sizeof *record);
    login_event_init(&record->event);
}

/* The features come last, so that those of another table can be passed over. */
static void assessment_put(struct byte_writer *writer, const struct assessment *assessment)
{
    put_f64(writer, assessment->risk);
    put_u8(writer, (uint8_t)assessment->verdict);
    put_u8(writer, (uint8_t)assessment->rule);
    put_u32(writer, assessment->learned_logins);
    put_u32(writer, assessment->features_known ? feature_table_hash() : NO_FEATURE_TABLE);
    put_u8(writer, assessment->reason_count);
    for (unsigned i = 0; i < assessment->reason_count && i < ASSESSMENT_REASONS; i++) {
        put_text(writer, FEATURE_TABLE[assessment->reasons[i].feature].name);
        put_f32(writer, assessment->reasons[i].value);
        put_f32(writer, assessment->reasons[i].share);
    }
    for (unsigned i = 0; assessment->features_known && i < FEATURE_COUNT; i++)
        put_f32(writer, assessment->features[i]);
}

static void volume_put(struct byte_writer *writer, const struct session_volume *volume)
{
    put_u8(writer, volume->large);
    for (unsigned i = 0; i < SESSION_MEASURE_COUNT; i++) {
        put_f32(writer, volume->usual[i]);
        put_f32(writer, volume->deviation[i]);
    }
}

size_t login_record_encode(const struct login_record *record, void *bytes, size_t capacity)
{
    uint8_t *start = bytes;
    struct byte_writer writer = {.at = start, .end = start + capacity};
    put_u8(&writer, record->volume.judged ? RECORD_VERSION : VERSION_WITHOUT_VOLUME);
    login_event_put(&writer, &record->event);
    put_u8(&writer, (uint8_t)record->fault);
    put_u8(&writer, (uint8_t)record->answer);
    put_u64(&writer, record->model);
    if (record->volume.judged)
        volume_put(&writer, &record->volume);
    put_u8(&writer, record->assessed);
    if (record->assessed)
        assessment_put(&writer, &record->assessment);
    return writer.failed ? 0 : (size_t)(writer.at - start);
}

static unsigned enum_get(struct byte_reader *reader, unsigned count)
{
    unsigned value = get_u8(reader);
    if (value < count)
        return value;
    reader->failed = true;
    return 0;
}

/* A number or NAN, "no evidence"; never infinite. */
static float feature_get(struct byte_reader *reader)
{
    float value = get_f32(reader);
    if (isinf(value))
        reader->failed = true;
    return isnan(value) ? NAN : value;
}

/* FEATURE_COUNT when no feature of the table has that name. */
static unsigned feature_find(const char *name)
{
    unsigned feature = 0;
    while (feature < FEATURE_COUNT && strcmp(FEATURE_TABLE[feature].name, name) != 0)
        feature++;
    return feature;
}

/* Reasons go by name: what another table calls by a name that this one lacks is dropped. */
static void reasons_get(struct byte_reader *reader, struct assessment *assessment)
{
    unsigned count = enum_get(reader, ASSESSMENT_REASONS + 1);
    for (unsigned i = 0; i < count; i++) {
        char name[FEATURE_NAME_BYTES];
        get_text(reader, name, sizeof name);
        unsigned feature = feature_find(name);
        struct reason reason = {.feature = (uint8_t)feature, .value = feature_get(reader)};
        reason.share = get_f32(reader);
        if (!(reason.share > 0 && reason.share <= 1) ||
            (feature == FEATURE_COUNT && assessment->features_known))
            reader->failed = true;
        if (feature < FEATURE_COUNT)
            assessment->reasons[assessment->reason_count++] = reason;
    }
}

static void features_get(struct byte_reader *reader, struct assessment *assessment)
{
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        assessment->features[i] = assessment->features_known ? feature_get(reader) : NAN;
    if (assessment->features_known)
        return;
    if ((reader->end - reader->at) % (ptrdiff_t)sizeof *assessment->features != 0)
        reader->failed = true;
    reader->at = reader->end;
}

static void assessment_get(struct byte_reader *reader, struct assessment *assessment)
{
    assessment->risk = get_f64(reader);
    if (!(assessment->risk >= 0 && assessment->risk <= 1))
        reader->failed = true;
    assessment->verdict = (enum verdict)enum_get(reader, VERDICT_COUNT);
    assessment->rule = (enum policy_rule)enum_get(reader, RULE_COUNT);
    assessment->learned_logins = get_u32(reader);
    assessment->features_known = get_u32(reader) == feature_table_hash();
    reasons_get(reader, assessment);
    features_get(reader, assessment);
}

static void volume_get(struct byte_reader *reader, struct session_volume *volume)
{
    volume->judged = true;
    volume->large = enum_get(reader, 2) != 0;
    for (unsigned i = 0; i < SESSION_MEASURE_COUNT; i++) {
        volume->usual[i] = feature_get(reader);
        volume->deviation[i] = feature_get(reader);
    }
}

bool login_record_decode(struct login_record *record, const void *bytes, size_t size,
                         struct error *error)
{
    const uint8_t *start = bytes;
    struct byte_reader reader = {.at = start, .end = start + size};
    login_record_init(record);
    uint8_t version = get_u8(&reader);
    if (!reader.failed && version != RECORD_VERSION && version != VERSION_WITHOUT_VOLUME)
        return error_set(error, FAULT_STORE,
                         "a login record is of version %u, this program reads versions %u and %u",
                         version, VERSION_WITHOUT_VOLUME, RECORD_VERSION);
    login_event_get(&reader, &record->event);
    record->fault = (enum fault)enum_get(&reader, FAULT_COUNT);
    record->answer = (enum verdict)enum_get(&reader, VERDICT_COUNT);
    record->model = get_u64(&reader);
    if (version == RECORD_VERSION)
        volume_get(&reader, &record->volume);
    record->assessed = enum_get(&reader, 2) != 0;
    if (record->assessed)
        assessment_get(&reader, &record->assessment);
    if (reader.failed || reader.at != reader.end) {
        login_record_init(record);
        return error_set(error, FAULT_STORE,
                         "a login record is damaged: %zu bytes that are none of this program's",
                         size);
    }
    return true;
}
