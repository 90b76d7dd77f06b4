#include "scorer/login_record.h"
#include "tests/unit/scorer/sample.h"

static void fill_text(char *text, size_t capacity, uint64_t *state)
{
    size_t length = sample_random(state) % capacity;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(1 + sample_random(state) % 255);
}

static float feature_value(uint64_t *state)
{
    return sample_random(state) % 3 == 0 ? NAN : (float)(sample_random(state) % 10000) / 7;
}

static void fill_assessment(struct assessment *assessment, uint64_t *state)
{
    assessment->risk = (double)(sample_random(state) % 1001) / 1000;
    assessment->verdict = sample_random(state) % VERDICT_COUNT;
    assessment->rule = sample_random(state) % RULE_COUNT;
    assessment->learned_logins = (uint32_t)sample_random(state);
    assessment->reason_count = (uint8_t)(sample_random(state) % (ASSESSMENT_REASONS + 1));
    for (unsigned i = 0; i < assessment->reason_count; i++)
        assessment->reasons[i] = (struct reason){
            .feature = (uint8_t)(sample_random(state) % FEATURE_COUNT),
            .value = feature_value(state),
            .share = (float)(1 + sample_random(state) % 1000) / 1000,
        };
    assessment->features_known = true;
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        assessment->features[i] = feature_value(state);
}

static void fill_volume(struct session_volume *volume, uint64_t *state)
{
    volume->large = sample_random(state) % 2 != 0;
    for (unsigned i = 0; i < SESSION_MEASURE_COUNT; i++) {
        volume->usual[i] = feature_value(state);
        volume->deviation[i] = feature_value(state);
    }
}

static struct login_record random_record(uint64_t *state)
{
    struct login_record record;
    login_record_init(&record);
    struct login_event *event = &record.event;
    event->id = login_id_make((int64_t)(sample_random(state) >> 16), sample_random(state));
    event->stage = sample_random(state) % STAGE_COUNT;
    event->time_us = (int64_t)(sample_random(state) % (uint64_t)LOGIN_TIME_MAX_US);
    event->utc_offset_s = (int32_t)(sample_random(state) % 50400) - 25200;
    event->method = sample_random(state) % METHOD_COUNT;
    fill_text(event->user, sizeof event->user, state);
    event->user[0] = 'u';
    fill_text(event->host, sizeof event->host, state);
    fill_text(event->service, sizeof event->service, state);
    event->source.family = (uint8_t[]){0, 4, 6}[sample_random(state) % 3];
    for (unsigned i = 0; i < (event->source.family == 6 ? 16U : event->source.family); i++)
        event->source.bytes[i] = (uint8_t)sample_random(state);
    event->source_port = (uint16_t)sample_random(state);
    event->connection = sample_random(state);
    if (sample_random(state) % 2 == 0) {
        event->place.latitude = (float)(sample_random(state) % 181) - 90;
        event->place.longitude = (float)(sample_random(state) % 361) - 180;
        strcpy(event->place.country, "FR");
        event->place.asn = (uint32_t)sample_random(state);
        fill_text(event->place.city, sizeof event->place.city, state);
    }
    fill_text(event->device, sizeof event->device, state);
    fill_text(event->key, sizeof event->key, state);
    event->rtt_us = (int32_t)(sample_random(state) % INT32_MAX) - 1;
    event->bytes_in = (int64_t)(sample_random(state) >> 1) - 1;
    event->learn = sample_random(state) % 2 != 0;
    event->new_values = (uint8_t)(sample_random(state) % 32);
    record.assessed = sample_random(state) % 2 != 0;
    record.fault = sample_random(state) % FAULT_COUNT;
    record.answer = sample_random(state) % VERDICT_COUNT;
    record.model = sample_random(state);
    if (record.assessed)
        fill_assessment(&record.assessment, state);
    record.volume.judged = sample_random(state) % 2 != 0;
    if (record.volume.judged)
        fill_volume(&record.volume, state);
    return record;
}

