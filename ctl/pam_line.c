#include "ctl/pam_line.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the return values in security/_pam_types.h. */
static const char *const RETURN_NAMES[_PAM_RETURN_VALUES] = {"success",
                                                             "open_err",
                                                             "symbol_err",
                                                             "service_err",
                                                             "system_err",
                                                             "buf_err",
                                                             "perm_denied",
                                                             "auth_err",
                                                             "cred_insufficient",
                                                             "authinfo_unavail",
                                                             "user_unknown",
                                                             "maxtries",
                                                             "new_authtok_reqd",
                                                             "acct_expired",
                                                             "session_err",
                                                             "cred_unavail",
                                                             "cred_expired",
                                                             "cred_err",
                                                             "no_module_data",
                                                             "conv_err",
                                                             "authtok_err",
                                                             "authtok_recover_err",
                                                             "authtok_lock_busy",
                                                             "authtok_disable_aging",
                                                             "try_again",
                                                             "ignore",
                                                             "abort",
                                                             "authtok_expired",
                                                             "module_unknown",
                                                             "bad_item",
                                                             "conv_again",
                                                             "incomplete"};

static const struct {
    const char *name;
    enum pam_action success, ignore, otherwise;
} CONTROLS[] = {
    {"required", ACTION_OK, ACTION_IGNORE, ACTION_BAD},
    {"requisite", ACTION_OK, ACTION_IGNORE, ACTION_DIE},
    {"optional", ACTION_OK, ACTION_IGNORE, ACTION_IGNORE},
    {"sufficient", ACTION_DONE, ACTION_IGNORE, ACTION_IGNORE},
};

static const struct {
    const char *name;
    enum pam_action action;
} ACTIONS[] = {{"ignore", ACTION_IGNORE}, {"ok", ACTION_OK},   {"done", ACTION_DONE},
               {"bad", ACTION_BAD},       {"die", ACTION_DIE}, {"reset", ACTION_RESET}};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* The next word of *at, a [bracketed one] as a whole; NULL at the end. */
static char *take_word(char **at)
{
    char *start = *at + strspn(*at, " \t\r\n");
    char *end;
    if (*start == '\0')
        return NULL;
    if (*start == '[') {
        end = strchr(++start, ']');
        if (end == NULL)
            end = start + strlen(start);
    } else {
        end = start + strcspn(start, " \t\r\n");
    }
    *at = *end == '\0' ? end : end + 1;
    *end = '\0';
    return start;
}

struct pam_words pam_words_split(char *text)
{
    struct pam_words words = {0};
    text[strcspn(text, "#")] = '\0';
    words.type = take_word(&text);
    words.bracketed = text[strspn(text, " \t")] == '[';
    words.control = take_word(&text);
    words.module = take_word(&text);
    words.rest = text + strspn(text, " \t\r\n");
    words.rest[strcspn(words.rest, "\r\n")] = '\0';
    return words;
}

static bool set_plain_control(struct pam_line *line, const char *control)
{
    for (size_t i = 0; i < COUNT_OF(CONTROLS); i++) {
        if (strcasecmp(control, CONTROLS[i].name) != 0)
            continue;
        for (size_t value = 0; value < _PAM_RETURN_VALUES; value++)
            line->actions[value] = CONTROLS[i].otherwise;
        line->actions[PAM_SUCCESS] = CONTROLS[i].success;
        line->actions[PAM_NEW_AUTHTOK_REQD] = CONTROLS[i].success;
        line->actions[PAM_IGNORE] = CONTROLS[i].ignore;
        return true;
    }
    return false;
}

static bool parse_action(const char *text, int *action)
{
    for (size_t i = 0; i < COUNT_OF(ACTIONS); i++)
        if (strcasecmp(text, ACTIONS[i].name) == 0) {
            *action = ACTIONS[i].action;
            return true;
        }
    char *end;
    long jump = strtol(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || jump <= 0 || jump > 1000)
        return false;
    *action = (int)jump;
    return true;
}

#define ACTION_UNSET INT_MIN

/* "value=action …"; what is not named gets the default, which is bad where none is named. */
static bool set_bracket_control(struct pam_line *line, char *control)
{
    int otherwise = ACTION_BAD;
    char *saved = NULL;
    for (size_t value = 0; value < _PAM_RETURN_VALUES; value++)
        line->actions[value] = ACTION_UNSET;
    for (char *pair = strtok_r(control, " \t", &saved); pair != NULL;
         pair = strtok_r(NULL, " \t", &saved)) {
        char *equals = strchr(pair, '=');
        int action;
        if (equals == NULL || !parse_action(equals + 1, &action))
            return false;
        *equals = '\0';
        size_t value = 0;
        while (value < _PAM_RETURN_VALUES && strcasecmp(pair, RETURN_NAMES[value]) != 0)
            value++;
        if (value < _PAM_RETURN_VALUES)
            line->actions[value] = action;
        else if (strcasecmp(pair, "default") == 0)
            otherwise = action;
        else
            return false;
    }
    for (size_t value = 0; value < _PAM_RETURN_VALUES; value++)
        if (line->actions[value] == ACTION_UNSET)
            line->actions[value] = otherwise;
    return true;
}

void pam_line_set_control(struct pam_line *line, const struct pam_words *words)
{
    bool sound = words->module != NULL && words->control != NULL &&
                 (words->bracketed ? set_bracket_control(line, words->control)
                                   : set_plain_control(line, words->control));
    if (sound)
        return;
    line->must_fail = true;
    for (size_t value = 0; value < _PAM_RETURN_VALUES; value++)
        line->actions[value] = ACTION_BAD;
}

bool pam_line_runs(const struct pam_line *line, const char *module)
{
    if (line->module == NULL)
        return false;
    const char *slash = strrchr(line->module, '/');
    return strcmp(slash != NULL ? slash + 1 : line->module, module) == 0;
}

bool pam_line_has_argument(const struct pam_line *line, const char *argument)
{
    size_t length = strlen(argument);
    const char *at = line->arguments;
    while (at != NULL && *at != '\0') {
        at += strspn(at, " \t");
        size_t word = strcspn(at, " \t");
        if (word == length && strncmp(at, argument, length) == 0)
            return true;
        at += word;
    }
    return false;
}

/* The next word of *at, as libpam cuts arguments: [one with blanks] is one, and \\] in it is a ].
 */
static char *take_argument(char **at)
{
    char *start = *at + strspn(*at, " \t\n");
    if (*start == '\0')
        return NULL;
    if (*start != '[') {
        *at = start + strcspn(start, " \t\n");
        if (**at != '\0')
            *(*at)++ = '\0';
        return start;
    }
    char *to = ++start, *from = start;
    for (; *from != '\0' && *from != ']'; from++) {
        if (from[0] == '\\' && from[1] == ']')
            from++;
        *to++ = *from;
    }
    *at = *from == '\0' ? from : from + 1;
    *to = '\0';
    return start;
}

bool pam_line_split(const struct pam_line *line, struct pam_arguments *arguments)
{
    size_t most = strlen(line->arguments) / 2 + 1;
    *arguments = (struct pam_arguments){.text = strdup(line->arguments),
                                        .words = calloc(most, sizeof(const char *))};
    if (arguments->text == NULL || arguments->words == NULL)
        return false;
    char *at = arguments->text, *word;
    while ((size_t)arguments->count < most && (word = take_argument(&at)) != NULL)
        arguments->words[arguments->count++] = word;
    return true;
}

void pam_arguments_finish(struct pam_arguments *arguments)
{
    free(arguments->text);
    free(arguments->words);
    *arguments = (struct pam_arguments){0};
}
