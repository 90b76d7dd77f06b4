/*
 * Attacks on a given user, by family: what an attacker's attempts would look like beside a login
 * that this user really made. Used by the simulator and, but for the families that are kept out of
 * it, against the real profiles of a store in training.
 */
#ifndef TRAINER_ATTACK_H
#define TRAINER_ATTACK_H

#include "scorer/login_event.h"
#include "trainer/draw.h"

/* ATTACK_FAMILY(symbol, name); those that are kept out of training come last */
#define ATTACK_FAMILIES                                                                            \
    ATTACK_FAMILY(NAIVE, "naive")           /* from afar, any device */                            \
    ATTACK_FAMILY(PROXY, "proxy")           /* through the user's own country */                   \
    ATTACK_FAMILY(TARGETED, "targeted")     /* the user's provider, city and device type */        \
    ATTACK_FAMILY(STOLEN_KEY, "stolen-key") /* the user's public key, elsewhere */                 \
    ATTACK_FAMILY(INSIDER, "insider")       /* a colleague's or the own desk, at odd hours */      \
    ATTACK_FAMILY(OWN_NETWORK,                                                                     \
                  "own-network")        /* another device in the user's network, at odd hours */   \
    ATTACK_FAMILY(SPRAYING, "spraying") /* many names from one address */                          \
    ATTACK_FAMILY(SLOW_GUESSING, "slow-guessing")   /* one name, over many hours */                \
    ATTACK_FAMILY(SESSION_HIJACK, "session-hijack") /* the user's own login, then much data */     \
    ATTACK_FAMILY(RESIDENTIAL_PROXY,                                                               \
                  "residential-proxy") /* a household of the user's city, a copied client */

enum attack_family {
#define ATTACK_FAMILY(symbol, name) ATTACK_##symbol,
    ATTACK_FAMILIES
#undef ATTACK_FAMILY
        ATTACK_FAMILY_COUNT,
    /*
     * A hijacked session begins with the user's own login: nothing at that moment tells, and a row
     * of it would teach that the user is the attacker. Residential proxies are what an evaluation
     * holds against a model that has never seen them.
     */
    ATTACK_TRAINED_COUNT = ATTACK_SESSION_HIJACK
};

const char *attack_family_name(enum attack_family family);

/* Many attempts of which hardly any succeeds; the others are single logins that do. */
bool attack_family_is_burst(enum attack_family family);

#define ATTACK_MAX_ATTEMPTS 48

/*
 * Writes the attempts of one attack in time order and returns how many; the last one is against
 * anchor->user at time_us (those from inside move it to an odd hour of the following day). anchor:
 * a login of that user; colleague: one of another user, or NULL. What the anchor does not tell (a
 * place, a device, a round trip) the attack does not tell either, so that the mere presence of
 * evidence can never give an attack away.
 */
unsigned attack_make(struct draw *draw, enum attack_family family, const struct login_event *anchor,
                     const struct login_event *colleague, int64_t time_us,
                     struct login_event attempts[ATTACK_MAX_ATTEMPTS]);

#endif
