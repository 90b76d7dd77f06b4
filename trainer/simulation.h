/*
 * A machine's login history, invented: people with homes, offices, phones, habits, journeys and
 * holidays, administrators called at night, machines at fixed minutes, the internet's constant
 * guessing, and attacks of every family, labelled. Deterministic: the same options give the same
 * logins.
 */
#ifndef TRAINER_SIMULATION_H
#define TRAINER_SIMULATION_H

#include "store/store.h"

/* What a machine's databases say of an address. */
enum place_evidence {
    PLACE_EVIDENCE_ALL,
    PLACE_EVIDENCE_NO_REPUTATION, /* whether it is a proxy's is not known */
    PLACE_EVIDENCE_COUNTRY,       /* neither are city, coordinates and autonomous system */
    PLACE_EVIDENCE_NONE
};

struct simulation_options {
    unsigned users; /* at least 1 */
    unsigned days;
    uint64_t seed;
    int64_t start_us; /* UTC midnight */
    unsigned offices; /* networks that colleagues share, 1 to SIMULATION_MOST_OFFICES;
                         0: as many as that */
    enum place_evidence place_evidence;
    unsigned client_from_day; /* device and round trip are known from this day on, as when a history
                                 imported from a log goes on with live logins; UINT32_MAX: never */
};

#define SIMULATION_MOST_OFFICES 3

#define SIMULATION_START_US INT64_C(1704067200000000) /* 2024-01-01 */

/* Visits all logins in the order of their attempts. A visitor's false is a failure that it set. */
bool simulation_run(const struct simulation_options *options,
                    bool (*visit)(void *context, const struct stored_login *login,
                                  struct error *error),
                    void *context, struct error *error) MUST_USE;

#endif
