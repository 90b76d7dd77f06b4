/* From a verdict or a fault to the answer that a login gets. Pure. */
#ifndef CHECK_ANSWER_H
#define CHECK_ANSWER_H

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
 * whoever answered was not itself any more.
 */
enum verdict answer_within(enum verdict answer, bool enforce, bool exempt, bool spare_root);

#endif
