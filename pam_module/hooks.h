/*
 * One function for each moment at which PAM calls the module; each a list of what happens to a
 * login. They return PAM codes and leave nothing behind but, between auth and close, a mark that
 * the handle owns.
 */
#ifndef PAM_MODULE_HOOKS_H
#define PAM_MODULE_HOOKS_H

#include <security/pam_modules.h>

int hook_auth(pam_handle_t *pamh, int argc, const char **argv);
int hook_account(pam_handle_t *pamh, int argc, const char **argv);
int hook_open_session(pam_handle_t *pamh, int argc, const char **argv);
int hook_close_session(pam_handle_t *pamh, int argc, const char **argv);

#endif
