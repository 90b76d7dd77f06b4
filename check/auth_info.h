/* What sshd says of the methods that were completed: SSH_AUTH_INFO_0. */
#ifndef CHECK_AUTH_INFO_H
#define CHECK_AUTH_INFO_H

#include "scorer/login_event.h"

/*
 * A line for each method that was completed, in order: "publickey ssh-ed25519 AAAA…". Sets the
 * first public key, and the method when the session is open; before that more may follow. The
 * attempt was judged in the last PAM conversation: it knew the key of a line before that (two
 * factors) and none of a line after it.
 */
void auth_info_learn(struct login_event *event, const char *auth_info, bool is_open);

#endif
