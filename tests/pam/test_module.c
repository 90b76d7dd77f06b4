/* What the module promises to a login, through the real libpam. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <grp.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/word.h"
#include "tests/pam/machine.h"

#define HOME "84.150.10.20 40000 10.0.0.1 22"
/* ssh-keygen -lf says this of the key below. */
#define KEY_FINGERPRINT "SHA256:mBB8qHmlMzf9e+WsH1Fntnbm4T4+ZPWJyIHeWFUyZhE"
#define ED25519                                                                                    \
    "publickey ssh-ed25519 "                                                                       \
    "AAAAC3NzaC1lZDI1NTE5AAAAIJ0i2BQIJVqMzqRMOUmoANr5/Bhj8Qr1ciNkMmDuxcNn\n"

/* Budgets that give a verdict to everybody, whatever the risk. */
#define ALLOW_ALL   "log_budget = 0\nstep_up_budget = 0\ndeny_budget = 0\n"
#define STEP_UP_ALL "log_budget = 1\nstep_up_budget = 1\ndeny_budget = 0\n"
#define DENY_ALL    "log_budget = 1\nstep_up_budget = 1\ndeny_budget = 1\nmin_history = 0\n"
#define ENFORCE     "mode = enforce\n"

static struct machine machine;

static int set_up(void **state)
{
    (void)state;
    machine_create(&machine, ALLOW_ALL);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    (void)machine_log(&machine);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machine_destroy(&machine);
    return 0;
}

static void test_an_allowed_login_passes_and_is_learned(void **state)
{
    struct login login = {.service = "sshd", .user = "alice", .connection = HOME};
    struct stored_login stored;
    struct profile profile;
    struct outcome outcome;
    const char *log;

    (void)state;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_SUCCESS);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_int_equal(outcome.open, PAM_SUCCESS);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    log = machine_log(&machine);
    assert_non_null(strstr(log, "pam_anomaly(sshd:auth): verdict=allow answer=allow mode=observe"));
    assert_non_null(strstr(log, "rhost=84.150.10.20 rport=40000"));
    assert_non_null(strstr(log, "user=\"alice\""));
    assert_null(strstr(log, "sshd:account"));
    machine_wait_login(&machine, "alice", STAGE_CLOSED, &stored);
    assert_int_equal(stored.record.assessment.verdict, VERDICT_ALLOW);
    assert_true(stored.record.event.learn);
    assert_true(machine_profile(&machine, "alice", &profile));
    assert_int_equal(profile.logins, 1);
    assert_int_equal(profile.attempts, 1);
}

static void test_a_public_key_login_is_judged_in_account_and_its_key_is_learned(void **state)
{
    struct login login = {.service = "sshd",
                          .user = "bob",
                          .connection = HOME,
                          .auth_info = ED25519,
                          .skip_auth = true};
    struct stored_login stored;
    struct profile profile;
    struct outcome outcome;

    (void)state;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "pam_anomaly(sshd:account): verdict=allow"));
    machine_wait_login(&machine, "bob", STAGE_CLOSED, &stored);
    assert_int_equal(stored.record.event.method, METHOD_PUBLICKEY);
    assert_string_equal(stored.record.event.key, KEY_FINGERPRINT);
    assert_true(machine_profile(&machine, "bob", &profile));
    assert_true(profile.key[0].key != 0);
}

static void test_a_wrong_password_is_an_attempt_and_teaches_nothing(void **state)
{
    struct login login = {
        .service = "sshd", .user = "carol", .connection = HOME, .wrong_password = true};
    struct stored_login stored;
    struct profile profile;
    struct outcome outcome;

    (void)state;
    machine_login(&machine, &login, &outcome);
    machine_wait_login(&machine, "carol", STAGE_ATTEMPT, &stored);
    assert_int_equal(stored.reached, STAGE_ATTEMPT);
    assert_true(machine_profile(&machine, "carol", &profile));
    assert_int_equal(profile.attempts, 1);
    assert_int_equal(profile.logins, 0);
    assert_true(profile.prefix[0].key == 0);
}

static void test_observing_denies_nobody_and_says_what_would_be(void **state)
{
    struct login login = {.service = "sshd", .user = "dave", .connection = HOME};
    struct stored_login stored;
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, DENY_ALL);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_int_equal(outcome.open, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "verdict=deny answer=log mode=observe"));
    machine_wait_login(&machine, "dave", STAGE_CLOSED, &stored);
    assert_false(stored.record.event.learn);
}

