/*
 * No allocation is left after pam_end, whatever the login's check came to. Whoever runs this
 * program counts: valgrind, or the sanitizer it is built with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pam/machine.h"

#define HOME "84.150.10.20 40000 10.0.0.1 22"

/* Long enough for an instrumented check, and for one that hangs not too long. */
#define PATIENT   "deadline = 5s\nlog_budget = 0\nstep_up_budget = 0\n"
#define IMPATIENT "deadline = 1s\n"

static struct machine machine;

static int set_up(void **state)
{
    (void)state;
    machine_create(&machine, PATIENT);
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

static void whole_login(const char *service, const char *expected)
{
    struct login login = {.service = service, .user = "alice", .connection = HOME};
    struct outcome outcome;
    const char *log;

    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_SUCCESS);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_int_equal(outcome.open, PAM_SUCCESS);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    log = machine_log(&machine);
    if (strstr(log, expected) == NULL)
        fail_msg("\"%s\" is not in: %s", expected, log);
}

static void with_worker(const char *service, const char *worker)
{
    char command[1024];

    if (machine.daemon != 0) /* its checkers are sound */
        machine_stop_daemon(&machine, SIGTERM);
    snprintf(command, sizeof command, "sed 's#[^ ]*/pam_anomaly.so#%s/%s#' %s/sshd >%s/%s",
             BAD_WORKER_DIRECTORY, worker, machine.stacks, machine.stacks, service);
    assert_int_equal(system(command), 0);
}

static void test_an_allowed_login_keeps_no_memory(void **state)
{
    (void)state;
    whole_login("sshd", "verdict=allow answer=allow");
    whole_login("step-up", "verdict=allow answer=allow");
    machine_wait_logins(&machine, 2);
}

static void test_a_login_that_checks_itself_keeps_no_memory(void **state)
{
    (void)state;
    machine_stop_daemon(&machine, SIGTERM);
    whole_login("sshd", "verdict=allow answer=allow");
}

static void test_a_denied_login_keeps_no_memory(void **state)
{
    struct login login = {.service = "sshd", .user = "alice", .connection = HOME};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, "deadline = 5s\nmode = enforce\nlog_budget = 1\n"
                                "step_up_budget = 1\ndeny_budget = 1\nmin_history = 0\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
    login.skip_auth = true;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_PERM_DENIED);
}

static void test_a_check_that_fails_keeps_no_memory(void **state)
{
    (void)state;
    with_worker("crash", "worker_abort.so");
    whole_login("crash", "fault=crash");
    machine_configure(&machine, IMPATIENT);
    with_worker("hang", "worker_hang.so");
    whole_login("hang", "fault=deadline");
}

static void test_a_login_without_a_store_or_configuration_keeps_no_memory(void **state)
{
    (void)state;
    machine_configure_raw(&machine, "store = /nonexistent/store\n");
    whole_login("sshd", "fault=store");
    machine_configure_raw(&machine, "deny_everybody = yes\n");
    whole_login("sshd", "fault=config");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_allowed_login_keeps_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_login_that_checks_itself_keeps_no_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_denied_login_keeps_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_check_that_fails_keeps_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_login_without_a_store_or_configuration_keeps_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
