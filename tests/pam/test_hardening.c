/* What neither a user, a limit, a full disk nor a check gone wrong can make of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/pam/machine.h"

#define HOME "84.150.10.20 40000 10.0.0.1 22"
#define KEY                                                                                        \
    "publickey ssh-ed25519 "                                                                       \
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ0i2BQIJVqMzqRMOUmoANr5/Bhj8Qr1ciNkMmDuxcNn\n"

#define ALLOW_ALL "log_budget = 0\nstep_up_budget = 0\ndeny_budget = 0\n"
#define DENY_ALL                                                                                   \
    "mode = enforce\nlog_budget = 1\nstep_up_budget = 1\ndeny_budget = 1\nmin_history = 0\n"

#define OWN_BYTES ((size_t)160 << 20) /* of a large application */

static struct machine machine;

static int set_up(void **state)
{
    (void)state;
    machine_create(&machine, ALLOW_ALL);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machine_destroy(&machine);
    return 0;
}

static void run_in_root(const char *text)
{
    char command[512];

    snprintf(command, sizeof command, "R=%s; %s", machine.root, text);
    assert_int_equal(system(command), 0);
}

static struct outcome attempt(const char *service, const char *user)
{
    struct login login = {
        .service = service, .user = user, .connection = HOME, .wrong_password = true};
    struct outcome outcome;

    machine_login(&machine, &login, &outcome);
    return outcome;
}

