/*
 * What a forest is grown from: the features of completed legitimate logins and of attacks, each
 * computed from what was known before it. Attacks are labelled logins and simulated ones injected
 * against the profiles that the replayed history has made, so that nobody needs to label anything.
 */
#ifndef TRAINER_ROWS_H
#define TRAINER_ROWS_H

#include "scorer/session_volume.h"
#include "trainer/attack.h"
#include "trainer/replay.h"

enum row_family {
    ROW_LEGITIMATE,
    ROW_ATTACK_FIRST, /* + enum attack_family */
    ROW_GUESSING = ROW_ATTACK_FIRST + ATTACK_FAMILY_COUNT,
    ROW_OTHER_ATTACK, /* labelled without a known family */
    ROW_FAMILY_COUNT
};

const char *row_family_name(enum row_family family);
bool row_family_is_burst(enum row_family family);
bool row_family_is_trained(enum row_family family);

struct training_row {
    int64_t time_us;
    float weight;
    uint8_t family;         /* enum row_family */
    bool cold;              /* computed as if nothing were known of the user */
    bool prior;             /* of simulated machines, beside the store's own rows */
    bool untrained;         /* for measures alone: a login that was not learned, or see
                               row_options.measured */
    bool injected;          /* of a simulated attack; every other is a login that was told of */
    bool completed;         /* it got in; injected ones would have */
    uint64_t user, address; /* hash_text() of the name, ip_key() */
    /* Measured, of a finished session; what it moved is judged by what was known at its login. */
    float volume; /* session_volume_deviation(); NAN: not known */
    bool volume_judged, large;
    float features[FEATURE_COUNT];
};

struct training_rows {
    struct training_row *rows;
    size_t count, capacity;
    int64_t legitimate; /* of them, neither cold nor prior */
};

struct row_options {
    uint64_t seed;
    double injection_share; /* simulated attacks for each login that is no burst's */
    /*
     * Also makes the rows that nothing may be learned from: families kept out of training, and
     * attacks on users without history of whom nothing tells. The others stay as they are without.
     */
    bool measured;
    struct session_rule session_rule; /* of them; a large session is not learned */
};

/*
 * Gathers rows of the logins that are added in time order; hands out the rows in time order of
 * their moments. The builder stays usable after a failure only for row_builder_destroy().
 */
struct row_builder;
bool row_builder_create(struct row_builder **builder, const struct row_options *options,
                        struct training_rows *rows, struct error *error) MUST_USE;
void row_builder_destroy(struct row_builder *builder);
bool row_builder_add(struct row_builder *builder, const struct stored_login *login,
                     struct error *error) MUST_USE;
bool row_builder_finish(struct row_builder *builder, struct error *error) MUST_USE;

void training_rows_finish(struct training_rows *rows);

#endif
