#include "ctl/check_pam.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "ctl/pam_stack.h"
#include "ctl/sshd_config.h"

#define AREA "pam"

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
    findings_add(judged->findings, FINDING_REFUSAL, AREA, "%s line %u (%s, %s): %s; write %s",
                 line->file, line->number, judged->service, pam_stage_name(judged->stage), what,
                 instead);
}

static void warn(struct judged *judged, const char *what)
{
    const struct pam_line *line = &judged->stack.lines[judged->first];
    findings_add(judged->findings, FINDING_WARNING, AREA, "%s line %u (%s, %s): %s", line->file,
                 line->number, judged->service, pam_stage_name(judged->stage), what);
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
        findings_add(judged->findings, FINDING_REFUSAL, AREA, "%s line %u (%s, %s): %s", line->file,
                     line->number, judged->service, pam_stage_name(judged->stage), wrong);
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

static void judge_arguments(struct judged *judged)
{
    for (size_t i = judged->first; i <= judged->last; i++) {
        const struct pam_line *line = &judged->stack.lines[i];
        if (!pam_line_runs(line, PAM_MODULE_FILE))
            continue;
        const char *conf = strstr(line->arguments, "conf=");
        if (conf != NULL && (conf == line->arguments || conf[-1] == ' ' || conf[-1] == '\t')) {
            size_t length = strcspn(conf + 5, " \t");
            if (strlen(judged->paths->config_path) != length ||
                strncmp(conf + 5, judged->paths->config_path, length) != 0)
                findings_add(
                    judged->findings, FINDING_WARNING, AREA,
                    "%s line %u reads %.*s, not the configuration checked here: check that "
                    "one too with --config",
                    line->file, line->number, (int)length, conf + 5);
        }
        if (pam_line_has_argument(line, "on_fault_config=deny"))
            findings_add(
                judged->findings, FINDING_REFUSAL, AREA,
                "%s line %u: on_fault_config=deny refuses everybody, exempt or not, at the "
                "first slip in the configuration; use allow or step_up",
                line->file, line->number);
    }
}

static void judge_stack(struct judged *judged)
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

static bool find_our_lines(struct judged *judged)
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

/* ---- the module's file ---- */

static void check_module_file(const char *module, struct findings *findings)
{
    static const char *const DIRECTORIES[] = {PAM_MODULE_DIRECTORY, "/lib/security",
                                              "/usr/lib/security", "/usr/lib64/security"};
    size_t tries = module[0] == '/' ? 1 : sizeof DIRECTORIES / sizeof *DIRECTORIES;
    for (size_t i = 0; i < tries; i++) {
        char path[4096];
        struct error error = ERROR_NONE;
        int descriptor;
        if (module[0] == '/')
            snprintf(path, sizeof path, "%s", module);
        else
            snprintf(path, sizeof path, "%s/%s", DIRECTORIES[i], module);
        errno = 0;
        if (trusted_file_open(path, 0, FAULT_CONFIG, &descriptor, &error)) {
            close(descriptor);
            findings_add(findings, FINDING_GOOD, AREA, "%s is there and root's", path);
            return;
        }
        if (errno == ENOENT)
            continue;
        findings_add(findings, FINDING_REFUSAL, AREA, "%s", error.text);
        return;
    }
    findings_add(findings, FINDING_REFUSAL, AREA,
                 "a stack names %s, which is not installed%s%s: install it, or take the line out",
                 module, module[0] == '/' ? "" : " in ", module[0] == '/' ? "" : DIRECTORIES[0]);
}

/* ---- services ---- */

static void judge_presence(struct judged *judged)
{
    const char *file = judged->paths->pam_directory;
    const char *service = judged->service;
    if (!judged->have_line[PAM_STAGE_ACCOUNT])
        findings_add(judged->findings, FINDING_WARNING, AREA,
                     "%s/%s has no account line with %s: logins by public key skip the auth stage "
                     "and are not scored",
                     file, service, PAM_MODULE_FILE);
    if (!judged->have_line[PAM_STAGE_SESSION])
        findings_add(judged->findings, FINDING_WARNING, AREA,
                     "%s/%s has no session line with %s: nothing is ever learned; add \"session "
                     "optional %s\"",
                     file, service, PAM_MODULE_FILE, PAM_MODULE_FILE);
    if (!judged->have_line[PAM_STAGE_AUTH])
        findings_add(judged->findings, FINDING_WARNING, AREA,
                     "%s/%s has no auth line with %s: attempts with a wrong password are not seen",
                     file, service, PAM_MODULE_FILE);
}

static void check_sshd(struct judged *judged)
{
    if (strcmp(judged->service, "sshd") != 0)
        return;
    if (!judged->sshd->found)
        findings_add(judged->findings, FINDING_WARNING, AREA,
                     "%s is not there: whether sshd asks PAM is not known",
                     judged->paths->sshd_config);
    else if (!judged->sshd->use_pam)
        findings_add(judged->findings, FINDING_REFUSAL, AREA,
                     "%s does not say \"UsePAM yes\": sshd never asks the module",
                     judged->paths->sshd_config);
}

/* Whether the service's own file names the module, for a stack that cannot be read as a whole. */
static bool file_names_us(const struct judged *judged)
{
    char path[4096];
    char *line = NULL;
    size_t capacity = 0;
    bool named = false;
    snprintf(path, sizeof path, "%s/%s", judged->paths->pam_directory, judged->service);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (!named && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "#")] = '\0';
        named = strstr(line, PAM_MODULE_FILE) != NULL;
    }
    free(line);
    fclose(file);
    return named;
}

