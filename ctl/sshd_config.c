#include "ctl/sshd_config.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH_MAX 16 /* as in sshd */
#define SEPARATORS        " \t\r\n="

struct reading {
    struct sshd_config *config;
    bool use_pam_seen, methods_seen;
};

static bool starts_with_key(const char *list)
{
    static const char *const METHODS[] = {"publickey", "gssapi-with-mic", "hostbased"};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        size_t length = strlen(METHODS[i]);
        if (strncmp(list, METHODS[i], length) == 0 && strchr(",:", list[length]) != NULL &&
            list[length] != '\0')
            return true;
    }
    return strcmp(list, "publickey") == 0;
}

static void take_methods(struct reading *reading, char **saved)
{
    if (reading->methods_seen)
        return;
    reading->methods_seen = true;
    bool all = true;
    size_t lists = 0;
    for (char *list; (list = strtok_r(NULL, SEPARATORS "\"", saved)) != NULL; lists++)
        all = all && starts_with_key(list);
    reading->config->key_first = all && lists > 0;
}

static bool read_file(struct reading *reading, const char *path, int depth, bool *in_match,
                      struct error *error);

static bool include(struct reading *reading, char **saved, int depth, struct error *error)
{
    bool done = true;
    for (char *name; done && (name = strtok_r(NULL, SEPARATORS "\"", saved)) != NULL;) {
        char pattern[PATH_MAX];
        glob_t found = {0};
        snprintf(pattern, sizeof pattern, "%s%s", name[0] == '/' ? "" : "/etc/ssh/", name);
        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t i = 0; done && i < found.gl_pathc; i++) {
                bool in_match = false; /* a Match ends with its file */
                done = read_file(reading, found.gl_pathv[i], depth + 1, &in_match, error);
            }
        }
        globfree(&found);
    }
    return done;
}

static bool take_line(struct reading *reading, char *line, int depth, bool *in_match,
                      struct error *error)
{
    char *saved = NULL;
    line[strcspn(line, "#")] = '\0';
    const char *word = strtok_r(line, SEPARATORS, &saved);
    if (word == NULL)
        return true;
    if (strcasecmp(word, "Match") == 0)
        *in_match = true;
    if (*in_match)
        return true;
    if (strcasecmp(word, "Include") == 0)
        return include(reading, &saved, depth, error);
    if (strcasecmp(word, "AuthenticationMethods") == 0)
        take_methods(reading, &saved);
    if (strcasecmp(word, "UsePAM") == 0 && !reading->use_pam_seen) {
        const char *value = strtok_r(NULL, SEPARATORS "\"", &saved);
        reading->use_pam_seen = true;
        reading->config->use_pam = value != NULL && strcasecmp(value, "yes") == 0;
    }
    return true;
}

static bool read_file(struct reading *reading, const char *path, int depth, bool *in_match,
                      struct error *error)
{
    if (depth > INCLUDE_DEPTH_MAX)
        return error_set(error, FAULT_CONFIG, "%s is included by itself", path);
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT && depth == 0)
        return true;
    if (file == NULL)
        return error_set_errno(error, FAULT_CONFIG, errno, "cannot read %s", path);
    reading->config->found = true;
    char *line = NULL;
    size_t capacity = 0;
    bool done = true;
    while (done && getline(&line, &capacity, file) > 0)
        done = take_line(reading, line, depth, in_match, error);
    free(line);
    fclose(file);
    return done;
}

bool sshd_config_read(const char *path, struct sshd_config *config, struct error *error)
{
    struct reading reading = {.config = config};
    bool in_match = false;
    *config = (struct sshd_config){0};
    return read_file(&reading, path, 0, &in_match, error);
}
