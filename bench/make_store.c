/*
 * make_store DIR USERS LOGINS
 * A store of user0 … userN-1 with that many completed logins over the last 120 days: each user has
 * a home network, an office and one device, and logs in while ten thousand others do, who take
 * turns. Run as the directory's owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "store/store.h"

#define DAYS               120
#define BATCH              20000
#define COHORT             10000
#define CHECKPOINT_BATCHES 5

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t words[2] = {a, b};

    return hash_bytes(words, sizeof words);
}

static void make_login(struct stored_login *login, unsigned user, unsigned number, int64_t time_us)
{
    struct login_event *event = &login->record.event;
    uint64_t chance = mix(user, number);

    memset(login, 0, sizeof *login);
    login_record_init(&login->record);
    event->time_us = time_us;
    event->id = login_id_make(time_us, chance >> 16);
    event->method = METHOD_PUBLICKEY;
    snprintf(event->user, sizeof event->user, "user%u", user);
    snprintf(event->host, sizeof event->host, "bench");
    snprintf(event->service, sizeof event->service, "sshd");
    event->source.family = 4;
    event->source.bytes[0] = 84;
    event->source.bytes[1] = (uint8_t)(140 + (chance & 1));
    event->source.bytes[2] = (uint8_t)(user >> 8);
    event->source.bytes[3] = (uint8_t)user;
    event->source_port = (uint16_t)(1024 + (chance & 0x7fff));
    event->place = (struct place){.latitude = 52.5F,
                                  .longitude = 13.4F,
                                  .asn = 3320 + (uint32_t)(chance & 1),
                                  .country = "DE"};
    snprintf(event->device, sizeof event->device, "tcp mss=1460 ws=%u ts=1 sack=1", user % 10);
    snprintf(event->key, sizeof event->key, "SHA256:user%u", user);
    event->rtt_us = 10000 + (int32_t)(chance & 0xfff);
    event->bytes_in = event->bytes_out = event->duration_s = -1;
    event->stage = STAGE_OPENED;
    event->learn = true;
    login->accepted_us = time_us + 100000;
    login->opened_us = time_us + 200000;
    login->reached = STAGE_OPENED;
    login->imported = true;
    login->label = -1;
}

static unsigned user_of(unsigned number, unsigned users, unsigned logins)
{
    unsigned size = users < COHORT ? users : COHORT;
    unsigned each = logins / users > 0 ? logins / users : 1;

    return (number / (size * each) * size + number % size) % users;
}

/* Commits; the log is moved into the database now and then, or it would outgrow the disk. */
static bool end_batch(struct store *store, unsigned batch, struct error *error)
{
    int64_t wal_bytes;

    return store_commit(store, error) &&
           (batch % CHECKPOINT_BATCHES != 0 || store_checkpoint(store, true, &wal_bytes, error));
}

static bool fill(struct store *store, unsigned users, unsigned logins, struct error *error)
{
    int64_t start_us = clock_utc_us() - DAYS * S_PER_DAY * US_PER_S;
    int64_t step_us = DAYS * S_PER_DAY * US_PER_S / ((int64_t)logins + 1);

    for (unsigned number = 0; number < logins; number++) {
        struct stored_login login;
        enum import_outcome outcome;

        if (number % BATCH == 0 && number > 0 && !end_batch(store, number / BATCH, error))
            return false;
        if (number % BATCH == 0 && !store_begin(store, error))
            return false;
        make_login(&login, user_of(number, users, logins), number, start_us + step_us * number);
        if (!store_import(store, &login, &outcome, error))
            return false;
    }
    return store_commit(store, error);
}

int main(int argc, char **argv)
{
    struct error error = ERROR_NONE;
    struct store *store;
    int64_t wal_bytes;
    int64_t start_us = clock_monotonic_us();

    if (argc != 4 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1) {
        fprintf(stderr, "usage: make_store DIR USERS LOGINS\n");
        return 2;
    }
    if (!store_open(&store, argv[1], STORE_WRITE, &error) ||
        !fill(store, (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), &error) ||
        !store_rebuild(store, &error) || !store_checkpoint(store, true, &wal_bytes, &error)) {
        fprintf(stderr, "make_store: %s\n", error.text);
        return 1;
    }
    store_close(store);
    printf("%s users, %s logins in %.1f s\n", argv[2], argv[3],
           (double)(clock_monotonic_us() - start_us) / 1e6);
    return 0;
}
