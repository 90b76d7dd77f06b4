/* Judges the PAM stacks that run pam_anomaly.so. */
#ifndef CTL_CHECK_PAM_H
#define CTL_CHECK_PAM_H

#include "common/config.h"
#include "ctl/findings.h"

#define PAM_MODULE_FILE "pam_anomaly.so"

struct check_pam_paths {
    const char *pam_directory; /* "/etc/pam.d" */
    const char *sshd_config;   /* "/etc/ssh/sshd_config" */
    const char *config_path;   /* the configuration being checked */
};

void check_pam(const struct check_pam_paths *paths, const struct config *config,
               struct findings *findings);

#endif
