/* anomalyctl check: stacks that are good, stacks that lock out or let in, and the examples. */
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

#include "ctl/check_pam.h"

#define OURS "pam_anomaly.so"
#define COMMON                                                                                     \
    "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"                    \
    "auth required pam_permit.so\n"
#define GOOD_AUTH "auth [default=ignore auth_err=bad] " OURS "\n" COMMON
#define GOOD_ACCOUNT                                                                               \
    "account [default=ignore perm_denied=die] " OURS "\naccount required pam_unix.so\n"
#define GOOD_SESSION  "session optional " OURS "\nsession required pam_unix.so\n"
#define SSHD_WITH_PAM "Port 22\nUsePAM yes\n"

static char directory[64];

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/check_pam_test.XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static void check(const char *stack, const char *sshd_config, enum config_mode mode,
                  struct findings *findings)
{
    static struct config config;
    char sshd_path[512];
    const struct check_pam_paths paths = {.pam_directory = directory,
                                          .sshd_config = sshd_path,
                                          .config_path = "/etc/security/pam_anomaly.conf"};
    snprintf(sshd_path, sizeof sshd_path, "%s/.sshd_config", directory);
    write_file("sshd", stack);
    write_file(".sshd_config", sshd_config);
    config_init(&config);
    config.mode = mode;
    *findings = (struct findings){0};
    check_pam(&paths, &config, findings);
}

/* The module itself is not installed where tests run: that one finding is expected and left out. */
static bool about_the_file(const struct finding *finding)
{
    return strstr(finding->text, "which is not installed") != NULL;
}

static const struct finding *find(const struct findings *findings, const char *text)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strstr(findings->list[i].text, text) != NULL)
            return &findings->list[i];
    return NULL;
}

static void assert_none_above(const struct findings *findings, enum severity severity,
                              const char *what)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].severity > severity && !about_the_file(&findings->list[i]))
            fail_msg("%s: %s", what, findings->list[i].text);
}

/* ---- stacks ---- */

