/* An answer as PAM's return codes. Pure. */
#ifndef PAM_MODULE_PAM_REPLY_H
#define PAM_MODULE_PAM_REPLY_H

#include <stdbool.h>

#include "scorer/policy.h"

/* step_up: the module's argument of that name. faulted: the login could not be judged. */
int pam_reply_auth(enum verdict answer, bool enforce, bool step_up, bool faulted);
int pam_reply_account(enum verdict answer);

#endif
