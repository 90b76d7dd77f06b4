#include "trainer/import_store.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/hash.h"
#include "trainer/key_factor.h"

#define SECOND_HASH UINT64_C(0x9ddfea08eb382d69)

/*
 * Names of hosts are the same whatever their case, and where one has no domain, when the other's
 * first label is that one: a log may say "gate" of what the module calls "gate.example.org".
 */
enum host_key { HOST_NAME, HOST_LABEL_OF_A_LONGER_NAME };

static uint64_t host_key(enum host_key kind, const char *host, size_t length)
{
    char text[1 + LOGIN_HOST_BYTES] = {(char)kind};

    for (size_t i = 0; i < length; i++)
        text[1 + i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] - 'A' + 'a' : host[i]);
    return hash_bytes(text, 1 + length);
}

struct live_search {
    struct import_target *target;
    struct error *error;
    bool failed;
};

/* Logins come in the order of time: the first of a host stays. */
static bool keep_first(struct live_search *search, uint64_t host, int64_t time_us)
{
    bool added = false;
    int64_t *since_us = key_table_add(&search->target->live_since, host, &added, search->error);

    search->failed = since_us == NULL;
    if (added)
        *since_us = time_us;
    return !search->failed;
}

static bool see_live(void *context, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    const char *host = event->host;
    size_t label = strcspn(host, "."), length = strlen(host);

    if (login->imported || strcmp(event->service, "sshd") != 0)
        return true;
    return keep_first(context, host_key(HOST_NAME, host, length), event->time_us) &&
           (label == length ||
            keep_first(context, host_key(HOST_LABEL_OF_A_LONGER_NAME, host, label),
                       event->time_us));
}

static bool find_live(struct import_target *target, struct error *error)
{
    struct live_search search = {.target = target, .error = error};
    struct login_filter all = {.user = NULL};

    return store_logins(target->store, &all, see_live, &search, error) && !search.failed;
}

bool import_target_init(struct import_target *target, struct store *store, const struct geo *geo,
                        bool tells_live, struct error *error)
{
    *target = (struct import_target){.store = store, .geo = geo};
    key_table_init(&target->users, sizeof(uint8_t));
    key_table_init(&target->recent[0], sizeof(uint32_t));
    key_table_init(&target->recent[1], sizeof(uint32_t));
    key_table_init(&target->live_since, sizeof(int64_t));
    return key_factor_draw(&target->factor, error) && (!tells_live || find_live(target, error));
}

void import_target_finish(struct import_target *target)
{
    key_table_finish(&target->users);
    key_table_finish(&target->recent[0]);
    key_table_finish(&target->recent[1]);
    key_table_finish(&target->live_since);
}

/* A log may say whole seconds only. */
static bool is_live(const struct import_target *target, uint64_t host, int64_t time_us)
{
    const int64_t *since_us = key_table_find(&target->live_since, host);

    return since_us != NULL && time_us / US_PER_S >= *since_us / US_PER_S;
}

static bool is_recorded(const struct import_target *target, const struct login_event *event)
{
    const char *host = event->host;
    size_t label = strcspn(host, "."), length = strlen(host);
    enum host_key other = label < length ? HOST_NAME : HOST_LABEL_OF_A_LONGER_NAME;

    return is_live(target, host_key(HOST_NAME, host, length), event->time_us) ||
           is_live(target, host_key(other, host, label), event->time_us);
}

/*
 * How many of these facts came before. Logins of equal facts stand close together in a history:
 * they are forgotten when RECENT_LOGINS to twice as many others have come since.
 */
static bool count_recent(struct import_target *target, uint64_t identity, uint32_t *before,
                         struct error *error)
{
    struct key_table *recent = target->recent;
    bool added = false;

    if (recent[0].count == RECENT_LOGINS) {
        key_table_finish(&recent[1]);
        recent[1] = recent[0];
        key_table_init(&recent[0], recent[1].value_bytes);
    }
    uint32_t *count = key_table_add(&recent[0], identity * target->factor, &added, error);
    if (count == NULL)
        return false;
    const uint32_t *older = added ? key_table_find(&recent[1], identity * target->factor) : NULL;
    *before = older != NULL ? *older : *count;
    *count = *before + 1;
    return true;
}

static bool name_login(struct import_target *target, struct stored_login *login,
                       struct error *error)
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
    uint32_t before = 0;

    if (!count_recent(target, identity, &before, error))
        return false;
    uint64_t mixed = (identity ^ before * SECOND_HASH) * SECOND_HASH;
    event->id = login_id_make(event->time_us, mixed >> 16);
    return true;
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

bool import_locate(const struct geo *geo, struct login_event *event, struct error *error)
{
    struct place found = PLACE_NONE;

    if (geo == NULL)
        return true;
    if (!geo_locate(geo, &event->source, &found, error))
        return false;
    merge_places(&event->place, &found);
    return true;
}

bool import_target_add(void *context, const struct stored_login *read, struct error *error)
{
    struct import_target *target = context;
    struct stored_login login = *read;
    enum import_outcome outcome = IMPORT_STORED;
    bool added = false;

    if (is_recorded(target, &login.record.event)) {
        target->recorded++;
        return true;
    }
    if (!name_login(target, &login, error) ||
        !import_locate(target->geo, &login.record.event, error) ||
        key_table_add(&target->users, hash_text(login.record.event.user) * target->factor, &added,
                      error) == NULL ||
        !store_import(target->store, &login, &outcome, error))
        return false;
    target->duplicates += outcome == IMPORT_KNOWN;
    target->crowded += outcome == IMPORT_CROWDED;
    return true;
}
