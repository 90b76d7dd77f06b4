/*
 * One login judged on request, as if it were attempted now: what is known of its user, address and
 * place is read, nothing is written. Of JSON on the one side and of JSON on the other.
 */
#ifndef DASHBOARD_PREDICT_H
#define DASHBOARD_PREDICT_H

#include "dashboard/json_request.h"

#include "check/kept.h"
#include "common/config.h"
#include "common/json_writer.h"
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
 * Judges what was read. What the sender tells of the place wins over the databases. Exempt are the
 * configuration's users and networks; its groups and what is exempt for a time are not asked. kept:
 * what is open for it.
 */
bool predict_judge(struct prediction *prediction, const struct config *config,
                   struct check_kept *kept, struct error *error) MUST_USE;

/*
 * An object: anomaly (1 from the log threshold on), probability_normal, probability_anomaly, risk,
 * verdict, rule, learned_logins, reasons, login_id where one was given, model.
 */
void predict_write(struct json_writer *json, const char *name, const struct prediction *prediction);

#endif