static void test_a_denial_in_auth_looks_like_a_wrong_password(void **state)
{
    struct login login = {.service = "sshd", .user = "eve", .connection = HOME};
    struct outcome outcome;
    const char *log;

    (void)state;
    machine_configure(&machine, ENFORCE DENY_ALL);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
    assert_int_equal(outcome.account, NOT_CALLED);
    assert_string_equal(outcome.message, "");
    log = machine_log(&machine);
    assert_non_null(strstr(log, "verdict=deny answer=deny mode=enforce"));
    assert_non_null(strstr(log, "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
                                "rhost=84.150.10.20  user=eve"));
}

static void test_a_denial_in_account_tells_the_user_what_is_configured(void **state)
{
    struct login login = {.service = "sshd", .user = "eve", .connection = HOME, .skip_auth = true};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, ENFORCE DENY_ALL "deny_message = Not now.\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_PERM_DENIED);
    assert_string_equal(outcome.message, "Not now.");
    machine_configure(&machine, ENFORCE DENY_ALL "deny_message =\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_PERM_DENIED);
    assert_string_equal(outcome.message, "");
}

static void test_a_second_factor_is_skipped_only_by_a_usual_login_that_is_enforced(void **state)
{
    struct login login = {.service = "step-up", .user = "frank", .connection = HOME};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, ENFORCE ALLOW_ALL);
    machine_login(&machine, &login, &outcome);
    assert_string_equal(outcome.message, "");
    machine_configure(&machine, ENFORCE STEP_UP_ALL);
    machine_login(&machine, &login, &outcome);
    assert_string_equal(outcome.message, "second factor");
    assert_int_equal(outcome.account, PAM_SUCCESS);
    machine_configure(&machine, ALLOW_ALL);
    machine_login(&machine, &login, &outcome);
    assert_string_equal(outcome.message, "second factor");
    machine_configure(&machine, ENFORCE ALLOW_ALL "model = /nonexistent/model\n");
    machine_login(&machine, &login, &outcome);
    assert_string_equal(outcome.message, "second factor");
}

