#include "check/answer.h"

enum verdict answer_for_verdict(enum verdict verdict, bool enforce)
{
    if (!enforce && verdict > VERDICT_LOG)
        return VERDICT_LOG;
    return verdict;
}

enum verdict answer_for_fault(enum config_on_fault on_fault, bool enforce, bool exempt,
                              bool spare_root)
{
    enum verdict verdict = VERDICT_ALLOW;

    if (exempt)
        return VERDICT_ALLOW;
    if (on_fault == ON_FAULT_STEP_UP)
        verdict = VERDICT_STEP_UP;
    if (on_fault == ON_FAULT_DENY)
        verdict = spare_root ? VERDICT_STEP_UP : VERDICT_DENY;
    return answer_for_verdict(verdict, enforce);
}

enum verdict answer_within(enum verdict answer, bool enforce, bool exempt, bool spare_root)
{
    enum verdict most = VERDICT_DENY;

    if (!enforce || exempt)
        most = VERDICT_LOG;
    else if (spare_root)
        most = VERDICT_STEP_UP;
    return answer < most ? answer : most;
}
