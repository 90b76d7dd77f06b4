#include "ctl/pam_stack.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/pam_line.h"

static const char *const STAGE_NAMES[PAM_STAGE_COUNT] = {"auth", "account", "session"};

const char *pam_stage_name(enum pam_stage stage)
{
    return STAGE_NAMES[stage];
}

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
                             const struct pam_words *words)
{
    struct pam_line *line = add_line(load, file, number, level);
    if (line == NULL)
        return out_of_memory(load->error);
    line->module = strdup(words->module != NULL ? words->module : "");
    line->arguments = strdup(words->rest);
    if (line->module == NULL || line->arguments == NULL)
        return out_of_memory(load->error);
    pam_line_set_control(line, words);
    return true;
}

static bool load_line(const struct load *load, const char *file, unsigned number, char *text,
                      int level, int depth)
{
    struct pam_words words = pam_words_split(text);
    if (words.type == NULL)
        return true;
    if (strcmp(words.type, "@include") == 0)
        return load_file(load, words.control != NULL ? words.control : "", level, depth + 1);
    bool include =
        words.control != NULL && !words.bracketed &&
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
        return load_module_line(load, file, number, level, &words);
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
    if (depth > PAM_INCLUDE_DEPTH_MAX)
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
