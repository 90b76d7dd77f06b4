/*
 * The one process that may keep root: it asks PAM whether a name and a password go together, and
 * the machine what groups he is in who has that name, and does nothing else. The service talks to
 * it over a socket, one question at a time.
 */
#ifndef DASHBOARD_SIGN_IN_HELPER_H
#define DASHBOARD_SIGN_IN_HELPER_H

#include <stdint.h>

#include "common/error.h"
#include "common/ip_address.h"
#include "dashboard/identity.h"

#define SIGN_IN_SERVICE        "pam_anomaly_dashboard"
#define SIGN_IN_NAME_BYTES     256
#define SIGN_IN_PASSWORD_BYTES 512
#define SIGN_IN_DEADLINE_S     15 /* after which a question is given up */

/* What crosses the socket, as a record of one program. */
struct sign_in_question {
    uint64_t number; /* of the question, in its answer too: one that comes late is no other's */
    char user[SIGN_IN_NAME_BYTES];
    char password[SIGN_IN_PASSWORD_BYTES];
    char address[IP_TEXT_BYTES]; /* "": not known */
    struct role_groups groups;
    unsigned generation; /* of the configuration that names them */
};

enum sign_in_verdict { SIGN_IN_REFUSED, SIGN_IN_ACCEPTED, SIGN_IN_UNAVAILABLE };

struct sign_in_answer {
    uint64_t number;
    enum sign_in_verdict verdict;
    char user[SIGN_IN_NAME_BYTES]; /* as PAM calls the accepted one */
    enum role role;                /* by his groups */
};

/*
 * Forks the helper, which ends when the socket is closed; *descriptor is the caller's end. Before
 * there are threads, and before root is given up.
 */
bool sign_in_helper_start(int *descriptor, struct error *error) MUST_USE;

#endif
