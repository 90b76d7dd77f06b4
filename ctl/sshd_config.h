/* The few words of sshd_config(5) that decide whether PAM is asked. */
#ifndef CTL_SSHD_CONFIG_H
#define CTL_SSHD_CONFIG_H

#include "common/error.h"

struct sshd_config {
    bool found;     /* the file is there */
    bool use_pam;   /* UsePAM yes */
    bool key_first; /* AuthenticationMethods is set and every list begins with a method that is
                       proven without PAM: publickey, gssapi-with-mic or hostbased */
};

/*
 * As sshd reads it outside of Match blocks: the first value counts, Include is followed (relative
 * names are below /etc/ssh). A missing file is no error.
 */
bool sshd_config_read(const char *path, struct sshd_config *config, struct error *error) MUST_USE;

#endif
