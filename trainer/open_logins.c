#include "trainer/open_logins.h"

#include <stdlib.h>

#include "trainer/key_factor.h"

bool open_logins_init(struct open_logins *logins, struct error *error)
{
    *logins = (struct open_logins){.count = 0};
    return key_factor_draw(&logins->factor, error);
}

/* Any two keys share a bucket once in as many times as there are buckets (Dietzfelbinger 1997). */
static size_t bucket_index(const struct open_logins *logins, uint64_t key)
{
    return (key * logins->factor) >> (64 - OPEN_BUCKET_BITS);
}

static struct open_login **bucket_of(struct open_logins *logins, enum open_key kind, uint64_t key)
{
    return &logins->buckets[kind][bucket_index(logins, key)];
}

static void unname(struct open_logins *logins, struct open_login *login, enum open_key kind)
{
    struct open_login **at = bucket_of(logins, kind, login->keys[kind]);

    if (login->keys[kind] == 0)
        return;
    while (*at != login)
        at = &(*at)->next[kind];
    *at = login->next[kind];
    login->keys[kind] = 0;
}

struct open_login *open_logins_find(const struct open_logins *logins, enum open_key kind,
                                    uint64_t key)
{
    struct open_login *login = logins->buckets[kind][bucket_index(logins, key)];

    while (login != NULL && login->keys[kind] != key)
        login = login->next[kind];
    return login;
}

void open_logins_name(struct open_logins *logins, struct open_login *login, enum open_key kind,
                      uint64_t key)
{
    struct open_login *other = open_logins_find(logins, kind, key);
    struct open_login **bucket = bucket_of(logins, kind, key);

    if (other != NULL)
        unname(logins, other, kind);
    unname(logins, login, kind);
    login->keys[kind] = key;
    login->next[kind] = *bucket;
    *bucket = login;
}

struct open_login *open_logins_add(struct open_logins *logins, uint64_t process)
{
    struct open_login *login = calloc(1, sizeof *login);

    if (login == NULL)
        return NULL;
    open_logins_name(logins, login, OPEN_PROCESS, process);
    login->older = logins->newest;
    *(logins->newest != NULL ? &logins->newest->newer : &logins->oldest) = login;
    logins->newest = login;
    logins->count++;
    return login;
}

void open_logins_remove(struct open_logins *logins, struct open_login *login)
{
    for (int kind = 0; kind < OPEN_KEY_COUNT; kind++)
        unname(logins, login, (enum open_key)kind);
    *(login->older != NULL ? &login->older->newer : &logins->oldest) = login->newer;
    *(login->newer != NULL ? &login->newer->older : &logins->newest) = login->older;
    logins->count--;
    free(login);
}
