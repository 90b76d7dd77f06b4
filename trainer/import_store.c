#include "trainer/import_store.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

#define SECOND_HASH UINT64_C(0x9ddfea08eb382d69)

bool import_target_init(struct import_target *target, struct store *store, const struct geo *geo,
                        struct error *error)
{
    *target = (struct import_target){.store = store, .geo = geo};
    key_table_init(&target->users, sizeof(uint8_t));
    target->recent = calloc(RECENT_LOGINS, sizeof *target->recent);
    return target->recent != NULL || error_set_errno(error, FAULT_STORE, ENOMEM, "cannot import");
}

void import_target_finish(struct import_target *target)
{
    key_table_finish(&target->users);
    free(target->recent);
    target->recent = NULL;
}

/* Logins of equal facts stand close together in a history: a slot is theirs until another comes. */
static uint64_t count_recent(struct import_target *target, uint64_t identity)
{
    struct recent_login *recent = &target->recent[identity % RECENT_LOGINS];

    if (recent->identity != identity)
        *recent = (struct recent_login){.identity = identity};
    return recent->count++;
}

static void name_login(struct import_target *target, struct stored_login *login)
{
    struct login_event *event = &login->record.event;
    struct {
        uint64_t user, host, source;
        int64_t time_us;
        uint32_t port, method, accepted, unused;
    } facts = {.user = hash_text(event->user),
               .host = hash_text(event->host),
               .source = ip_key(&event->source),
               .time_us = event->time_us,
               .port = event->source_port,
               .method = event->method,
               .accepted = login->reached >= STAGE_ACCEPTED};
    uint64_t identity = hash_bytes(&facts, sizeof facts);
    uint64_t mixed = (identity ^ count_recent(target, identity) * SECOND_HASH) * SECOND_HASH;

    event->id = login_id_make(event->time_us, mixed >> 16);
}

/* What the history says stands; what contradicts it goes, what it does not say is looked up. */
static void merge_places(struct place *told, const struct place *found)
{
    bool other_country = told->country[0] != '\0' && found->country[0] != '\0' &&
                         strcmp(told->country, found->country) != 0;

    if (told->asn == 0)
        told->asn = found->asn;
    if (told->anonymous == ANONYMOUS_UNKNOWN)
        told->anonymous = found->anonymous;
    if (other_country)
        return;
    if (told->country[0] == '\0')
        memcpy(told->country, found->country, sizeof told->country);
    if (place_has_coordinates(told))
        return; /* the city found belongs to other coordinates */
    bool other_city = told->city[0] != '\0' && strcmp(told->city, found->city) != 0;
    if (other_city)
        return;
    told->latitude = found->latitude;
    told->longitude = found->longitude;
    memcpy(told->city, found->city, sizeof told->city);
}

bool import_target_add(void *context, const struct stored_login *read, struct error *error)
{
    struct import_target *target = context;
    struct stored_login login = *read;
    struct place found = PLACE_NONE;
    enum import_outcome outcome = IMPORT_STORED;
    bool added = false;

    name_login(target, &login);
    if (target->geo != NULL && !geo_locate(target->geo, &login.record.event.source, &found, error))
        return false;
    merge_places(&login.record.event.place, &found);
    if (key_table_add(&target->users, hash_text(login.record.event.user), &added, error) == NULL ||
        !store_import(target->store, &login, &outcome, error))
        return false;
    target->duplicates += outcome == IMPORT_KNOWN;
    target->crowded += outcome == IMPORT_CROWDED;
    return true;
}
