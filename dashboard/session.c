#include "dashboard/session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    uint8_t hash[SECRET_HASH_BYTES];
    struct session session; /* who "": free */
    int64_t used_us;
};

struct sessions {
    pthread_mutex_t lock;
    struct slot slots[SESSION_MAX];
};

struct sessions *sessions_create(void)
{
    struct sessions *sessions = calloc(1, sizeof(*sessions));

    if (sessions != NULL)
        pthread_mutex_init(&sessions->lock, NULL);
    return sessions;
}

void sessions_destroy(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    pthread_mutex_destroy(&sessions->lock);
    explicit_bzero(sessions, sizeof(*sessions));
    free(sessions);
}

static bool is_live(const struct slot *slot, int64_t now_us)
{
    return slot->session.who[0] != '\0' && now_us < slot->session.expires_us &&
           now_us - slot->used_us < SESSION_IDLE_US;
}

/* A free slot, or the one of the same name that was longest unused when that has enough. */
static struct slot *find_room(struct sessions *sessions, const char *who, int64_t now_us)
{
    struct slot *room = NULL, *oldest = NULL;
    int same = 0;

    for (size_t i = 0; i < SESSION_MAX; i++) {
        struct slot *slot = &sessions->slots[i];

        if (!is_live(slot, now_us)) {
            room = slot;
        } else if (strcmp(slot->session.who, who) == 0) {
            same++;
            if (oldest == NULL || slot->used_us < oldest->used_us)
                oldest = slot;
        }
    }
    return same >= SESSION_MAX_OF_ONE ? oldest : room;
}

bool session_begin(struct sessions *sessions, const char *who, enum role role, bool person,
                   int64_t now_us, char identity[SECRET_TEXT_BYTES], struct session *session,
                   struct error *error)
{
    struct slot *slot;

    *session = (struct session){
        .role = role, .person = person, .expires_us = now_us + SESSION_ABSOLUTE_US};
    if (strlen(who) >= sizeof(session->who))
        return error_set(error, FAULT_NONE, "the name is too long");
    strcpy(session->who, who);
    if (!secret_make(identity, error) || !secret_make(session->csrf, error))
        return false;
    pthread_mutex_lock(&sessions->lock);
    slot = find_room(sessions, who, now_us);
    if (slot != NULL) {
        secret_hash(identity, slot->hash);
        slot->session = *session;
        slot->used_us = now_us;
    }
    pthread_mutex_unlock(&sessions->lock);
    return slot != NULL || error_set(error, FAULT_NONE,
                                     "%d people are signed in, the most there can be", SESSION_MAX);
}

/* With the lock held. The hash of a secret may be compared in any time. */
static struct slot *find(struct sessions *sessions, const char *identity)
{
    uint8_t hash[SECRET_HASH_BYTES];

    secret_hash(identity, hash);
    for (size_t i = 0; i < SESSION_MAX; i++) {
        struct slot *slot = &sessions->slots[i];

        if (slot->session.who[0] != '\0' && slot->hash[0] == hash[0] &&
            secret_equal(slot->hash, hash, sizeof(hash)))
            return slot;
    }
    return NULL;
}

bool session_find(struct sessions *sessions, const char *identity, int64_t now_us,
                  struct session *session)
{
    struct slot *slot;
    bool live;

    pthread_mutex_lock(&sessions->lock);
    slot = find(sessions, identity);
    live = slot != NULL && is_live(slot, now_us);
    if (live) {
        slot->used_us = now_us;
        *session = slot->session;
    } else if (slot != NULL) {
        explicit_bzero(slot, sizeof(*slot));
    }
    pthread_mutex_unlock(&sessions->lock);
    return live;
}

bool session_holds(struct sessions *sessions, const char *identity, int64_t now_us)
{
    pthread_mutex_lock(&sessions->lock);
    const struct slot *slot = find(sessions, identity);
    bool holds = slot != NULL && is_live(slot, now_us);
    pthread_mutex_unlock(&sessions->lock);
    return holds;
}

void session_end(struct sessions *sessions, const char *identity)
{
    struct slot *slot;

    pthread_mutex_lock(&sessions->lock);
    slot = find(sessions, identity);
    if (slot != NULL)
        explicit_bzero(slot, sizeof(*slot));
    pthread_mutex_unlock(&sessions->lock);
}

/* Groups may have to be asked for over a network: not with the lock held. */
void sessions_review(struct sessions *sessions,
                     enum role (*role_of)(void *context, const char *who), void *context)
{
    for (size_t i = 0; i < SESSION_MAX; i++) {
        struct slot *slot = &sessions->slots[i];
        struct slot before;

        pthread_mutex_lock(&sessions->lock);
        before = *slot;
        pthread_mutex_unlock(&sessions->lock);
        if (before.session.who[0] == '\0' || !before.session.person)
            continue;
        enum role role = role_of(context, before.session.who);
        pthread_mutex_lock(&sessions->lock);
        if (secret_equal(slot->hash, before.hash, sizeof(before.hash))) {
            slot->session.role = role;
            if (role == ROLE_NONE)
                explicit_bzero(slot, sizeof(*slot));
        }
        pthread_mutex_unlock(&sessions->lock);
        explicit_bzero(&before, sizeof(before));
    }
}
