/* Judges one stage of one service, in which pam_anomaly.so runs. */
#ifndef CTL_CHECK_STACK_H
#define CTL_CHECK_STACK_H

#include "ctl/check_pam.h"
#include "ctl/pam_stack.h"
#include "ctl/sshd_config.h"

#define CHECK_PAM_AREA "pam"

struct judged {
    const struct check_pam_paths *paths;
    const struct config *config;
    const struct sshd_config *sshd;
    struct findings *findings;
    const char *service;
    enum pam_stage stage;
    struct pam_stack stack;
    bool have_line[PAM_STAGE_COUNT];
    size_t first, last; /* our lines */
    bool step_up;       /* one of them has step_up */
};

/* Whether there are lines of ours in judged->stack; sets first, last and step_up. */
bool judged_find_lines(struct judged *judged);

/* Adds what is wrong with the stack. After judged_find_lines() found some. */
void judge_stack(struct judged *judged);

#endif
