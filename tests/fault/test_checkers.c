/* What a login does when anomalyd's checkers are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/request.h"
#include "common/clock.h"
#include "tests/pam/machine.h"

#define HOME        "84.150.10.20 40000 10.0.0.1 22"
#define ALLOW_ALL   "log_budget = 0\nstep_up_budget = 0\n"
#define DEADLINE_US 2000000
#define DEADLINE    "deadline = 2s\n"
#define SOON_US     (400000 + MACHINE_SLACK_US)
#define PATIENT_US  (INT64_C(60) * US_PER_S)
#define TRIES       5 /* on a busy machine one in time is enough */
#define KILLED      20
#ifdef PAM_ANOMALY_SANITIZED
#define SHORT_DEADLINE "deadline = 400ms\n"
#else
#define SHORT_DEADLINE "deadline = 50ms\n" /* the default */
#endif

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

static pid_t parent_of(pid_t pid)
{
    char path[64];
    char line[512];
    pid_t parent = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) != NULL)
        (void)sscanf(strrchr(line, ')') + 1, " %*c %d", &parent);
    (void)fclose(file);
    return parent;
}

/* To all checkers: grandchildren of anomalyd. */
static unsigned signal_checkers(int number)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    unsigned count = 0;

    assert_non_null(processes);
    while ((entry = readdir(processes)) != NULL) {
        pid_t pid = atoi(entry->d_name);

        if (pid > 0 && parent_of(parent_of(pid)) == machine.daemon && kill(pid, number) == 0)
            count++;
    }
    assert_int_equal(closedir(processes), 0);
    return count;
}

/* What the log says of an attempt; *spent_us: what it took. */
static const char *attempt_in(int64_t *spent_us)
{
    struct login login = {
        .service = "sshd", .user = "alice", .connection = HOME, .wrong_password = true};
    struct outcome outcome;

    *spent_us = -clock_monotonic_us();
    machine_login(&machine, &login, &outcome);
    *spent_us += clock_monotonic_us();
    assert_int_equal(outcome.auth, PAM_SUCCESS);
    return machine_log(&machine);
}

/* Returns what it took. */
static int64_t attempt(const char *expected)
{
    int64_t spent_us;
    const char *log = attempt_in(&spent_us);

    if (strstr(log, expected) == NULL)
        fail_msg("\"%s\" is not in: %s", expected, log);
    return spent_us;
}

static void run_in_root(const char *text)
{
    char command[512];

    snprintf(command, sizeof command, "R=%s; GEO=%s; %s", machine.root, GEO_FILE, text);
    assert_int_equal(system(command), 0);
}

static void test_checkers_serve_logins(void **state)
{
    (void)state;
    while (signal_checkers(0) < 2)
        (void)poll(NULL, 0, 10);
    (void)attempt("verdict=allow");
    machine_wait_logins(&machine, 1);
}

static void kill_checkers(void)
{
    while (signal_checkers(SIGKILL) == 0)
        (void)poll(NULL, 0, 1);
}

/* Not even the short deadline is missed, but by a busy machine now and then. */
static void test_checkers_that_are_killed_are_replaced_and_cost_no_verdict(void **state)
{
    int allowed = 0, late = 0;
    int64_t spent_us;

    (void)state;
    for (int i = 1; i <= KILLED; i++) {
        kill_checkers();
        (void)attempt("verdict=allow");
    }
    machine_wait_logins(&machine, KILLED);
    machine_configure(&machine, ALLOW_ALL SHORT_DEADLINE);
    while (allowed < KILLED) {
        const char *log;

        kill_checkers();
        log = attempt_in(&spent_us);
        if (strstr(log, "verdict=allow") != NULL)
            allowed++;
        else if (strstr(log, "fault=deadline") == NULL || ++late > 2 * KILLED)
            fail_msg("%d were allowed, %d late, and then: %s", allowed, late, log);
    }
    if (late == 0) /* else some records may be late, too */
        machine_wait_logins(&machine, 2 * KILLED);
    while (signal_checkers(0) < 2)
        (void)poll(NULL, 0, 10);
}

