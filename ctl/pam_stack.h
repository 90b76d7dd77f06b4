/*
 * A PAM stack as libpam reads it, and what libpam would answer for given answers of its modules: so
 * that a stack can be judged without touching anybody's login. The rules are those of Linux-PAM's
 * libpam/pam_handlers.c and pam_dispatch.c; tests compare the two.
 */
#ifndef CTL_PAM_STACK_H
#define CTL_PAM_STACK_H

#include <security/_pam_types.h>
#include <stddef.h>

#include "common/error.h"

#define PAM_INCLUDE_DEPTH_MAX 32 /* as in libpam */

enum pam_stage { PAM_STAGE_AUTH, PAM_STAGE_ACCOUNT, PAM_STAGE_SESSION, PAM_STAGE_COUNT };

const char *pam_stage_name(enum pam_stage stage);

enum pam_action {
    ACTION_IGNORE = 0,
    ACTION_OK = -1,
    ACTION_DONE = -2,
    ACTION_BAD = -3,
    ACTION_DIE = -4,
    ACTION_RESET = -5,
    /* above zero: a jump over so many lines */
};

struct pam_line {
    char *file; /* where it stands, for messages */
    unsigned number;
    char *module;                    /* as written; NULL for the mark at which a substack begins */
    char *arguments;                 /* the rest of the line */
    int actions[_PAM_RETURN_VALUES]; /* enum pam_action, or a jump */
    int level;                       /* depth of substacks */
    bool must_fail;                  /* libpam cannot read the line and fails there */
};

struct pam_stack {
    struct pam_line *lines;
    size_t count, capacity;
};

/*
 * Reads the lines of one stage of DIRECTORY/SERVICE, includes resolved. False with a sentence when
 * libpam would refuse the whole service.
 */
bool pam_stack_load(struct pam_stack *stack, const char *directory, const char *service,
                    enum pam_stage stage, struct error *error) MUST_USE;
void pam_stack_finish(struct pam_stack *stack);

/* Whether the line jumps, for some answer, past the end of its stack. */
bool pam_line_jumps_too_far(const struct pam_stack *stack, size_t index);

/* The name without its directory is that of the module. */
bool pam_line_runs(const struct pam_line *line, const char *module);

/* Whether an argument stands alone on the line. */
bool pam_line_has_argument(const struct pam_line *line, const char *argument);

/* What libpam hands to the module. False when memory ran out; finish it all the same. */
struct pam_arguments {
    char *text; /* the words lie here */
    const char **words;
    int count;
};
bool pam_line_split(const struct pam_line *line, struct pam_arguments *arguments) MUST_USE;
void pam_arguments_finish(struct pam_arguments *arguments);

/* What a module answers in a scenario: a PAM return value. */
typedef int pam_module_answer(const void *context, const struct pam_stack *stack, size_t index);

/*
 * What libpam would return. ran: when not NULL, count flags, set for the lines that were asked.
 * *bad_jump is set when a jump led past the end of its stack.
 */
int pam_stack_run(const struct pam_stack *stack, pam_module_answer *answer, const void *context,
                  bool *ran, bool *bad_jump);

/* Calls visit with every file that a service's file includes, by name as written. */
typedef void pam_include_visitor(void *context, const char *name);
bool pam_file_includes(const char *directory, const char *service, pam_include_visitor *visit,
                       void *context, struct error *error) MUST_USE;

#endif