static void test_root_and_exempt_users_and_networks_are_never_denied(void **state)
{
    struct login login = {.service = "sshd", .user = "root", .connection = HOME};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, ENFORCE DENY_ALL);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "rule=root"));
    machine_configure(&machine, ENFORCE DENY_ALL "deny_root = yes\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
    login.user = "gina";
    machine_configure(&machine, ENFORCE DENY_ALL "exempt_users = harry gina\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "rule=exempt"));
    machine_configure(&machine, ENFORCE DENY_ALL "exempt_networks = 84.150.0.0/16\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    machine_configure(&machine, ENFORCE DENY_ALL "exempt_networks = 84.151.0.0/16\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
}

static void test_members_of_an_exempt_group_are_never_denied(void **state)
{
    struct login login = {.service = "sshd", .user = "daemon", .connection = HOME};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, ENFORCE DENY_ALL "exempt_groups = nogroup daemon\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    machine_configure(&machine, ENFORCE DENY_ALL "exempt_groups = nogroup\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
}

static void test_users_with_little_history_are_not_denied(void **state)
{
    struct login login = {.service = "sshd", .user = "iris", .connection = HOME};
    struct outcome outcome;

    (void)state;
    machine_configure(&machine, ENFORCE "log_budget = 1\nstep_up_budget = 1\ndeny_budget = 1\n"
                                        "min_history = 3\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "verdict=step-up answer=step-up mode=enforce "
                                                  "rule=history"));
}

static void test_a_console_login_has_no_address_and_passes(void **state)
{
    struct login login = {.service = "login", .user = "jane"};
    struct stored_login stored;
    struct outcome outcome;
    const char *log;

    (void)state;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    log = machine_log(&machine);
    assert_non_null(strstr(log, "pam_anomaly(login:auth): verdict=allow"));
    assert_null(strstr(log, "rhost="));
    machine_wait_login(&machine, "jane", STAGE_CLOSED, &stored);
    assert_int_equal(stored.record.event.source.family, 0);
}

static void test_a_remote_host_that_is_a_name_is_not_resolved(void **state)
{
    struct login login = {.service = "sshd", .user = "kate", .remote_host = "host.example.com"};
    struct outcome outcome;

    (void)state;
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    assert_null(strstr(machine_log(&machine), "rhost="));
    login.remote_host = "::ffff:84.150.10.20";
    machine_login(&machine, &login, &outcome);
    assert_non_null(strstr(machine_log(&machine), "rhost=84.150.10.20 "));
}

static void test_names_of_any_bytes_and_length_stay_one_log_line(void **state)
{
    char longest[LOGIN_USER_BYTES];
    struct login login = {.service = "sshd", .connection = HOME};
    struct stored_login stored;
    struct outcome outcome;
    const char *log;

    (void)state;
    login.user = "x\n\"verdict=deny\x01\xff\\";
    machine_login(&machine, &login, &outcome);
    log = machine_log(&machine);
    assert_non_null(strstr(log, "user=\"x\\x0a\\x22verdict=deny\\x01\\xff\\x5c\""));
    machine_wait_login(&machine, login.user, STAGE_CLOSED, &stored);
    memset(longest, 'n', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    login.user = longest;
    machine_login(&machine, &login, &outcome);
    assert_non_null(strstr(machine_log(&machine), "nnnnnnnn\""));
    machine_wait_login(&machine, longest, STAGE_CLOSED, &stored);
}

static void test_a_temporary_exemption_works_with_the_store_gone(void **state)
{
    struct login login = {.service = "sshd", .user = "lena", .connection = HOME};
    struct outcome outcome;
    char path[160];
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/exemptions", machine.root);
    machine_configure(&machine, ENFORCE "on_fault = deny\nstore = /nonexistent\n");
    machine_configure_raw(&machine, "mode = enforce\non_fault = deny\nstore = /nonexistent\n");
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "user lena until 4102444800\n");
    assert_int_equal(fclose(file), 0);
    {
        char text[512];

        snprintf(text, sizeof text,
                 "mode = enforce\non_fault = deny\nstore = /nonexistent\nexemptions = %s\n", path);
        machine_configure_raw(&machine, text);
    }
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
}

/* ---- exceptions of the dashboard's ---- */

#define DASHBOARD_UID 991 /* in the service's group */

/* The directory that an installation gives it. */
static void make_dashboard(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/" WORD_DIRECTORY, machine.store);
    assert_int_equal(mkdir(path, 0770), 0);
    assert_int_equal(chown(path, DASHBOARD_UID, MACHINE_SERVICE_UID), 0);
    assert_int_equal(chmod(path, 02770), 0);
}

/* Said by the dashboard's user; until_s 0 revokes. */
static void say_exception(bool is_network, const char *subject, int64_t until_s)
{
    struct word word = {.kind = WORD_EXCEPTION,
                        .time_us = clock_utc_us(),
                        .by = "ada",
                        .exemption = {.is_network = is_network, .until_s = until_s}};
    int status;
    pid_t child;

    snprintf(word.exemption.subject, sizeof word.exemption.subject, "%s", subject);
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        _exit(setgroups(0, NULL) != 0 || setgid(MACHINE_SERVICE_UID) != 0 ||
              setuid(DASHBOARD_UID) != 0 || !word_append(machine.store, &word, NULL));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static bool published(const char *line)
{
    char path[128], text[4096];
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/" EXEMPTIONS_STORE_FILE, machine.store);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    return strstr(text, line) != NULL;
}

/* Until anomalyd has written that line, or removed it; a minute at least. */
static void wait_published(const char *line, bool wanted)
{
    const struct timespec pause = {.tv_nsec = 20000000};

    for (int tries = 0; tries < 3000 && published(line) != wanted; tries++)
        (void)nanosleep(&pause, NULL);
    assert_true(published(line) == wanted);
}

static void assert_gets_in(const char *user, bool gets_in)
{
    struct login login = {.service = "sshd", .user = user, .connection = HOME};
    struct outcome outcome;

    (void)machine_log(&machine);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, gets_in ? PAM_SUCCESS : PAM_AUTH_ERR);
    assert_int_equal(outcome.account, gets_in ? PAM_SUCCESS : NOT_CALLED);
    if (gets_in)
        assert_non_null(strstr(machine_log(&machine), "rule=exempt"));
}

static void test_an_exception_of_the_dashboard_lets_in_until_it_ends(void **state)
{
    int64_t until_s = clock_utc_us() / US_PER_S + 3600;
    char long_one[64];

    (void)state;
    snprintf(long_one, sizeof long_one, "user lena until %lld", (long long)until_s);
    make_dashboard();
    machine_configure(&machine, ENFORCE DENY_ALL);
    assert_gets_in("lena", false);
    say_exception(false, "lena", until_s);
    wait_published(long_one, true);
    assert_gets_in("lena", true);
    assert_gets_in("mia", false);
    say_exception(true, "84.150.0.0/16", until_s);
    wait_published("network 84.150.0.0/16", true);
    assert_gets_in("mia", true);
    say_exception(true, "84.150.0.0/16", 0);
    wait_published("network 84.150.0.0/16", false);
    assert_gets_in("mia", false);
    assert_gets_in("lena", true);
    until_s = clock_utc_us() / US_PER_S + 2; /* instead of the long one */
    say_exception(false, "lena", until_s);
    wait_published(long_one, false);
    while (clock_utc_us() / US_PER_S < until_s)
        (void)usleep(50000);
    assert_gets_in("lena", false);
}

/* The worker that the module forks reads it as anomalyd's checkers do. */
static void test_an_exception_of_the_dashboard_outlives_anomalyd(void **state)
{
    (void)state;
    make_dashboard();
    machine_configure(&machine, ENFORCE DENY_ALL);
    say_exception(false, "lena", clock_utc_us() / US_PER_S + 3600);
    wait_published("user lena until", true);
    machine_stop_daemon(&machine, SIGTERM);
    machine.daemon = 0;
    assert_gets_in("lena", true);
    assert_gets_in("mia", false);
}

static void test_a_damaged_file_of_exceptions_is_told_and_exempts_nobody_else(void **state)
{
    struct login login = {.service = "sshd", .user = "mia", .connection = HOME};
    char command[256];
    struct outcome outcome;

    (void)state;
    make_dashboard();
    machine_configure(&machine, ENFORCE DENY_ALL);
    say_exception(false, "nora", clock_utc_us() / US_PER_S + 3600);
    wait_published("user nora until", true); /* anomalyd writes it no more */
    snprintf(command, sizeof command,
             "cd %s && printf 'user lena until 4102444800\nuser mia\n' >exemptions && "
             "chown %d exemptions",
             machine.store, MACHINE_SERVICE_UID);
    assert_int_equal(system(command), 0);
    assert_gets_in("lena", true);
    (void)machine_log(&machine);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.auth, PAM_AUTH_ERR);
    assert_non_null(strstr(machine_log(&machine), "exemptions:2: write"));
    /* One that another user put there says nothing at all. */
    snprintf(command, sizeof command, "chown 12345 %s/exemptions", machine.store);
    assert_int_equal(system(command), 0);
    assert_gets_in("lena", false);
}

