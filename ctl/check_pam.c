#include "ctl/check_pam.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/trusted_file.h"
#include "ctl/check_stack.h"

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
            findings_add(findings, FINDING_GOOD, CHECK_PAM_AREA, "%s is there and root's", path);
            return;
        }
        if (errno == ENOENT)
            continue;
        findings_add(findings, FINDING_REFUSAL, CHECK_PAM_AREA, "%s", error.text);
        return;
    }
    findings_add(findings, FINDING_REFUSAL, CHECK_PAM_AREA,
                 "a stack names %s, which is not installed%s%s: install it, or take the line out",
                 module, module[0] == '/' ? "" : " in ", module[0] == '/' ? "" : DIRECTORIES[0]);
}

/* ---- services ---- */

static void judge_presence(struct judged *judged)
{
    const char *file = judged->paths->pam_directory;
    const char *service = judged->service;
    if (!judged->have_line[PAM_STAGE_ACCOUNT])
        findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "%s/%s has no account line with %s: logins by public key skip the auth stage "
                     "and are not scored",
                     file, service, PAM_MODULE_FILE);
    if (!judged->have_line[PAM_STAGE_SESSION])
        findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "%s/%s has no session line with %s: nothing is ever learned; add \"session "
                     "optional %s\"",
                     file, service, PAM_MODULE_FILE, PAM_MODULE_FILE);
    if (!judged->have_line[PAM_STAGE_AUTH])
        findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "%s/%s has no auth line with %s: attempts with a wrong password are not seen",
                     file, service, PAM_MODULE_FILE);
}

static void check_sshd(struct judged *judged)
{
    if (strcmp(judged->service, "sshd") != 0)
        return;
    if (!judged->sshd->found)
        findings_add(judged->findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "%s is not there: whether sshd asks PAM is not known",
                     judged->paths->sshd_config);
    else if (!judged->sshd->use_pam)
        findings_add(judged->findings, FINDING_REFUSAL, CHECK_PAM_AREA,
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
            findings_add(judged->findings, any ? FINDING_REFUSAL : FINDING_WARNING, CHECK_PAM_AREA,
                         "%s", error.text);
            return any;
        }
        if (judged_find_lines(judged)) {
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
        findings_add(judged->findings, FINDING_GOOD, CHECK_PAM_AREA,
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
        findings_add(findings, FINDING_WARNING, CHECK_PAM_AREA, "%s", error.text);
    int count = scandir(paths->pam_directory, &entries, is_service_file, alphasort);
    if (count < 0) {
        findings_add(findings, FINDING_REFUSAL, CHECK_PAM_AREA, "cannot read %s: %s",
                     paths->pam_directory, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++)
        if (!pam_file_includes(paths->pam_directory, entries[i]->d_name, note_fragment, &fragments,
                               &error))
            findings_add(findings, FINDING_WARNING, CHECK_PAM_AREA, "%s", error.text);
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
        findings_add(findings, FINDING_WARNING, CHECK_PAM_AREA,
                     "no stack in %s runs %s: no login is scored; see pam_anomaly(8)",
                     paths->pam_directory, PAM_MODULE_FILE);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(module);
}
