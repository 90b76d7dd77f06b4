/*
 * What the journal carries and the store keeps of one stage of one login: the event; for an
 * attempt, its assessment and the answer that was given; for a session that ended, what it moved
 * beside what is usual.
 */
#ifndef SCORER_LOGIN_RECORD_H
#define SCORER_LOGIN_RECORD_H

#include "scorer/assess.h"
#include "scorer/session_volume.h"

#define LOGIN_RECORD_MAX_BYTES 2048

struct login_record {
    struct login_event event;
    bool assessed;                /* ATTEMPT only; false when the check failed */
    struct assessment assessment; /* when assessed */
    enum fault fault;             /* what kept it from being assessed */
    enum verdict answer;          /* what PAM was told: in observe mode at most VERDICT_LOG */
    uint64_t model;               /* checksum of the model that scored */
    struct session_volume volume; /* CLOSED only */
};

void login_record_init(struct login_record *record);

/* Returns the bytes used, 0 when they do not fit into capacity. LOGIN_RECORD_MAX_BYTES always fits.
 */
size_t login_record_encode(const struct login_record *record, void *bytes, size_t capacity);

/*
 * A decoded record is valid throughout. Anything else is refused. A record of version 2 has no
 * judged volume; as such it is still written where there is none, for programs that read no later
 * one. A record whose assessment was made with another feature table keeps its risk, verdict and
 * the reasons that this table has a name for; its features are not known.
 */
bool login_record_decode(struct login_record *record, const void *bytes, size_t size,
                         struct error *error) MUST_USE;

#endif