int main(void)
{
#define LOGIN_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LOGIN_TEST(test_an_allowed_login_passes_and_is_learned),
        LOGIN_TEST(test_a_public_key_login_is_judged_in_account_and_its_key_is_learned),
        LOGIN_TEST(test_a_wrong_password_is_an_attempt_and_teaches_nothing),
        LOGIN_TEST(test_observing_denies_nobody_and_says_what_would_be),
        LOGIN_TEST(test_a_denial_in_auth_looks_like_a_wrong_password),
        LOGIN_TEST(test_a_denial_in_account_tells_the_user_what_is_configured),
        LOGIN_TEST(test_a_second_factor_is_skipped_only_by_a_usual_login_that_is_enforced),
        LOGIN_TEST(test_root_and_exempt_users_and_networks_are_never_denied),
        LOGIN_TEST(test_members_of_an_exempt_group_are_never_denied),
        LOGIN_TEST(test_users_with_little_history_are_not_denied),
        LOGIN_TEST(test_a_console_login_has_no_address_and_passes),
        LOGIN_TEST(test_a_remote_host_that_is_a_name_is_not_resolved),
        LOGIN_TEST(test_names_of_any_bytes_and_length_stay_one_log_line),
        LOGIN_TEST(test_a_temporary_exemption_works_with_the_store_gone),
        LOGIN_TEST(test_an_exception_of_the_dashboard_lets_in_until_it_ends),
        LOGIN_TEST(test_an_exception_of_the_dashboard_outlives_anomalyd),
        LOGIN_TEST(test_a_damaged_file_of_exceptions_is_told_and_exempts_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
