/*
 * How usual this event's values are among all users of the machine: logins learned and users who
 * have each value. Gathered for one event; the store keeps a row per value.
 */
#ifndef SCORER_POPULATION_H
#define SCORER_POPULATION_H

#include <stdint.h>

#include "scorer/login_event.h"

/* POPULATION_VALUE(symbol, name): the kinds of value that are counted */
#define POPULATION_VALUES                                                                          \
    POPULATION_VALUE(PREFIX, "prefix")                                                             \
    POPULATION_VALUE(ASN, "asn")                                                                   \
    POPULATION_VALUE(COUNTRY, "country")                                                           \
    POPULATION_VALUE(DEVICE, "device")                                                             \
    POPULATION_VALUE(KEY, "key")

enum population_value {
#define POPULATION_VALUE(symbol, name) POPULATION_##symbol,
    POPULATION_VALUES
#undef POPULATION_VALUE
        POPULATION_VALUE_COUNT
};

struct population_count {
    uint32_t logins;
    uint32_t users;
};

struct population {
    uint32_t logins; /* learned, all users */
    uint32_t users;  /* with at least one */
    struct population_count
        value[POPULATION_VALUE_COUNT]; /* of this event's values; zero: unseen */
};

/* The key of the event's value of that kind, 0 when it has none. */
uint64_t population_key(const struct login_event *event, enum population_value kind);

#endif
