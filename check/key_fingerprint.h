/* The fingerprint of an ssh public key, as OpenSSH writes it. */
#ifndef CHECK_KEY_FINGERPRINT_H
#define CHECK_KEY_FINGERPRINT_H

#include "scorer/login_event.h"

/*
 * key: " TYPE BASE64 …" as in SSH_AUTH_INFO_0, ended by a blank, a line's end or NUL. Writes
 * "SHA256:" and the unpadded base 64 of the digest of the decoded key. False when key is not of
 * that form.
 */
bool key_fingerprint(const char *key, char fingerprint[LOGIN_KEY_BYTES]) MUST_USE;

#endif