static void test_random_records_read_back_whole(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (unsigned round = 0; round < 500; round++) {
        struct login_record record = random_record(&seed), back;
        uint8_t bytes[LOGIN_RECORD_MAX_BYTES], again[LOGIN_RECORD_MAX_BYTES];
        struct error error = ERROR_NONE;
        size_t size = login_record_encode(&record, bytes, sizeof bytes);
        assert_true(size > 0);
        if (!login_record_decode(&back, bytes, size, &error))
            fail_msg("%s", error.text);
        assert_int_equal(login_record_encode(&back, again, sizeof again), size);
        assert_memory_equal(again, bytes, size);
        assert_string_equal(back.event.user, record.event.user);
        assert_memory_equal(&back.event.place, &record.event.place, sizeof back.event.place);
        assert_true(back.event.time_us == record.event.time_us);
        assert_true(back.model == record.model && back.assessed == record.assessed);
        assert_memory_equal(back.assessment.features, record.assessment.features,
                            sizeof back.assessment.features);
        assert_memory_equal(&back.volume, &record.volume, sizeof back.volume);
        assert_int_equal(bytes[0], record.volume.judged ? 3 : 2);
    }
}

/* Version 2 had no volume, and was otherwise the same. */
static void test_a_record_of_version_2_is_read(void **state)
{
    (void)state;
    uint64_t seed = 23;
    struct login_record record = random_record(&seed), back;
    uint8_t with[LOGIN_RECORD_MAX_BYTES], without[LOGIN_RECORD_MAX_BYTES];
    record.volume.judged = true;
    fill_volume(&record.volume, &seed);
    size_t size = login_record_encode(&record, with, sizeof with);
    record.volume = (struct session_volume){.judged = false};
    size_t older = login_record_encode(&record, without, sizeof without);
    assert_int_equal(without[0], 2);
    assert_int_equal(size, older + 1 + 8 * SESSION_MEASURE_COUNT);
    assert_true(login_record_decode(&back, without, older, NULL));
    assert_false(back.volume.judged || back.volume.large);
    assert_string_equal(back.event.user, record.event.user);
    without[0] = 4;
    struct error error = ERROR_NONE;
    assert_false(login_record_decode(&back, without, older, &error));
    assert_non_null(strstr(error.text, "version 4"));
}

