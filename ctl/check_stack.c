#include "ctl/check_stack.h"

#include <stdlib.h>
#include <string.h>

#include "common/module_args.h"

/* The controls that the manual recommends, for the sentences that ask to change one. */
static const char *const SAFE_CONTROL[PAM_STAGE_COUNT] = {
    [PAM_STAGE_AUTH] = "[default=ignore auth_err=bad]",
    [PAM_STAGE_ACCOUNT] = "[default=ignore perm_denied=die]",
    [PAM_STAGE_SESSION] = "optional",
};

/* ---- scenarios ---- */

struct scenario {
    int ours;                  /* our module's answer */
    bool usual_in_auth;        /* a usual login: success where step_up stands, else ignore */
    int others;                /* what every other module answers but pam_permit and pam_deny */
    size_t fail_from, fail_to; /* others in this range fail, whatever `others` is */
};

static int scenario_answer(const void *context, const struct pam_stack *stack, size_t index)
{
    const struct scenario *scenario = context;
    const struct pam_line *line = &stack->lines[index];
    if (pam_line_runs(line, PAM_MODULE_FILE) && scenario->usual_in_auth)
        return pam_line_has_argument(line, "step_up") ? PAM_SUCCESS : PAM_IGNORE;
    if (pam_line_runs(line, PAM_MODULE_FILE))
        return scenario->ours;
    if (pam_line_runs(line, "pam_permit.so"))
        return PAM_SUCCESS;
    if (pam_line_runs(line, "pam_deny.so"))
        return PAM_AUTH_ERR;
    if (index >= scenario->fail_from && index < scenario->fail_to)
        return PAM_AUTH_ERR;
    return scenario->others;
}

static bool passes(const struct pam_stack *stack, struct scenario scenario)
{
    bool bad_jump = false;
    return pam_stack_run(stack, scenario_answer, &scenario, NULL, &bad_jump) == PAM_SUCCESS;
}

/* ---- one stack ---- */

/* What the stack does with our lines taken out, jumps of the others kept whole. */
static bool passes_without_us(const struct pam_stack *stack, int others)
{
    struct pam_stack copy = *stack;
    bool passed = false;
    copy.lines = malloc(stack->count * sizeof *copy.lines);
    if (copy.lines == NULL)
        return false;
    memcpy(copy.lines, stack->lines, stack->count * sizeof *copy.lines);
    for (size_t i = 0; i < copy.count; i++)
        if (pam_line_runs(&copy.lines[i], PAM_MODULE_FILE)) {
            memset(copy.lines[i].actions, 0, sizeof copy.lines[i].actions);
            copy.lines[i].must_fail = false;
        }
    passed = passes(&copy, (struct scenario){.ours = PAM_IGNORE, .others = others});
    free(copy.lines);
    return passed;
}

static void refuse(struct judged *judged, const char *what, const char *instead)
{
    const struct pam_line *line = &judged->stack.lines[judged->first];
    findings_add(judged->findings, FINDING_REFUSAL, CHECK_PAM_AREA,
                 "%s line %u (%s, %s): %s; write %s", line->file, line->number, judged->service,
                 pam_stage_name(judged->stage), what, instead);
}

static void warn(struct judged *judged, const char *what)
{
    const struct pam_line *line = &judged->stack.lines[judged->first];
    findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA, "%s line %u (%s, %s): %s",
                 line->file, line->number, judged->service, pam_stage_name(judged->stage), what);
}

static bool lines_are_sound(struct judged *judged)
{
    bool sound = true;
    for (size_t i = judged->first; i <= judged->last; i++) {
        const struct pam_line *line = &judged->stack.lines[i];
        const char *wrong = NULL;
        if (!pam_line_runs(line, PAM_MODULE_FILE))
            continue;
        if (line->must_fail)
            wrong = "libpam cannot read this line and refuses everybody";
        else if (pam_line_jumps_too_far(&judged->stack, i))
            wrong = "the jump leads past the end of the stack, where libpam refuses everybody";
        if (wrong == NULL)
            continue;
        findings_add(judged->findings, FINDING_REFUSAL, CHECK_PAM_AREA, "%s line %u (%s, %s): %s",
                     line->file, line->number, judged->service, pam_stage_name(judged->stage),
                     wrong);
        sound = false;
    }
    return sound;
}

static void judge_missing_module(struct judged *judged, bool without_us)
{
    const struct scenario missing = {.ours = PAM_MODULE_UNKNOWN, .others = PAM_SUCCESS};
    const struct scenario guess = {.ours = PAM_MODULE_UNKNOWN, .others = PAM_AUTH_ERR};
    if (without_us && !passes(&judged->stack, missing) && !judged->step_up)
        refuse(judged, "nobody gets in when the module's file is missing or cannot be loaded",
               SAFE_CONTROL[judged->stage]);
    else if (without_us && !passes(&judged->stack, missing))
        refuse(judged, "nobody gets in when the module's file is missing or cannot be loaded",
               "[success=1 default=ignore auth_err=bad]");
    if (!passes_without_us(&judged->stack, PAM_AUTH_ERR) && passes(&judged->stack, guess))
        refuse(judged, "everybody gets in when the module's file is missing",
               SAFE_CONTROL[judged->stage]);
}

