/*
 * The columns of a set of labelled logins as they stand, without any history: what a leak in the
 * set itself shows in. At most EVALUATE_RAW_ROWS logins are kept, spread over the whole set.
 */
#ifndef TRAINER_EVALUATE_RAW_H
#define TRAINER_EVALUATE_RAW_H

#include "store/store.h"
#include "trainer/key_table.h"

#define EVALUATE_RAW_ROWS 65536

enum raw_column {
    RAW_SUCCESS,
    RAW_NEW_DEVICE, /* for this user, in this set */
    RAW_BYTES_IN,
    RAW_BYTES_OUT,
    RAW_DURATION,
    RAW_ROUND_TRIP,
    RAW_HOUR, /* local */
    RAW_METHOD,
    RAW_PORT,
    RAW_COLUMN_COUNT
};

extern const char *const EVALUATE_RAW_NAMES[RAW_COLUMN_COUNT];

struct raw_logins {
    struct key_table devices; /* of users */
    float *table;             /* rows × RAW_COLUMN_COUNT */
    uint8_t *labels;
    size_t rows, stride; /* every so many labelled logins one is kept */
    size_t labelled;
};

bool raw_logins_init(struct raw_logins *raw, struct error *error) MUST_USE;
void raw_logins_finish(struct raw_logins *raw);

/* The next login, in time order; context: the raw_logins. Those without a label are left out. */
bool raw_logins_add(void *context, const struct stored_login *login, struct error *error) MUST_USE;

#endif
