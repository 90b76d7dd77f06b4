/*
 * One login judged on request, as if it were attempted now: what is known of its user, address and
 * place is read, nothing is written. Of JSON on the one side and of JSON on the other.
 */
#ifndef DASHBOARD_PREDICT_H
#define DASHBOARD_PREDICT_H

#include "dashboard/json_request.h"

#include "check/kept.h"
#include "common/exempt.h"
#include "common/json_writer.h"
#include "dashboard/accounts.h"
#include "scorer/login_record.h"

#define PREDICT_BATCH_MAX 1000

/* The members of a login, as they are in PREDICT_FIELDS. */
struct predict_field {
    const char *name;
    const char *type; /* "text", "number", "yes or no", "time" */
    const char *help;
};
extern const struct predict_field PREDICT_FIELDS[];
extern const size_t PREDICT_FIELD_COUNT;

struct prediction {
    struct login_event event;
    struct assessment assessment;
    struct exempt_rule exempt;
    bool needs_account;                 /* not judged: who the user is has to be known first */
    uint64_t model;                     /* checksum of the model that scored */
    char login_id[LOGIN_ID_TEXT_BYTES]; /* the sender's own, given back; "" for none */
};

/*
 * A login's members into prediction->event, the rest at its initial state. A user and a time are
 * needed; of two members that say the same, such as "user" and "user_id", one. False with a
 * FAULT_CONFIG sentence: which member is wrong, and what it has to be.
 */
bool predict_read(const json_t *login, struct prediction *prediction, struct error *error) MUST_USE;

/*
 * Judges what was read as the check of a login would: who is exempt is, by the same rules. What the
 * sender tells of the place wins over the databases. kept: what is open for it. account: the user
 * among the exempt groups; where it is not known and the verdict hangs on it,
 * prediction->needs_account is set and nothing else.
 */
bool predict_judge(struct prediction *prediction, const struct config *config,
                   struct check_kept *kept, const struct asked_account *account,
                   struct error *error) MUST_USE;

/*
 * An object: anomaly (1 from the log threshold on), probability_normal, probability_anomaly, risk,
 * verdict, rule, exempt (by what; null: not), learned_logins, reasons, login_id where one was
 * given, model.
 */
void predict_write(struct json_writer *json, const char *name, const struct prediction *prediction);

#endif