static void expect_log(const char *words)
{
    const char *log = machine_log(&machine);

    if (strstr(log, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, log);
}

static void test_a_denial_that_cannot_be_recorded_stays_a_denial(void **state)
{
    (void)state;
    machine_configure(&machine, DENY_ALL "on_fault = allow\n");
    assert_int_equal(attempt("sshd", "alice").auth, PAM_AUTH_ERR);
    (void)machine_log(&machine);
    machine_stop_daemon(&machine, SIGTERM);
    run_in_root("truncate -s 1G $R/store/login.journal");
    assert_int_equal(attempt("sshd", "alice").auth, PAM_AUTH_ERR);
    expect_log("fault=store answer=deny");
}

static void test_uid_0_under_another_name_is_not_denied_and_not_logged_as_denied(void **state)
{
    char path[160];

    (void)state;
    snprintf(path, sizeof path, "%s/passwd", machine.root);
    run_in_root("cp /etc/passwd $R/passwd; echo 'toor:x:0:0::/root:/bin/sh' >>$R/passwd");
    assert_int_equal(mount(path, "/etc/passwd", NULL, MS_BIND, NULL), 0);
    machine_configure(&machine, DENY_ALL);
    assert_int_equal(attempt("sshd", "toor").auth, PAM_SUCCESS);
    expect_log("verdict=step-up answer=step-up mode=enforce rule=root");
    machine_configure(&machine, DENY_ALL "deny_root = yes\n");
    assert_int_equal(attempt("sshd", "toor").auth, PAM_AUTH_ERR);
    assert_int_equal(umount("/etc/passwd"), 0);
}

/* As sshd goes on with the same PAM handle: the key was never judged as a key. */
static void test_a_key_behind_a_failed_password_is_not_learned(void **state)
{
    struct login login = {.service = "sshd", .user = "alice", .connection = HOME, .auth_info = KEY};
    struct stored_login stored;
    struct profile profile;
    struct outcome outcome;

    (void)state;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    machine_wait_login(&machine, "alice", STAGE_CLOSED, &stored);
    assert_int_equal(stored.record.event.method, METHOD_PUBLICKEY);
    assert_false(stored.record.event.learn);
    assert_true(machine_profile(&machine, "alice", &profile));
    assert_int_equal(profile.logins, 0);
}

static void test_whoever_is_exempt_is_learned_too(void **state)
{
    struct login login = {.service = "sshd", .user = "alice", .connection = HOME};
    struct stored_login stored;
    struct profile profile;
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, DENY_ALL "exempt_users = alice\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    expect_log("verdict=log answer=log mode=enforce rule=exempt");
    machine_wait_login(&machine, "alice", STAGE_CLOSED, &stored);
    assert_true(machine_profile(&machine, "alice", &profile));
    assert_int_equal(profile.logins, 1);
}

static void test_a_faulty_configuration_is_answered_as_its_sound_line_says(void **state)
{
    (void)state;
    machine_configure_raw(&machine, "deny_everybody = yes\non_fault_config = deny\n");
    assert_int_equal(attempt("sshd", "alice").auth, PAM_AUTH_ERR);
    machine_configure_raw(&machine, "deny_everybody = yes\n# on_fault_config = deny\n");
    assert_int_equal(attempt("sshd", "alice").auth, PAM_SUCCESS);
    machine_configure_raw(&machine, "deny_everybody = yes\non_fault_config = maybe\n");
    assert_int_equal(attempt("sshd", "alice").auth, PAM_SUCCESS);
}

static void test_a_store_with_the_group_root_is_refused(void **state)
{
    (void)state;
    run_in_root("chgrp 0 $R/store");
    (void)attempt("sshd", "alice");
    expect_log("has the group root");
    run_in_root("chgrp 990 $R/store");
}

/* The parent bounds the answer, whoever gave it. */
static void test_a_check_gone_wrong_denies_nobody_while_observing_nor_root(void **state)
{
    char command[1024];

    (void)state;
    machine_stop_daemon(&machine, SIGTERM);
    snprintf(command, sizeof command,
             "sed 's#[^ ]*/pam_anomaly.so#%s/worker_deny.so#' %s/sshd >%s/wrong",
             BAD_WORKER_DIRECTORY, machine.stacks, machine.stacks);
    assert_int_equal(system(command), 0);
    assert_int_equal(attempt("wrong", "alice").auth, PAM_SUCCESS);
    machine_configure(&machine, "mode = enforce\nexempt_users = bob\n");
    assert_int_equal(attempt("wrong", "alice").auth, PAM_AUTH_ERR);
    assert_int_equal(attempt("wrong", "bob").auth, PAM_SUCCESS);
    assert_int_equal(attempt("wrong", "root").auth, PAM_SUCCESS);
}

static bool raises_hard_limits(void)
{
    static const struct rlimit LOW = {8, 8}, HIGH = {16, 16};
    int status;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0)
        _exit(setrlimit(RLIMIT_FSIZE, &LOW) == 0 && setrlimit(RLIMIT_FSIZE, &HIGH) == 0 ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status == 0;
}

/* For a process that has as little as whoever runs su may leave it. */
static bool take_all_away(void)
{
    static const struct rlimit NOTHING = {0, 0};
    int free_fd = open("/dev/null", O_RDONLY);
    bool raises = raises_hard_limits(); /* not every container's root does */
    struct rlimit files;

    (void)close(free_fd);
    (void)signal(SIGINT, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return false;
    files.rlim_cur = (rlim_t)free_fd + 2;
    if (raises)
        files.rlim_max = files.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &files) == 0 &&
           (!raises || setrlimit(RLIMIT_FSIZE, &NOTHING) == 0);
}

static void attempt_with_little(void)
{
    int status;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        if (!take_all_away())
            _exit(2);
        _exit(attempt("sshd", "alice").auth == PAM_AUTH_ERR ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    expect_log("verdict=deny answer=deny");
}

static void test_limits_that_a_user_chose_weaken_no_answer(void **state)
{
    (void)state;
    machine_configure(&machine, DENY_ALL);
    attempt_with_little();
    machine_stop_daemon(&machine, SIGTERM);
    attempt_with_little();
}

static void test_a_large_application_checks_itself_like_a_small_one(void **state)
{
    char *own = mmap(NULL, OWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(own != MAP_FAILED);
    machine_stop_daemon(&machine, SIGTERM);
    (void)attempt("sshd", "alice");
    expect_log("verdict=allow answer=allow");
    assert_int_equal(munmap(own, OWN_BYTES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_denial_that_cannot_be_recorded_stays_a_denial,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_uid_0_under_another_name_is_not_denied_and_not_logged_as_denied, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_a_key_behind_a_failed_password_is_not_learned, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_whoever_is_exempt_is_learned_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_faulty_configuration_is_answered_as_its_sound_line_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_store_with_the_group_root_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_check_gone_wrong_denies_nobody_while_observing_nor_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limits_that_a_user_chose_weaken_no_answer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_application_checks_itself_like_a_small_one,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