/* Returns whether the service runs the module; the module as written is then copied. */
static bool check_service(struct judged *judged, char **module)
{
    size_t before = judged->findings->warnings + judged->findings->refusals;
    bool any = false;
    memset(judged->have_line, 0, sizeof judged->have_line);
    for (judged->stage = PAM_STAGE_AUTH; judged->stage < PAM_STAGE_COUNT; judged->stage++) {
        struct error error = ERROR_NONE;
        if (!pam_stack_load(&judged->stack, judged->paths->pam_directory, judged->service,
                            judged->stage, &error)) {
            any = file_names_us(judged);
            findings_add(judged->findings, any ? FINDING_REFUSAL : FINDING_WARNING, AREA, "%s",
                         error.text);
            return any;
        }
        if (find_our_lines(judged)) {
            any = judged->have_line[judged->stage] = true;
            if (*module == NULL)
                *module = strdup(judged->stack.lines[judged->first].module);
            judge_stack(judged);
        }
        pam_stack_finish(&judged->stack);
    }
    if (!any)
        return false;
    judge_presence(judged);
    check_sshd(judged);
    if (judged->findings->warnings + judged->findings->refusals == before)
        findings_add(judged->findings, FINDING_GOOD, AREA,
                     "%s/%s: the stack lets nobody in by itself and locks nobody out",
                     judged->paths->pam_directory, judged->service);
    return true;
}

struct fragments {
    char names[64][256];
    size_t count;
};

static void note_fragment(void *context, const char *name)
{
    struct fragments *fragments = context;
    if (fragments->count < sizeof fragments->names / sizeof *fragments->names)
        snprintf(fragments->names[fragments->count++], sizeof *fragments->names, "%s", name);
}

static bool is_fragment(const struct fragments *fragments, const char *name)
{
    for (size_t i = 0; i < fragments->count; i++)
        if (strcmp(fragments->names[i], name) == 0)
            return true;
    return false;
}

static int is_service_file(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t length = strlen(name);
    bool left_over = strstr(name, ".dpkg-") != NULL || strstr(name, ".rpm") != NULL;
    return name[0] != '.' && length > 0 && name[length - 1] != '~' && !left_over;
}

void check_pam(const struct check_pam_paths *paths, const struct config *config,
               struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct sshd_config sshd;
    struct fragments fragments = {.count = 0};
    struct dirent **entries = NULL;
    char *module = NULL;
    if (!sshd_config_read(paths->sshd_config, &sshd, &error))
        findings_add(findings, FINDING_WARNING, AREA, "%s", error.text);
    int count = scandir(paths->pam_directory, &entries, is_service_file, alphasort);
    if (count < 0) {
        findings_add(findings, FINDING_REFUSAL, AREA, "cannot read %s: %s", paths->pam_directory,
                     strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++)
        if (!pam_file_includes(paths->pam_directory, entries[i]->d_name, note_fragment, &fragments,
                               &error))
            findings_add(findings, FINDING_WARNING, AREA, "%s", error.text);
    bool any = false;
    for (int i = 0; i < count; i++) {
        struct judged judged = {.paths = paths,
                                .config = config,
                                .sshd = &sshd,
                                .findings = findings,
                                .service = entries[i]->d_name};
        if (!is_fragment(&fragments, entries[i]->d_name))
            any = check_service(&judged, &module) || any;
    }
    if (module != NULL)
        check_module_file(module, findings);
    if (!any)
        findings_add(findings, FINDING_WARNING, AREA,
                     "no stack in %s runs %s: no login is scored; see pam_anomaly(8)",
                     paths->pam_directory, PAM_MODULE_FILE);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(module);
}
