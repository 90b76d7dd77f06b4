/*
 * What PAM knows of a login, gathered once into a login event. Past this nobody sees a pam_handle_t
 * but pam_reply.
 */
#ifndef PAM_MODULE_PAM_ITEMS_H
#define PAM_MODULE_PAM_ITEMS_H

#include <security/pam_modules.h>

#include "pam_module/audit.h"

struct pam_items {
    struct login_event event;     /* stage and id are the caller's to set */
    char typed[LOGIN_USER_BYTES]; /* the user as PAM has it */
    struct log_identity log;
    const char *auth_info; /* SSH_AUTH_INFO_0 or NULL; PAM's memory */
    bool is_ssh;           /* there is an SSH_CONNECTION */
    bool is_root;          /* uid 0, or the name root where there is no such account */
};

/*
 * hook: "auth", "account", "session". PAM_SUCCESS, or what pam_get_user said. The event's user and
 * is_root are left for pam_items_resolve().
 */
int pam_items_gather(pam_handle_t *pamh, const char *hook, struct pam_items *items);

/*
 * Sets the event's user to the account's name as the system spells it, or to what was typed where
 * there is no such account: a directory may fold case or take "user@domain", and what is known of a
 * user must not depend on the spelling. The application has looked it up a moment ago.
 */
void pam_items_resolve(pam_handle_t *pamh, struct pam_items *items);

/* Adds what the connection's socket tells: round trip, client, volume. */
void pam_items_measure(struct pam_items *items);

/*
 * SSH_CONNECTION ("ADDRESS PORT ADDRESS PORT") into source address and port. False when it is not
 * of that form.
 */
bool pam_items_parse_connection(const char *text, struct ip_address *address, uint16_t *port);

#endif
