#include "ctl/pam_stack.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH_MAX 32 /* as in libpam */

static const char *const STAGE_NAMES[PAM_STAGE_COUNT] = {"auth", "account", "session"};

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

const char *pam_stage_name(enum pam_stage stage)
{
    return STAGE_NAMES[stage];
}

/* ---- one line ---- */

struct words {
    char *type, *control, *module, *rest;
};

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

static struct words split_line(char *text, bool *bracketed)
{
    struct words words = {0};
    text[strcspn(text, "#")] = '\0';
    words.type = take_word(&text);
    *bracketed = text[strspn(text, " \t")] == '[';
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

static void set_must_fail(struct pam_line *line)
{
    line->must_fail = true;
    for (size_t value = 0; value < _PAM_RETURN_VALUES; value++)
        line->actions[value] = ACTION_BAD;
}

/* ---- files ---- */

struct load {
    struct pam_stack *stack;
    const char *directory;
    enum pam_stage stage;
    pam_include_visitor *visit; /* instead of a stack: only the includes */
    void *visit_context;
    struct error *error;
};

static bool out_of_memory(struct error *error)
{
    return error_set(error, FAULT_CONFIG, "not enough memory to read the PAM stacks");
}

static struct pam_line *add_line(const struct load *load, const char *file, unsigned number,
                                 int level)
{
    struct pam_stack *stack = load->stack;
    if (stack->count == stack->capacity) {
        size_t capacity = stack->capacity == 0 ? 16 : 2 * stack->capacity;
        struct pam_line *lines = reallocarray(stack->lines, capacity, sizeof *lines);
        if (lines == NULL)
            return NULL;
        stack->lines = lines;
        stack->capacity = capacity;
    }
    struct pam_line *line = &stack->lines[stack->count];
    *line = (struct pam_line){.file = strdup(file), .number = number, .level = level};
    if (line->file == NULL)
        return NULL;
    stack->count++;
    return line;
}

static bool load_file(const struct load *load, const char *name, int level, int depth);

static bool load_module_line(const struct load *load, const char *file, unsigned number, int level,
                             const struct words *words, bool bracketed)
{
    struct pam_line *line = add_line(load, file, number, level);
    if (line == NULL)
        return out_of_memory(load->error);
    line->module = strdup(words->module != NULL ? words->module : "");
    line->arguments = strdup(words->rest);
    if (line->module == NULL || line->arguments == NULL)
        return out_of_memory(load->error);
    bool sound = words->module != NULL && words->control != NULL &&
                 (bracketed ? set_bracket_control(line, words->control)
                            : set_plain_control(line, words->control));
    if (!sound)
        set_must_fail(line);
    return true;
}

static bool load_line(const struct load *load, const char *file, unsigned number, char *text,
                      int level, int depth)
{
    bool bracketed;
    struct words words = split_line(text, &bracketed);
    if (words.type == NULL)
        return true;
    if (strcmp(words.type, "@include") == 0)
        return load_file(load, words.control != NULL ? words.control : "", level, depth + 1);
    bool include =
        words.control != NULL && !bracketed &&
        (strcmp(words.control, "include") == 0 || strcmp(words.control, "substack") == 0);
    if (load->visit != NULL) {
        if (include && words.module != NULL)
            load->visit(load->visit_context, words.module);
        return true;
    }
    const char *type = words.type + (words.type[0] == '-');
    if (strcasecmp(type, STAGE_NAMES[load->stage]) != 0)
        return true;
    if (!include)
        return load_module_line(load, file, number, level, &words, bracketed);
    bool substack = strcmp(words.control, "substack") == 0;
    if (substack && add_line(load, file, number, level) == NULL)
        return out_of_memory(load->error);
    return load_file(load, words.module != NULL ? words.module : "", level + substack, depth + 1);
}

/* One line of the file with its continuations. Returns lines read, 0 at the end. */
static unsigned read_logical_line(FILE *file, char **text, size_t *capacity)
{
    unsigned lines = 0;
    char *part = NULL;
    size_t part_capacity = 0, used = 0;
    ssize_t length;
    while ((length = getline(&part, &part_capacity, file)) > 0) {
        lines++;
        if (part[length - 1] == '\n')
            part[--length] = '\0';
        bool more = length > 0 && part[length - 1] == '\\' && part[strspn(part, " \t")] != '#';
        if (more)
            part[length - 1] = ' ';
        if (used + (size_t)length + 1 > *capacity) {
            char *larger = realloc(*text, used + (size_t)length + 1);
            if (larger == NULL)
                break;
            *text = larger;
            *capacity = used + (size_t)length + 1;
        }
        memcpy(*text + used, part, (size_t)length + 1);
        used += (size_t)length;
        if (!more)
            break;
    }
    free(part);
    return lines;
}

static bool load_file(const struct load *load, const char *name, int level, int depth)
{
    char path[PATH_MAX];
    if (load->visit != NULL && depth > 0) {
        load->visit(load->visit_context, name);
        return true;
    }
    if (depth > INCLUDE_DEPTH_MAX)
        return error_set(load->error, FAULT_CONFIG, "%s/%s is included by itself", load->directory,
                         name);
    snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : load->directory,
             name[0] == '/' ? "" : "/", name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set_errno(load->error, FAULT_CONFIG, errno,
                               "cannot read %s, so PAM refuses every login of that service", path);
    char *text = NULL;
    size_t capacity = 0;
    unsigned number = 0, lines;
    bool done = true;
    while (done && (lines = read_logical_line(file, &text, &capacity)) > 0) {
        done = load_line(load, path, number + 1, text, level, depth);
        number += lines;
    }
    free(text);
    fclose(file);
    return done;
}

bool pam_stack_load(struct pam_stack *stack, const char *directory, const char *service,
                    enum pam_stage stage, struct error *error)
{
    struct load load = {.stack = stack, .directory = directory, .stage = stage, .error = error};
    *stack = (struct pam_stack){0};
    if (load_file(&load, service, 0, 0))
        return true;
    pam_stack_finish(stack);
    return false;
}

bool pam_file_includes(const char *directory, const char *service, pam_include_visitor *visit,
                       void *context, struct error *error)
{
    struct load load = {
        .directory = directory, .visit = visit, .visit_context = context, .error = error};
    return load_file(&load, service, 0, 0);
}

void pam_stack_finish(struct pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        free(stack->lines[i].file);
        free(stack->lines[i].module);
        free(stack->lines[i].arguments);
    }
    free(stack->lines);
    *stack = (struct pam_stack){0};
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

/* ---- what libpam makes of it ---- */

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct judgement {
    enum impression impression;
    int status;
};

#define LEVELS_MAX (INCLUDE_DEPTH_MAX + 2)

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