static void test_the_longest_record_fits(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct login_record record = random_record(&seed), back;
    struct login_event *event = &record.event;
    memset(event->user, 'u', sizeof event->user - 1);
    memset(event->host, 'h', sizeof event->host - 1);
    memset(event->service, 's', sizeof event->service - 1);
    memset(event->device, 'd', sizeof event->device - 1);
    memset(event->key, 'k', sizeof event->key - 1);
    memset(event->place.city, 'c', sizeof event->place.city - 1);
    strcpy(event->place.country, "DE");
    record.assessed = record.volume.judged = true;
    fill_volume(&record.volume, &seed);
    fill_assessment(&record.assessment, &seed);
    record.assessment.reason_count = ASSESSMENT_REASONS;
    for (unsigned i = 0; i < ASSESSMENT_REASONS; i++)
        record.assessment.reasons[i].share = 0.5f;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    size_t size = login_record_encode(&record, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_true(login_record_decode(&back, bytes, size, NULL));
    assert_int_equal(strlen(back.event.user), sizeof back.event.user - 1);
    assert_int_equal(login_record_encode(&record, bytes, size - 1), 0);
    assert_int_equal(login_record_encode(&record, bytes, 0), 0);
}

static void test_a_truncated_record_is_refused_at_every_length(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (unsigned round = 0; round < 4; round++) {
        struct login_record record = random_record(&seed), back;
        uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
        size_t size = login_record_encode(&record, bytes, sizeof bytes);
        for (size_t length = 0; length < size; length++) {
            uint8_t *copy = malloc(length > 0 ? length : 1);
            struct error error = ERROR_NONE;
            memcpy(copy, bytes, length);
            assert_false(login_record_decode(&back, copy, length, &error));
            assert_int_equal(error.fault, FAULT_STORE);
            free(copy);
        }
        bytes[size] = 0;
        assert_false(login_record_decode(&back, bytes, size + 1, NULL));
    }
}

static void test_a_mutated_record_is_refused_or_valid(void **state)
{
    (void)state;
    uint64_t seed = 17;
    for (unsigned round = 0; round < 5000; round++) {
        struct login_record record = random_record(&seed), back;
        uint8_t bytes[LOGIN_RECORD_MAX_BYTES], again[LOGIN_RECORD_MAX_BYTES];
        size_t size = login_record_encode(&record, bytes, sizeof bytes);
        for (unsigned i = 0; i <= round % 4; i++)
            bytes[sample_random(&seed) % size] = (uint8_t)sample_random(&seed);
        if (!login_record_decode(&back, bytes, size, NULL))
            continue;
        assert_true((unsigned)back.event.stage < STAGE_COUNT);
        assert_true(back.event.user[0] != '\0');
        assert_true(back.assessment.reason_count <= ASSESSMENT_REASONS);
        assert_true(back.assessment.risk >= 0 && back.assessment.risk <= 1);
        assert_true(login_record_encode(&back, again, sizeof again) > 0);
    }
}

static void test_records_of_other_versions_are_told_apart(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct login_record record = random_record(&seed), back;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    struct error error = ERROR_NONE;
    size_t size = login_record_encode(&record, bytes, sizeof bytes);
    bytes[0] = 200;
    assert_false(login_record_decode(&back, bytes, size, &error));
    assert_contains(error.text, "version 200");
}

/* As another version would have written it: its table has one feature more, under another hash. */
static size_t with_another_table(uint8_t *bytes, size_t size, size_t hash_at)
{
    bytes[hash_at] ^= 0x5a;
    memset(bytes + size, 0x41, sizeof(float));
    return size + sizeof(float);
}

/* Where the encoded record has the hash of this program's feature table. */
static size_t find_table_hash(const uint8_t *bytes, size_t size)
{
    uint8_t hash[4];
    struct byte_writer writer = {.at = hash, .end = hash + sizeof hash};
    put_u32(&writer, feature_table_hash());
    for (size_t at = 0; at + sizeof hash <= size; at++) {
        if (memcmp(bytes + at, hash, sizeof hash) == 0)
            return at;
    }
    fail_msg("the record does not name its feature table");
    return 0;
}

static struct login_record record_with_reasons(void)
{
    uint64_t seed = 23;
    struct login_record record = random_record(&seed);
    record.assessed = true;
    fill_assessment(&record.assessment, &seed);
    record.assessment.reason_count = 2;
    record.assessment.reasons[0] =
        (struct reason){.feature = FEATURE_COUNTRY_SEEN, .value = 0.5f, .share = 0.3f};
    record.assessment.reasons[1] =
        (struct reason){.feature = FEATURE_GAP, .value = NAN, .share = 0.2f};
    return record;
}

static void test_a_record_of_another_feature_table_stays_readable(void **state)
{
    (void)state;
    struct login_record record = record_with_reasons(), back, again;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    struct error error = ERROR_NONE;
    size_t size = login_record_encode(&record, bytes, sizeof bytes);
    size = with_another_table(bytes, size, find_table_hash(bytes, size));
    if (!login_record_decode(&back, bytes, size, &error))
        fail_msg("%s", error.text);
    assert_true(back.assessed && !back.assessment.features_known);
    assert_true(back.assessment.risk == record.assessment.risk);
    assert_int_equal(back.assessment.verdict, record.assessment.verdict);
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        assert_true(isnan(back.assessment.features[i]));
    assert_int_equal(back.assessment.reason_count, 2);
    assert_int_equal(back.assessment.reasons[1].feature, FEATURE_GAP);
    /* Written again, as the store does when a later stage arrives, it still does not know them. */
    size = login_record_encode(&back, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_true(login_record_decode(&again, bytes, size, NULL));
    assert_false(again.assessment.features_known);
    assert_int_equal(again.assessment.reason_count, 2);
    assert_false(login_record_decode(&again, bytes, size - 1, NULL));
}

static void test_a_reason_of_another_table_is_dropped_and_of_this_one_refused(void **state)
{
    (void)state;
    struct login_record record = record_with_reasons(), back;
    const char *name = FEATURE_TABLE[FEATURE_COUNTRY_SEEN].name;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    size_t size = login_record_encode(&record, bytes, sizeof bytes);
    uint8_t *at = memmem(bytes, size, name, strlen(name));
    assert_non_null(at);
    at[0] = 'X';
    assert_false(login_record_decode(&back, bytes, size, NULL));
    size = with_another_table(bytes, size, find_table_hash(bytes, size));
    assert_true(login_record_decode(&back, bytes, size, NULL));
    assert_int_equal(back.assessment.reason_count, 1);
    assert_int_equal(back.assessment.reasons[0].feature, FEATURE_GAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_records_read_back_whole),
        cmocka_unit_test(test_a_record_of_version_2_is_read),
        cmocka_unit_test(test_the_longest_record_fits),
        cmocka_unit_test(test_a_truncated_record_is_refused_at_every_length),
        cmocka_unit_test(test_a_mutated_record_is_refused_or_valid),
        cmocka_unit_test(test_records_of_other_versions_are_told_apart),
        cmocka_unit_test(test_a_record_of_another_feature_table_stays_readable),
        cmocka_unit_test(test_a_reason_of_another_table_is_dropped_and_of_this_one_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