static void test_what_is_sent_to_the_whole_group_ends_nothing(void **state)
{
    (void)state;
    while (signal_checkers(SIGHUP) < 2)
        (void)poll(NULL, 0, 10);
    assert_int_equal(kill(machine.daemon, SIGHUP), 0);
    (void)attempt("verdict=allow");
    assert_true(signal_checkers(0) >= 2);
}

/* The optional part takes nothing down. */
static void test_without_a_socket_logins_check_themselves_and_are_folded_in(void **state)
{
    (void)state;
    machine_stop_daemon(&machine, SIGTERM);
    run_in_root("rm -f $R/store/check.socket; mkdir $R/store/check.socket");
    machine_start_daemon(&machine);
    (void)attempt("verdict=allow");
    machine_wait_logins(&machine, 1);
    run_in_root("rmdir $R/store/check.socket");
}

static void test_checkers_that_hang_cost_the_deadline_and_no_record(void **state)
{
    int tries = 0;

    (void)state;
    while (signal_checkers(0) < 2)
        (void)poll(NULL, 0, 10);
    assert_true(signal_checkers(SIGSTOP) >= 2);
    machine_configure(&machine, ALLOW_ALL DEADLINE);
    do
        assert_true(tries++ < TRIES);
    while (attempt("fault=deadline answer=allow") >= DEADLINE_US + MACHINE_SLACK_US);
    assert_true(signal_checkers(SIGCONT) >= 2);
    machine_configure(&machine, ALLOW_ALL);
    (void)attempt("verdict=allow");
    machine_wait_logins(&machine, tries + 1);
}

/* Often enough that each checker had its turn. */
static void attempts(const char *expected)
{
    int soon = 0;

    for (int i = 0; i < 16; i++)
        soon += attempt(expected) < SOON_US;
    assert_true(soon > 0);
}

static void test_what_a_checker_keeps_open_is_what_is_there(void **state)
{
    char options[256];

    (void)state;
    snprintf(options, sizeof options, "geo = %s/geo.mmdb\n" ALLOW_ALL, machine.root);
    run_in_root("cp $GEO $R/geo.mmdb");
    machine_configure(&machine, options);
    attempts("country=DE");
    run_in_root("echo damaged >$R/new; mv $R/new $R/geo.mmdb");
    attempts("fault=geo");
    run_in_root("cp $GEO $R/new; mv $R/new $R/geo.mmdb");
    attempts("country=DE");
    run_in_root("echo damaged >$R/store/model.forest; chown 990:990 $R/store/model.forest");
    attempts("fault=model");
    run_in_root("rm $R/store/model.forest");
    attempts("verdict=allow");
    machine_configure(&machine, ALLOW_ALL); /* geo = none */
    (void)attempt("verdict=allow");
}

static uid_t listen_uid;

/* Takes the job and answers it with what no checker answers. */
static int answer_nonsense(int fd)
{
    char bytes[65536];
    int attached = -1;
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};

    if (recvmsg(fd, &message, 0) <= 0 || CMSG_FIRSTHDR(&message) == NULL)
        return 1;
    memcpy(&attached, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof attached);
    memset(bytes, 0xff, sizeof bytes);
    /* And whatever is sent the other way does not arrive. */
    if (send(fd, bytes, 1, MSG_NOSIGNAL) != -1)
        return 2;
    return write(attached, bytes, sizeof(struct check_reply)) == sizeof(struct check_reply) ? 0 : 3;
}

static int expect_nothing(int fd)
{
    char byte;

    return recv(fd, &byte, 1, 0) == 0 ? 0 : 1;
}

