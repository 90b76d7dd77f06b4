/* What libpam makes of a stack. */
#include "ctl/pam_stack.h"

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct judgement {
    enum impression impression;
    int status;
};

#define LEVELS_MAX (PAM_INCLUDE_DEPTH_MAX + 2)

static size_t skip_level(const struct pam_stack *stack, size_t at, int level)
{
    while (at + 1 < stack->count && stack->lines[at + 1].level >= level)
        at++;
    return at;
}

/* The line behind which `jump` lines of this level have been passed; *jump is what could not be. */
static size_t skip_lines(const struct pam_stack *stack, size_t at, int *jump)
{
    int level = stack->lines[at].level;
    while (*jump > 0 && at + 1 < stack->count && stack->lines[at + 1].level >= level) {
        at = skip_level(stack, at + 1, level + 1);
        --*jump;
    }
    return at;
}

bool pam_line_jumps_too_far(const struct pam_stack *stack, size_t index)
{
    for (size_t value = 0; value < _PAM_RETURN_VALUES; value++) {
        int jump = stack->lines[index].actions[value];
        if (jump <= 0)
            continue;
        skip_lines(stack, index, &jump);
        if (jump > 0)
            return true;
    }
    return false;
}

static void judge_ok(struct judgement *judgement, int value)
{
    if (judgement->impression == UNDECIDED ||
        (judgement->impression == POSITIVE && judgement->status == PAM_SUCCESS))
        *judgement = (struct judgement){POSITIVE, value};
}

static void judge_bad(struct judgement *judgement, int value)
{
    if (judgement->impression != NEGATIVE)
        *judgement = (struct judgement){NEGATIVE, value == PAM_IGNORE ? PAM_PERM_DENIED : value};
}

int pam_stack_run(const struct pam_stack *stack, pam_module_answer *answer, const void *context,
                  bool *ran, bool *bad_jump)
{
    struct judgement judgement = {UNDECIDED, PAM_PERM_DENIED};
    struct judgement entered[LEVELS_MAX] = {judgement};
    int level = 0;
    for (size_t i = 0; i < stack->count; i++) {
        const struct pam_line *line = &stack->lines[i];
        if (line->level > level && line->level < LEVELS_MAX)
            entered[line->level] = judgement;
        level = line->level;
        if (line->module == NULL)
            continue;
        if (ran != NULL)
            ran[i] = true;
        int value = line->must_fail ? PAM_PERM_DENIED : answer(context, stack, i);
        int action = line->actions[value];
        if (action == ACTION_RESET) {
            judgement = entered[level];
        } else if (action == ACTION_OK || action == ACTION_DONE) {
            judge_ok(&judgement, value);
            if (action == ACTION_DONE && judgement.impression == POSITIVE)
                i = skip_level(stack, i, level);
        } else if (action == ACTION_BAD || action == ACTION_DIE) {
            judge_bad(&judgement, value);
            if (action == ACTION_DIE)
                i = skip_level(stack, i, level);
        } else if (action > 0) {
            i = skip_lines(stack, i, &action);
            if (action > 0) {
                *bad_jump = true;
                judgement = (struct judgement){NEGATIVE, PAM_PERM_DENIED};
            }
        }
    }
    if (judgement.status == PAM_SUCCESS && judgement.impression != POSITIVE)
        return PAM_PERM_DENIED;
    return judgement.status;
}
