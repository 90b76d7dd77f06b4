#include "dashboard/throttle.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dashboard/secret.h"

/* Sets of a few entries each: who is remembered makes room for who tried more lately. */
#define SETS    1024
#define ENTRIES 8

enum kind { BY_ADDRESS, BY_NAME, BY_BOTH, KINDS };

/* Tries that may be made at once, and the time after which one more may. */
static const struct {
    double most;
    double refill_us;
} ALLOWED[KINDS] = {
    [BY_ADDRESS] = {20, 15e6},
    [BY_NAME] = {50, 10e6},
    [BY_BOTH] = {5, 60e6},
};

/* What is missing from the full measure; an entry where nothing is missing is free. */
struct entry {
    uint64_t key;
    double missing;
    int64_t at_us;
};

struct throttle {
    pthread_mutex_t lock;
    char seed[SECRET_TEXT_BYTES]; /* so that nobody can choose which entries he shares */
    struct entry sets[SETS][ENTRIES];
};

struct throttle *throttle_create(struct error *error)
{
    struct throttle *throttle = calloc(1, sizeof(*throttle));

    if (throttle == NULL) {
        error_set(error, FAULT_NONE, "no memory");
        return NULL;
    }
    if (!secret_make(throttle->seed, error)) {
        free(throttle);
        return NULL;
    }
    pthread_mutex_init(&throttle->lock, NULL);
    return throttle;
}

void throttle_destroy(struct throttle *throttle)
{
    if (throttle == NULL)
        return;
    pthread_mutex_destroy(&throttle->lock);
    free(throttle);
}

static double missing_now(const struct entry *entry, enum kind kind, int64_t now_us)
{
    double missing = entry->missing - (double)(now_us - entry->at_us) / ALLOWED[kind].refill_us;

    return missing > 0 ? missing : 0;
}

static uint64_t key_of(const struct throttle *throttle, enum kind kind, const char *address,
                       const char *name)
{
    char text[1024];
    uint8_t hash[SECRET_HASH_BYTES];
    uint64_t key;

    snprintf(text, sizeof(text), "%s\n%d\n%s\n%s", throttle->seed, (int)kind,
             kind == BY_NAME ? "" : address, kind == BY_ADDRESS ? "" : name);
    secret_hash(text, hash);
    memcpy(&key, hash, sizeof(key));
    return key;
}

/* The entry of a key; *room: what it would take the place of, a free one or else the one that was
 * used longest ago. NULL: it has none. */
static struct entry *find(struct throttle *throttle, uint64_t key, struct entry **room)
{
    struct entry *set = throttle->sets[key % SETS];

    *room = &set[0];
    for (size_t i = 0; i < ENTRIES; i++) {
        if (set[i].key == key)
            return &set[i];
        if ((*room)->missing > 0 && (set[i].missing <= 0 || set[i].at_us < (*room)->at_us))
            *room = &set[i];
    }
    return NULL;
}

static double missing_of(struct throttle *throttle, enum kind kind, uint64_t key, int64_t now_us)
{
    struct entry *room, *entry = find(throttle, key, &room);

    return entry != NULL ? missing_now(entry, kind, now_us) : 0;
}

static void add(struct throttle *throttle, enum kind kind, uint64_t key, double tries,
                int64_t now_us)
{
    struct entry *room, *entry = find(throttle, key, &room);
    double missing = entry != NULL ? missing_now(entry, kind, now_us) : 0;

    if (entry == NULL)
        entry = room;
    missing += tries;
    *entry = (struct entry){.key = key, .missing = missing > 0 ? missing : 0, .at_us = now_us};
}

static int64_t wait_s(enum kind kind, double missing)
{
    double lacks = missing + 1 - ALLOWED[kind].most;

    return lacks > 0 ? (int64_t)(lacks * ALLOWED[kind].refill_us / 1e6) + 1 : 0;
}

int64_t throttle_take(struct throttle *throttle, const char *address, const char *name,
                      int64_t now_us)
{
    uint64_t keys[KINDS];
    double missing[KINDS];
    int64_t wait = 0;

    for (enum kind kind = 0; kind < KINDS; kind++)
        keys[kind] = key_of(throttle, kind, address, name);
    pthread_mutex_lock(&throttle->lock);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        missing[kind] = missing_of(throttle, kind, keys[kind], now_us);
        /* Behind a proxy that does not say who asks, all have the address "". */
        bool stops = kind == BY_BOTH || (kind == BY_ADDRESS && address[0] != '\0');
        int64_t its = wait_s(kind, missing[kind]);
        if (stops && its > wait)
            wait = its;
    }
    /* A name under attack: once at a time from each address. */
    if (wait == 0 && wait_s(BY_NAME, missing[BY_NAME]) > 0 && missing[BY_BOTH] > 0)
        wait = (int64_t)(missing[BY_BOTH] * ALLOWED[BY_BOTH].refill_us / 1e6) + 1;
    for (enum kind kind = 0; wait == 0 && kind < KINDS; kind++)
        add(throttle, kind, keys[kind], 1, now_us);
    pthread_mutex_unlock(&throttle->lock);
    return wait;
}

void throttle_give_back(struct throttle *throttle, const char *address, const char *name,
                        int64_t now_us)
{
    pthread_mutex_lock(&throttle->lock);
    for (enum kind kind = 0; kind < KINDS; kind++)
        add(throttle, kind, key_of(throttle, kind, address, name), -1, now_us);
    pthread_mutex_unlock(&throttle->lock);
}