/* In the place of the checkers, for one connection. */
static pid_t listen_instead(int (*converse)(int fd))
{
    int directory = open(machine.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error error = ERROR_NONE;
    int listen_fd;
    pid_t pid;

    if (machine.daemon != 0)
        machine_stop_daemon(&machine, SIGTERM);
    assert_int_equal(seteuid(listen_uid), 0);
    assert_true(check_listen(directory, &listen_fd, &error));
    assert_int_equal(seteuid(0), 0);
    pid = fork();
    if (pid == 0) {
        int fd = accept(listen_fd, NULL, NULL);

        _exit(fd != -1 ? converse(fd) : 9);
    }
    assert_int_not_equal(pid, -1);
    assert_int_equal(close(listen_fd), 0);
    assert_int_equal(close(directory), 0);
    return pid;
}

static void test_a_reply_that_no_checker_sends_costs_no_verdict(void **state)
{
    bool soon = false;
    int status;

    (void)state;
    listen_uid = MACHINE_SERVICE_UID;
    for (int tries = 0; tries < TRIES && !soon; tries++) {
        pid_t pid = listen_instead(answer_nonsense);

        soon = attempt("verdict=allow") < SOON_US;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    assert_true(soon);
}

/* A listener that nobody gives a job to: all that it may see is a connection's end. */
static void test_nobody_else_is_asked(void **state)
{
    bool soon = false;
    int status;

    (void)state;
    listen_uid = 0;
    for (int tries = 0; tries < TRIES && !soon; tries++) {
        pid_t pid = listen_instead(expect_nothing);

        soon = attempt("verdict=allow") < SOON_US;
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
    }
    assert_true(soon);
}

static void test_a_link_is_not_followed(void **state)
{
    bool soon = false;
    int status;

    (void)state;
    listen_uid = MACHINE_SERVICE_UID;
    for (int tries = 0; tries < TRIES && !soon; tries++) {
        pid_t pid = listen_instead(expect_nothing);

        run_in_root("mv $R/store/check.socket $R/store/elsewhere && "
                    "ln -s elsewhere $R/store/check.socket");
        soon = attempt("verdict=allow") < SOON_US;
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status)); /* nobody came */
        run_in_root("rm $R/store/check.socket $R/store/elsewhere");
    }
    assert_true(soon);
}

static void test_a_checker_serves_nobody_but_root_and_its_own_user(void **state)
{
    int directory = open(machine.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    static struct check_job job = {.task = CHECK_ASSESS};
    struct check_reply reply;
    int status;
    pid_t pid;

    (void)state;
    while (signal_checkers(0) < 2)
        (void)poll(NULL, 0, 10);
    config_init(&job.config);
    snprintf(job.config.store, sizeof job.config.store, "%s", machine.store);
    snprintf(job.config.geo, sizeof job.config.geo, "none");
    login_record_init(&job.record);
    job.deadline_us = clock_monotonic_us() + PATIENT_US;
    job.record.event.id = login_id_make(clock_utc_us(), 1);
    job.record.event.time_us = clock_utc_us();
    strcpy(job.record.event.user, "alice");
    assert_int_equal(chmod(machine.store, 0755), 0);
    pid = fork();
    if (pid == 0) {
        char path[256];

        snprintf(path, sizeof path, "%s/" CHECK_SOCKET_FILE, machine.store);
        if (chmod(path, 0666) != 0 || setuid(1234) != 0)
            _exit(2);
        _exit(check_ask(directory, MACHINE_SERVICE_UID, &job, &reply) ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(check_ask(directory, MACHINE_SERVICE_UID, &job, &reply));
    assert_int_equal(close(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_checkers_serve_logins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_checkers_that_are_killed_are_replaced_and_cost_no_verdict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkers_that_hang_cost_the_deadline_and_no_record,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_checker_keeps_open_is_what_is_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_reply_that_no_checker_sends_costs_no_verdict, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_else_is_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_sent_to_the_whole_group_ends_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_without_a_socket_logins_check_themselves_and_are_folded_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_checker_serves_nobody_but_root_and_its_own_user,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
