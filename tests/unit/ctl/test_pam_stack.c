/* ctl/pam_stack answers what the real libpam answers: seeded random stacks of pam_debug.so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/pam_stack.h"

#define STACKS 3000

static char directory[] = "/tmp/pam_stack_test.XXXXXX";
static uint64_t seed = 20260309;

static unsigned draw(unsigned limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % limit;
}

static const struct {
    const char *name;
    int value;
} ANSWERS[] = {{"success", PAM_SUCCESS},
               {"success", PAM_SUCCESS},
               {"auth_err", PAM_AUTH_ERR},
               {"perm_denied", PAM_PERM_DENIED},
               {"ignore", PAM_IGNORE},
               {"new_authtok_reqd", PAM_NEW_AUTHTOK_REQD},
               {"user_unknown", PAM_USER_UNKNOWN},
               {"acct_expired", PAM_ACCT_EXPIRED}};
#define ANSWER_COUNT (sizeof ANSWERS / sizeof *ANSWERS)

static const char *const ACTIONS[] = {"ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3"};
static const char *const PLAIN[] = {"required", "requisite", "optional", "sufficient"};

static void write_control(FILE *file)
{
    if (draw(2) == 0) {
        fputs(PLAIN[draw(4)], file);
        return;
    }
    fputc('[', file);
    for (unsigned i = 0, pairs = draw(4); i < pairs; i++)
        fprintf(file, "%s=%s ", ANSWERS[draw(ANSWER_COUNT)].name, ACTIONS[draw(9)]);
    if (draw(3) > 0)
        fprintf(file, "default=%s", ACTIONS[draw(9)]);
    fputc(']', file);
}

static void write_lines(FILE *file, unsigned depth)
{
    for (unsigned i = 0, lines = 1 + draw(5); i < lines; i++) {
        if (depth < 2 && draw(6) == 0) {
            /* In full: libpam 1.5 looks for relative names in /etc/pam.d, whatever the directory.
             */
            fprintf(file, "%s %s/part%u\n",
                    draw(3) == 0   ? "@include"
                    : draw(2) == 0 ? "auth include"
                                   : "auth substack",
                    directory, depth + 1);
            continue;
        }
        fputs(draw(8) == 0 ? "-auth " : "auth ", file);
        write_control(file);
        if (draw(7) == 0)
            fputs(" /nowhere/pam_missing.so\n", file);
        else
            fprintf(file, " pam_debug.so \\\n auth=%s # words\n", ANSWERS[draw(ANSWER_COUNT)].name);
        if (draw(5) == 0)
            fputs("account required pam_deny.so\n\n", file);
    }
}

static void write_file(const char *name, unsigned depth)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    write_lines(file, depth);
    assert_int_equal(fclose(file), 0);
}

/* libpam wants it to be there. */
static void write_other(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/other", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("auth required pam_deny.so\n", file);
    assert_int_equal(fclose(file), 0);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **answers,
                    void *context)
{
    (void)messages;
    (void)context;
    *answers = calloc((size_t)count, sizeof **answers);
    return *answers != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int real_answer(void)
{
    const struct pam_conv conversation = {.conv = converse};
    pam_handle_t *handle = NULL;
    int started = pam_start_confdir("stack", "nobody", &conversation, directory, &handle);
    if (started != PAM_SUCCESS)
        return started;
    int value = pam_authenticate(handle, PAM_SILENT);
    pam_end(handle, value);
    return value;
}

static int written_answer(const void *context, const struct pam_stack *stack, size_t index)
{
    (void)context;
    const struct pam_line *line = &stack->lines[index];
    if (pam_line_runs(line, "pam_missing.so"))
        return PAM_MODULE_UNKNOWN;
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        char argument[64];
        snprintf(argument, sizeof argument, "auth=%s", ANSWERS[i].name);
        if (pam_line_has_argument(line, argument))
            return ANSWERS[i].value;
    }
    fail_msg("%s line %u has no answer: %s", line->file, line->number, line->arguments);
    return PAM_ABORT;
}

static void print_stack(void)
{
    static const char *const NAMES[] = {"stack", "part1", "part2"};
    for (size_t i = 0; i < 3; i++) {
        char command[256];
        snprintf(command, sizeof command, "echo '--- %s' >&2; cat %s/%s >&2", NAMES[i], directory,
                 NAMES[i]);
        (void)!system(command);
    }
}

static void equals_libpam(void **state)
{
    (void)state;
    size_t passed = 0, jumped_too_far = 0;
    assert_non_null(mkdtemp(directory));
    write_other();
    for (unsigned i = 0; i < STACKS; i++) {
        struct pam_stack stack;
        struct error error = ERROR_NONE;
        bool bad_jump = false;
        write_file("stack", 0);
        write_file("part1", 1);
        write_file("part2", 2);
        if (!pam_stack_load(&stack, directory, "stack", PAM_STAGE_AUTH, &error))
            fail_msg("%s", error.text);
        int ours = pam_stack_run(&stack, written_answer, NULL, NULL, &bad_jump);
        int theirs = real_answer();
        if (ours != theirs) {
            print_stack();
            fail_msg("stack %u: libpam says %d, pam_stack_run() %d", i, theirs, ours);
        }
        passed += ours == PAM_SUCCESS;
        jumped_too_far += bad_jump;
        pam_stack_finish(&stack);
    }
    /* The stacks were of all kinds. */
    assert_in_range(passed, STACKS / 20, STACKS);
    assert_in_range(jumped_too_far, STACKS / 50, STACKS);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

static void splits_arguments(void **state)
{
    static const struct {
        const char *text;
        int count;
        const char *words[3];
    } CASES[] = {
        {"", 0, {NULL}},
        {"step_up", 1, {"step_up"}},
        {" a\t b  c ", 3, {"a", "b", "c"}},
        {"[a b] c", 2, {"a b", "c"}},
        {"[a\\]b]c", 2, {"a]b", "c"}},
        {"a[b c", 2, {"a[b", "c"}},
        {"[a b", 1, {"a b"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", CASES[i].text);
        const struct pam_line line = {.arguments = text};
        struct pam_arguments arguments;
        assert_true(pam_line_split(&line, &arguments));
        assert_int_equal(arguments.count, CASES[i].count);
        for (int word = 0; word < CASES[i].count; word++)
            assert_string_equal(arguments.words[word], CASES[i].words[word]);
        pam_arguments_finish(&arguments);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_libpam),
                                       cmocka_unit_test(splits_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
