#include "pam_module/pam_reply.h"

#include <security/pam_modules.h>

/*
 * PAM_IGNORE is never a credential: another module decides. With step_up PAM_SUCCESS skips the
 * second factor, which only a judged and usual login may do: while observing nothing may change,
 * and what could not be judged is not known to be usual.
 */
int pam_reply_auth(enum verdict answer, bool enforce, bool step_up, bool faulted)
{
    if (answer == VERDICT_DENY)
        return PAM_AUTH_ERR;
    if (step_up && enforce && !faulted && answer < VERDICT_STEP_UP)
        return PAM_SUCCESS;
    return PAM_IGNORE;
}

int pam_reply_account(enum verdict answer)
{
    return answer == VERDICT_DENY ? PAM_PERM_DENIED : PAM_SUCCESS;
}
