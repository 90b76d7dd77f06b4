/*
 * Writes the store of a busy machine room, for measuring who reads it: make_months DIR LOGINS. So
 * many logins in 90 days up to now, three of five guesses; people, addresses, verdicts, sessions
 * and labels in the proportions that such rooms have. The same arguments give the same logins.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/store.h"

#define DAYS      90
#define USERS     5000
#define NAMES     60000 /* that guessers try */
#define ATTACKERS 60000
#define HOSTS     40

static uint64_t state = 1;

/* xorshift64* */
static unsigned draw(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

/* Few are drawn often. */
static unsigned draw_uneven(unsigned below)
{
    double share = (double)draw(1000000) / 1e6;

    return (unsigned)(pow(share, 4) * below);
}

static unsigned mix(unsigned value)
{
    return (value + 1) * 2654435761U;
}

static void set_place(struct place *place, unsigned site)
{
    static const char COUNTRIES[][3] = {"DE", "US", "CN", "RU", "BR", "IN", "NL", "FR", "VN", "GB"};
    unsigned city = mix(site % 900);

    memcpy(place->country, COUNTRIES[city % 10], 3);
    snprintf(place->city, sizeof(place->city), "City %u", site % 900);
    place->asn = 1000 + site % 3000;
    place->latitude = (float)(city % 1200) / 10 - 60;
    place->longitude = (float)((city >> 12) % 3500) / 10 - 175;
}

static void set_address(struct ip_address *address, unsigned first, unsigned number)
{
    unsigned mixed = mix(number);

    address->family = 4;
    address->bytes[0] = (uint8_t)(first + (mixed >> 24) % 40);
    address->bytes[1] = (uint8_t)(mixed >> 16);
    address->bytes[2] = (uint8_t)(mixed >> 8);
    address->bytes[3] = (uint8_t)mixed;
}

/* verdict: by risk, as with the default budgets. */
static void assess(struct login_record *record, double risk)
{
    struct assessment *assessment = &record->assessment;

    record->assessed = true;
    assessment->risk = risk;
    assessment->verdict = risk > 0.9   ? VERDICT_DENY
                          : risk > 0.6 ? VERDICT_STEP_UP
                          : risk > 0.3 ? VERDICT_LOG
                                       : VERDICT_ALLOW;
    record->answer = assessment->verdict > VERDICT_LOG ? VERDICT_LOG : assessment->verdict;
    if (assessment->verdict == VERDICT_ALLOW)
        return;
    assessment->reason_count = 2;
    assessment->reasons[0] = (struct reason){FEATURE_DISTANCE_LAST, (float)(risk * 9000), 0.4f};
    assessment->reasons[1] = (struct reason){FEATURE_ASN_SEEN, 0, 0.2f};
}

static void make_guess(struct stored_login *login)
{
    struct login_event *event = &login->record.event;
    unsigned from = draw_uneven(ATTACKERS);

    if (draw(4) == 0)
        snprintf(event->user, sizeof(event->user), "root");
    else
        snprintf(event->user, sizeof(event->user), "name%u", draw_uneven(NAMES));
    set_address(&event->source, 20, from);
    set_place(&event->place, from);
    event->method = METHOD_PASSWORD;
    event->stage = STAGE_ATTEMPT;
    login->reached = STAGE_ATTEMPT;
    /* Few guesses are told from a person's slip. */
    assess(&login->record, draw(20) == 0 ? (double)draw(1000) / 1000 : (double)draw(250) / 1000);
}

static void make_visit(struct stored_login *login, int64_t now_us)
{
    struct login_event *event = &login->record.event;
    unsigned user = draw_uneven(USERS);
    int64_t duration_s = 5 + draw(40000), time_us = event->time_us;

    snprintf(event->user, sizeof(event->user), "user%u", user);
    set_address(&event->source, 80, user * 3 + draw(3));
    set_place(&event->place, user % 60);
    event->method = METHOD_PUBLICKEY;
    snprintf(event->device, sizeof(event->device), "tcp mss=1460 ws=%u ts=1 sack=1", user % 10);
    snprintf(event->key, sizeof(event->key), "SHA256:user%u", user);
    event->rtt_us = 10000 + (int32_t)draw(50000);
    event->learn = true;
    login->accepted_us = time_us + 100000;
    login->opened_us = time_us + 200000;
    login->reached = STAGE_OPENED;
    if (time_us + duration_s * US_PER_S < now_us) {
        login->closed_us = time_us + duration_s * US_PER_S;
        event->duration_s = duration_s;
        event->bytes_in = draw(100000);
        event->bytes_out = (int64_t)draw(1000000) * (1 + draw(50) / 49 * 1000);
        login->reached = STAGE_CLOSED;
    }
    event->stage = login->reached;
    assess(&login->record, draw(50) == 0 ? (double)draw(1000) / 1000 : (double)draw(100) / 1000);
    if (login->record.assessment.verdict >= VERDICT_LOG && draw(10) == 0)
        login->label = draw(3) == 0 ? 1 : 0;
}

static void make_login(struct stored_login *login, int64_t time_us, int64_t now_us)
{
    struct login_event *event = &login->record.event;

    memset(login, 0, sizeof *login);
    login_record_init(&login->record);
    event->time_us = time_us;
    event->id = login_id_make(time_us, (uint64_t)draw(1u << 30) << 20);
    snprintf(event->host, sizeof event->host, "host%u", draw(HOSTS));
    snprintf(event->service, sizeof event->service, "sshd");
    event->source_port = (uint16_t)(1024 + draw(60000));
    login->label = -1;
    if (draw(5) < 3)
        make_guess(login);
    else
        make_visit(login, now_us);
}

static bool fill(struct store *store, int64_t logins, struct error *error)
{
    int64_t now_us = clock_utc_us(), span_us = DAYS * S_PER_DAY * US_PER_S;

    for (int64_t number = 0; number < logins; number++) {
        int64_t time_us =
            now_us - span_us + (int64_t)((double)span_us / (double)logins * (double)number);
        struct stored_login login;
        enum import_outcome outcome;

        make_login(&login, time_us, now_us);
        if (!store_import(store, &login, &outcome, error))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct error error = ERROR_NONE;
    int64_t wal_bytes, logins = argc == 3 ? strtoll(argv[2], NULL, 10) : 0;
    int64_t start_us = clock_monotonic_us();
    struct store *store;

    if (logins < 1) {
        fprintf(stderr, "usage: make_months DIR LOGINS\n");
        return 2;
    }
    if (!store_open(&store, argv[1], STORE_WRITE, &error) || !store_import_begin(store, &error) ||
        !fill(store, logins, &error) || !store_import_commit(store, &error) ||
        !store_checkpoint(store, true, &wal_bytes, &error)) {
        fprintf(stderr, "make_months: %s\n", error.text);
        return 1;
    }
    store_close(store);
    printf("%s logins in %.1f s\n", argv[2], (double)(clock_monotonic_us() - start_us) / 1e6);
    return 0;
}
