/*
 * The processes of sshd that are not done: each is found by itself, by the child that its session's
 * messages come from, and by its connection. Their number is bounded: the one that began first goes
 * when there are too many.
 */
#ifndef TRAINER_OPEN_LOGINS_H
#define TRAINER_OPEN_LOGINS_H

#include "store/store.h"

#define OPEN_LOGINS_MOST 16384

enum open_key { OPEN_PROCESS, OPEN_CHILD, OPEN_CONNECTION, OPEN_KEY_COUNT };

enum open_state {
    OPEN_NOTHING, /* only what preceded an attempt is known */
    OPEN_FAILURE, /* PAM refused; sshd's own word on it may follow */
    OPEN_LOGIN,   /* accepted */
};

struct open_login {
    uint64_t keys[OPEN_KEY_COUNT]; /* 0: none */
    struct open_login *next[OPEN_KEY_COUNT];
    struct open_login *older, *newer;
    enum open_state state;
    char partial_key[LOGIN_KEY_BYTES]; /* of a public key that was the first of two factors */
    bool partial;
    struct stored_login login; /* unless OPEN_NOTHING */
};

#define OPEN_BUCKET_BITS 14
#define OPEN_BUCKETS     (1 << OPEN_BUCKET_BITS)

struct open_logins {
    struct open_login *buckets[OPEN_KEY_COUNT][OPEN_BUCKETS];
    struct open_login *oldest, *newest;
    size_t count;
    uint64_t factor; /* of the hash: a run's own, odd */
};

bool open_logins_init(struct open_logins *logins, struct error *error) MUST_USE;

/* NULL: there is none. */
struct open_login *open_logins_find(const struct open_logins *logins, enum open_key kind,
                                    uint64_t key);

/* A new one, known by its process, with all else zero; NULL: out of memory. */
struct open_login *open_logins_add(struct open_logins *logins, uint64_t process);

/* Makes it known by that key too, whatever else was known by it. */
void open_logins_name(struct open_logins *logins, struct open_login *login, enum open_key kind,
                      uint64_t key);

void open_logins_remove(struct open_logins *logins, struct open_login *login);

#endif