static void judge_allow(struct judged *judged, bool without_us)
{
    bool auth = judged->stage == PAM_STAGE_AUTH;
    struct scenario usual = {.ours = PAM_SUCCESS, .usual_in_auth = auth, .others = PAM_SUCCESS};
    if (without_us && !passes(&judged->stack, usual))
        refuse(judged, "a usual login is refused", SAFE_CONTROL[judged->stage]);
    usual.others = PAM_AUTH_ERR;
    if (judged->stage == PAM_STAGE_SESSION || passes_without_us(&judged->stack, PAM_AUTH_ERR) ||
        !passes(&judged->stack, usual))
        return;
    if (auth && strcmp(judged->service, "sshd") == 0 && judged->sshd->key_first)
        return;
    if (auth)
        refuse(judged,
               "a usual login gets in although every other module fails, and sshd's "
               "AuthenticationMethods does not ask for a key first",
               "the line behind the password's module, or set AuthenticationMethods "
               "publickey,keyboard-interactive:pam");
    else
        refuse(judged, "a usual login passes although every other module refuses it",
               SAFE_CONTROL[judged->stage]);
}

static void judge_deny(struct judged *judged, bool without_us)
{
    const struct scenario denied = {.ours = judged->stage == PAM_STAGE_ACCOUNT ? PAM_PERM_DENIED
                                                                               : PAM_AUTH_ERR,
                                    .others = PAM_SUCCESS};
    if (judged->stage == PAM_STAGE_SESSION || judged->config->mode != MODE_ENFORCE || !without_us ||
        !passes(&judged->stack, denied))
        return;
    if (judged->stage == PAM_STAGE_ACCOUNT)
        warn(judged, "mode = enforce, but this control ignores a denial: nobody is refused here");
    else
        warn(judged, "mode = enforce, but this control ignores a denial: it waits for the account "
                     "stage, where a guesser has learned that the password was right");
}

/* The lines that a success of our step_up line jumps over are the second factor. */
static void judge_step_up(struct judged *judged)
{
    for (size_t i = judged->first; i <= judged->last; i++) {
        const struct pam_line *line = &judged->stack.lines[i];
        if (!pam_line_runs(line, PAM_MODULE_FILE) || !pam_line_has_argument(line, "step_up"))
            continue;
        if (line->actions[PAM_SUCCESS] <= 0) {
            warn(judged, "step_up without a jump on success: the second factor is always asked; "
                         "write [success=1 default=ignore auth_err=bad]");
            continue;
        }
        size_t end = i + 1 + (size_t)line->actions[PAM_SUCCESS];
        const struct scenario unproven = {
            .ours = PAM_IGNORE, .others = PAM_SUCCESS, .fail_from = i + 1, .fail_to = end};
        if (passes(&judged->stack, unproven))
            warn(judged, "step_up has no second factor behind it: a step-up asks for nothing");
    }
}

static void judge_line_arguments(struct judged *judged, const struct pam_line *line,
                                 const struct pam_arguments *arguments)
{
    const char *checked = judged->paths->config_path;
    struct error error = ERROR_NONE;
    struct module_args args;
    if (!module_args_parse(&args, arguments->count, arguments->words, &error))
        findings_add(judged->findings, FINDING_REFUSAL, CHECK_PAM_AREA,
                     "%s line %u: %s; as it stands every login is a fault of kind \"config\" and "
                     "none is judged",
                     line->file, line->number, error.text);
    if (strcmp(args.conf, CONFIG_DEFAULT_PATH) != 0 && strcmp(args.conf, checked) != 0)
        findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "%s line %u reads %s, not the configuration checked here: check that one too "
                     "with --config",
                     line->file, line->number, args.conf);
    if (args.on_fault_config == ON_FAULT_DENY)
        findings_add(judged->findings, FINDING_REFUSAL, CHECK_PAM_AREA,
                     "%s line %u: on_fault_config=deny refuses everybody, exempt or not, at the "
                     "first slip in the configuration; use allow or step_up",
                     line->file, line->number);
}

/* As the module reads them. */
static void judge_arguments(struct judged *judged)
{
    for (size_t i = judged->first; i <= judged->last; i++) {
        const struct pam_line *line = &judged->stack.lines[i];
        struct pam_arguments arguments;
        if (!pam_line_runs(line, PAM_MODULE_FILE))
            continue;
        if (pam_line_split(line, &arguments))
            judge_line_arguments(judged, line, &arguments);
        else
            judged->findings->failed = true;
        pam_arguments_finish(&arguments);
    }
}

void judge_stack(struct judged *judged)
{
    if (!lines_are_sound(judged))
        return;
    bool without_us = passes_without_us(&judged->stack, PAM_SUCCESS);
    /* In a session stack we may be the only module, which is sound. */
    without_us = without_us || judged->stage == PAM_STAGE_SESSION;
    judge_missing_module(judged, without_us);
    judge_allow(judged, without_us);
    judge_deny(judged, without_us);
    if (judged->stage == PAM_STAGE_AUTH)
        judge_step_up(judged);
    judge_arguments(judged);
}

bool judged_find_lines(struct judged *judged)
{
    bool found = false;
    judged->step_up = false;
    for (size_t i = 0; i < judged->stack.count; i++) {
        if (!pam_line_runs(&judged->stack.lines[i], PAM_MODULE_FILE))
            continue;
        if (!found)
            judged->first = i;
        judged->last = i;
        judged->step_up =
            judged->step_up || pam_line_has_argument(&judged->stack.lines[i], "step_up");
        found = true;
    }
    return found;
}