static const struct {
    const char *stack, *sshd_config;
    enum severity severity;
    const char *text; /* NULL: nothing is found */
} CASES[] = {
    {GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM, FINDING_GOOD, NULL},
    /* the module's file is missing */
    {"auth required " OURS "\n" COMMON GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM, FINDING_REFUSAL,
     "nobody gets in when the module's file is missing"},
    {"auth requisite " OURS "\n" COMMON GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM, FINDING_REFUSAL,
     "nobody gets in when the module's file is missing"},
    {GOOD_AUTH "account required " OURS "\naccount required pam_unix.so\n" GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "nobody gets in when the module's file is missing"},
    {GOOD_AUTH GOOD_ACCOUNT "session required " OURS "\nsession required pam_unix.so\n",
     SSHD_WITH_PAM, FINDING_REFUSAL, "nobody gets in when the module's file is missing"},
    {"auth [default=1 auth_err=bad] " OURS "\nauth requisite pam_unix.so\n"
     "auth required pam_permit.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "everybody gets in when the module's file is missing"},
    /* a usual login proves nothing */
    {GOOD_AUTH "account sufficient " OURS "\naccount required pam_unix.so\n" GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "passes although every other module refuses it"},
    {GOOD_AUTH "account [success=1 default=ignore] " OURS "\naccount requisite pam_deny.so\n"
               "account required pam_permit.so\n" GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "passes although every other module refuses it"},
    {"auth [success=1 default=ignore auth_err=bad] " OURS " step_up\nauth required pam_otp.so\n"
     "auth required pam_permit.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "AuthenticationMethods does not ask for a key first"},
    {"auth [success=1 default=ignore auth_err=bad] " OURS " step_up\nauth required pam_otp.so\n"
     "auth required pam_permit.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM "AuthenticationMethods publickey,keyboard-interactive:pam\n", FINDING_GOOD,
     NULL},
    {"auth [success=1 default=ignore auth_err=bad] " OURS " step_up\nauth required pam_otp.so\n"
     "auth required pam_permit.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM "AuthenticationMethods publickey,keyboard-interactive:pam password\n",
     FINDING_REFUSAL, "AuthenticationMethods does not ask for a key first"},
    /* jumps and words that libpam cannot take */
    {"auth [success=4 default=ignore] " OURS " step_up\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "past the end of the stack"},
    {"auth [success=okay default=ignore] " OURS "\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "libpam cannot read this line"},
    /* step-up */
    {COMMON "auth [success=1 default=ignore auth_err=bad] " OURS " step_up\n"
            "auth required pam_otp.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_GOOD, NULL},
    {COMMON "auth [success=1 default=ignore auth_err=bad] " OURS " step_up\n"
            "auth required pam_permit.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_WARNING, "asks for nothing"},
    {COMMON "auth [default=ignore auth_err=bad] " OURS " step_up\n"
            "auth required pam_otp.so\n" GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_WARNING, "step_up without a jump on success"},
    /* what is not there */
    {GOOD_AUTH GOOD_SESSION, SSHD_WITH_PAM, FINDING_WARNING, "has no account line"},
    {GOOD_AUTH GOOD_ACCOUNT, SSHD_WITH_PAM, FINDING_WARNING, "has no session line"},
    {GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM, FINDING_WARNING, "has no auth line"},
    {COMMON, SSHD_WITH_PAM, FINDING_WARNING, "no stack in"},
    {GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION "@include nowhere\n", SSHD_WITH_PAM, FINDING_REFUSAL,
     "nowhere, so PAM refuses every login"},
    {COMMON "@include nowhere\n", SSHD_WITH_PAM, FINDING_WARNING,
     "nowhere, so PAM refuses every login"},
    /* enforcement that does nothing */
    {GOOD_AUTH "account optional " OURS "\naccount required pam_unix.so\n" GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_WARNING, "nobody is refused here"},
    {"auth optional " OURS "\n" COMMON GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM, FINDING_WARNING,
     "waits for the account stage"},
    /* sshd */
    {GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION, "UsePAM no\nUsePAM yes\n", FINDING_REFUSAL,
     "sshd never asks the module"},
    {GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION, "Match User a\n UsePAM yes\n", FINDING_REFUSAL,
     "sshd never asks the module"},
    {GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION, "usepam=\"yes\"\n", FINDING_GOOD, NULL},
    /* arguments */
    {"auth [default=ignore auth_err=bad] " OURS
     " conf=/root/other.conf\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_WARNING, "reads /root/other.conf"},
    {"auth [default=ignore auth_err=bad] " OURS
     " on_fault_config=deny\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "on_fault_config=deny refuses everybody"},
    {"auth [default=ignore auth_err=bad] " OURS " setp_up\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "unknown module argument \"setp_up\""},
    {GOOD_AUTH "account [default=ignore perm_denied=die] " OURS
               " debug\naccount required pam_unix.so\n" GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "line 5: unknown module argument \"debug\""},
    {GOOD_AUTH GOOD_ACCOUNT "session optional " OURS " conf=pam.conf\n", SSHD_WITH_PAM,
     FINDING_REFUSAL, "conf=pam.conf needs an absolute path"},
    {"auth [default=ignore auth_err=bad] " OURS
     " on_fault_config=maybe\n" COMMON GOOD_ACCOUNT GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_REFUSAL, "on_fault_config=maybe is not one of"},
    {"auth [default=ignore auth_err=bad] " OURS
     " conf=/etc/security/pam_anomaly.conf\t[on_fault_config=step_up]\n" COMMON GOOD_ACCOUNT
         GOOD_SESSION,
     SSHD_WITH_PAM, FINDING_GOOD, NULL},
};

static void judges_stacks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct findings findings;
        check(CASES[i].stack, CASES[i].sshd_config, MODE_ENFORCE, &findings);
        if (CASES[i].text == NULL) {
            assert_none_above(&findings, FINDING_GOOD, CASES[i].stack);
        } else {
            const struct finding *finding = find(&findings, CASES[i].text);
            if (finding == NULL)
                fail_msg("not found: \"%s\" in\n%s", CASES[i].text, CASES[i].stack);
            assert_int_equal(finding->severity, CASES[i].severity);
        }
        findings_finish(&findings);
    }
}

static void names_a_missing_module(void **state)
{
    struct findings findings;
    (void)state;
    check("auth optional /nowhere/" OURS "\n" COMMON GOOD_ACCOUNT GOOD_SESSION, SSHD_WITH_PAM,
          MODE_OBSERVE, &findings);
    const struct finding *finding = find(&findings, "which is not installed");
    assert_non_null(finding);
    assert_int_equal(finding->severity, FINDING_REFUSAL);
    assert_non_null(strstr(finding->text, "/nowhere/" OURS));
    findings_finish(&findings);
}

static void follows_sshd_includes(void **state)
{
    struct findings findings;
    char text[256];
    (void)state;
    write_file(".more", "Match all\nUsePAM no\n");
    write_file(".most", "UsePAM yes\n");
    snprintf(text, sizeof text, "Include %s/.more %s/.most\nUsePAM no\n", directory, directory);
    check(GOOD_AUTH GOOD_ACCOUNT GOOD_SESSION, text, MODE_ENFORCE, &findings);
    assert_none_above(&findings, FINDING_GOOD, "sshd_config with Include");
    findings_finish(&findings);
}

/* ---- the examples, judged and run ---- */

static const char *const EXAMPLES[] = {"sshd-observe", "sshd-enforce", "sshd-step-up", "login"};

static const struct {
    const char *name, *good, *bad;
} FRAGMENTS[] = {
    {"common-auth",
     "auth [success=1 default=ignore] pam_permit.so\nauth requisite pam_deny.so\n"
     "auth required pam_permit.so\n",
     "auth [success=1 default=ignore] pam_deny.so\nauth requisite pam_deny.so\n"
     "auth required pam_permit.so\n"},
    {"common-account", "account required pam_permit.so\n", "account requisite pam_deny.so\n"},
    {"common-session", "session required pam_permit.so\n", "session requisite pam_deny.so\n"},
    {"common-password", "password required pam_permit.so\n", "password requisite pam_deny.so\n"},
};

/* The example with includes in full, ours missing, and the second factor a stand-in. */
static void write_example(const char *name, const char *second_factor)
{
    char path[512], line[512], out[8192] = "";
    snprintf(path, sizeof path, "%s/%s", STACKS, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char changed[1024];
        char *module;
        if (strncmp(line, "@include ", 9) == 0)
            snprintf(changed, sizeof changed, "@include %s/%s", directory, line + 9);
        else if (line[0] != '#' && (module = strstr(line, "pam_google_authenticator.so")) != NULL)
            snprintf(changed, sizeof changed, "%.*s%s\n", (int)(module - line), line,
                     second_factor);
        else if (line[0] != '#' && (module = strstr(line, "pam_nologin.so")) != NULL)
            continue;
        else
            snprintf(changed, sizeof changed, "%s", line);
        strncat(out, changed, sizeof out - strlen(out) - 1);
    }
    fclose(file);
    write_file("run", out);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **answers,
                    void *context)
{
    (void)messages;
    (void)context;
    *answers = calloc((size_t)count, sizeof **answers);
    return *answers != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void run_stack(int *auth, int *account, int *session)
{
    const struct pam_conv conversation = {.conv = converse};
    pam_handle_t *handle = NULL;
    assert_int_equal(pam_start_confdir("run", "nobody", &conversation, directory, &handle),
                     PAM_SUCCESS);
    *auth = pam_authenticate(handle, PAM_SILENT);
    *account = pam_acct_mgmt(handle, PAM_SILENT);
    *session = pam_open_session(handle, PAM_SILENT);
    pam_end(handle, PAM_SUCCESS);
}

static void write_fragments(bool good)
{
    for (size_t i = 0; i < sizeof FRAGMENTS / sizeof *FRAGMENTS; i++)
        write_file(FRAGMENTS[i].name, good ? FRAGMENTS[i].good : FRAGMENTS[i].bad);
}

/* With the real libpam: a module that cannot be loaded changes nothing, whoever is right or wrong.
 */
static void examples_survive_a_missing_module(void **state)
{
    (void)state;
    write_file("other", "auth required pam_deny.so\n");
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        int auth, account, session;
        write_fragments(true);
        write_example(EXAMPLES[i], "pam_permit.so");
        run_stack(&auth, &account, &session);
        assert_int_equal(auth, PAM_SUCCESS);
        assert_int_equal(account, PAM_SUCCESS);
        assert_int_equal(session, PAM_SUCCESS);
        write_fragments(false);
        run_stack(&auth, &account, &session);
        assert_int_not_equal(auth, PAM_SUCCESS);
        assert_int_not_equal(account, PAM_SUCCESS);
        assert_int_not_equal(session, PAM_SUCCESS);
    }
    /* Without the module the second factor is asked of everybody. */
    int auth, account, session;
    write_fragments(true);
    write_example("sshd-step-up", "pam_deny.so");
    run_stack(&auth, &account, &session);
    assert_int_not_equal(auth, PAM_SUCCESS);
}

static void examples_are_good(void **state)
{
    (void)state;
    write_file("common-auth", COMMON);
    write_file("common-account", "account required pam_unix.so\n");
    write_file("common-session", "session required pam_unix.so\n");
    write_file("common-password", "password required pam_unix.so\n");
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        struct findings findings;
        char path[512], text[8192] = "";
        snprintf(path, sizeof path, "%s/%s", STACKS, EXAMPLES[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof text - 1, file) > 0);
        fclose(file);
        enum config_mode mode =
            strcmp(EXAMPLES[i], "sshd-enforce") == 0 || strcmp(EXAMPLES[i], "sshd-step-up") == 0
                ? MODE_ENFORCE
                : MODE_OBSERVE;
        check(text, SSHD_WITH_PAM, mode, &findings);
        assert_none_above(&findings, FINDING_GOOD, EXAMPLES[i]);
        findings_finish(&findings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(judges_stacks, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(names_a_missing_module, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(follows_sshd_includes, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(examples_survive_a_missing_module, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(examples_are_good, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
