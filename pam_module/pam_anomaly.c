/* The six entry points of a PAM module. */
#include <security/pam_modules.h>

#include "pam_module/headroom.h"
#include "pam_module/hooks.h"

#define EXPORTED __attribute__((visibility("default")))

typedef int hook_function(pam_handle_t *pamh, int argc, const char **argv);

static int run(hook_function *hook, pam_handle_t *pamh, int argc, const char **argv)
{
    struct headroom headroom;
    int status;

    headroom_take(&headroom);
    status = hook(pamh, argc, argv);
    headroom_give_back(&headroom);
    return status;
}

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(hook_auth, pamh, argc, argv);
}

EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}

EXPORTED int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(hook_account, pamh, argc, argv);
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(hook_open_session, pamh, argc, argv);
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags;
    return run(hook_close_session, pamh, argc, argv);
}

EXPORTED int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}
