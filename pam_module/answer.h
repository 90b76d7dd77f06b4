/* From a verdict or a fault to what PAM is told. Pure. */
#ifndef PAM_MODULE_ANSWER_H
#define PAM_MODULE_ANSWER_H

#include "common/config.h"
#include "scorer/policy.h"

/* In observe mode nobody is asked nor denied: at most VERDICT_LOG. */
enum verdict answer_for_verdict(enum verdict verdict, bool enforce);

/*
 * What the configured on_fault means for this login. Exempt users and networks are allowed, root is
 * not denied without deny_root, as with a verdict.
 */
enum verdict answer_for_fault(enum config_on_fault on_fault, bool enforce, bool exempt,
                              bool spare_root);

/*
 * The most that an answer may be whatever it was made of: the parent's own promise, kept even when
 * the worker that answered was not itself any more.
 */
enum verdict answer_within(enum verdict answer, bool enforce, bool exempt, bool spare_root);

/* The answer as PAM's return codes, DESIGN's table. step_up: the module's argument of that name. */
int answer_pam_auth(enum verdict answer, bool enforce, bool step_up, bool faulted);
int answer_pam_account(enum verdict answer);

#endif
