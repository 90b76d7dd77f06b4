/*
 * What a login leaves behind in the process that calls PAM: nothing. And what it takes meanwhile:
 * little. The same for a check that crashes, hangs, or has no store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/pam/machine.h"

#define CONNECTION  "84.150.10.20 40000 10.0.0.1 22"
#define KEY_LINE    "SSH_AUTH_INFO_0=password\n"
#define MOST_KIB    4096
#define MOST_FDS    256
#define REPETITIONS 3
#define TRIES       5

#define ALLOW_ALL "log_budget = 0\nstep_up_budget = 0\n"

static struct machine machine;

/* ---- what a process has ---- */

struct belongings {
    bool fds[MOST_FDS];
    unsigned threads;
    struct sigaction actions[NSIG];
    sigset_t blocked;
    cpu_set_t processors;
    struct itimerval timer;
    mode_t umask;
    struct rlimit limits[RLIMIT_NLIMITS];
};

static unsigned count_entries(const char *path, bool numbers[MOST_FDS])
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    unsigned count = 0;

    if (directory == NULL)
        return 0;
    while ((entry = readdir(directory)) != NULL) {
        long number = strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] == '.')
            continue;
        count++;
        if (numbers != NULL && number < MOST_FDS && number != dirfd(directory))
            numbers[number] = true;
    }
    (void)closedir(directory);
    return count;
}

static void look(struct belongings *has)
{
    memset(has, 0, sizeof *has);
    (void)count_entries("/proc/self/fd", has->fds);
    has->threads = count_entries("/proc/self/task", NULL);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, NULL, &has->actions[number]);
    (void)sigprocmask(SIG_SETMASK, NULL, &has->blocked);
    (void)sched_getaffinity(0, sizeof has->processors, &has->processors);
    (void)getitimer(ITIMER_REAL, &has->timer);
    memset(&has->timer.it_value, has->timer.it_value.tv_sec != 0, sizeof has->timer.it_value);
    has->umask = umask(0);
    (void)umask(has->umask);
    for (int i = 0; i < (int)RLIMIT_NLIMITS; i++)
        (void)getrlimit((__rlimit_resource_t)i, &has->limits[i]);
}

static bool has_child(void)
{
    siginfo_t info = {0};

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

static bool is_mapped(const char *name)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");

    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL)
        found = strstr(line, name) != NULL;
    if (maps != NULL)
        (void)fclose(maps);
    return found;
}

/* ---- the login process: a child, so that it is as fresh as sshd's ---- */

struct report {
    bool sound;
    char why[256];
    long before_kib, peak_kib, after_kib; /* private memory; the peak with shared files in it */
    long worker_kib; /* what the workers had at most, above the login process */
    size_t allocated_before, allocated_after;
};

/* Only the first failure is told. */
static void expect(struct report *report, bool held, const char *what, const char *when)
{
    if (held || !report->sound)
        return;
    report->sound = false;
    snprintf(report->why, sizeof report->why, "%s %s", what, when);
}

static bool same_actions(const struct sigaction before[NSIG], const struct sigaction now[NSIG])
{
    for (int number = 1; number < NSIG; number++) {
        if (before[number].sa_handler != now[number].sa_handler ||
            before[number].sa_flags != now[number].sa_flags)
            return false;
    }
    return true;
}

static void expect_same(struct report *report, const struct belongings *before, const char *when)
{
    struct belongings now;

    look(&now);
    expect(report, memcmp(before->fds, now.fds, sizeof now.fds) == 0, "other descriptors", when);
    expect(report, before->threads == now.threads, "another thread", when);
    expect(report, same_actions(before->actions, now.actions), "another signal disposition", when);
    expect(report, memcmp(&before->blocked, &now.blocked, sizeof now.blocked) == 0,
           "another signal mask", when);
    expect(report, CPU_EQUAL(&before->processors, &now.processors), "other processors", when);
    expect(report, memcmp(&before->timer, &now.timer, sizeof now.timer) == 0, "another timer",
           when);
    expect(report, before->umask == now.umask, "another umask", when);
    expect(report, memcmp(before->limits, now.limits, sizeof now.limits) == 0, "another limit",
           when);
    expect(report, !has_child(), "a child", when);
}

static volatile sig_atomic_t signals_taken;

static void take_signal(int number)
{
    (void)number;
    signals_taken++;
}

static int say_nothing(int count, const struct pam_message **messages,
                       struct pam_response **responses, void *context)
{
    (void)messages, (void)context;
    *responses = calloc((size_t)count, sizeof **responses);
    return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void login(struct report *report, const char *service, const struct belongings *before)
{
    static const struct pam_conv CONVERSATION = {.conv = say_nothing};
    pam_handle_t *handle = NULL;

    expect(report,
           pam_start_confdir(service, "alice", &CONVERSATION, machine.stacks, &handle) ==
               PAM_SUCCESS,
           "PAM did not start", "");
    if (handle == NULL)
        return;
    (void)pam_putenv(handle, "SSH_CONNECTION=" CONNECTION);
    expect(report, pam_authenticate(handle, 0) == PAM_SUCCESS, "refused", "in auth");
    expect_same(report, before, "after auth");
    expect(report, pam_acct_mgmt(handle, 0) == PAM_SUCCESS, "refused", "in account");
    expect_same(report, before, "after account");
    (void)pam_putenv(handle, KEY_LINE);
    (void)pam_setcred(handle, PAM_ESTABLISH_CRED);
    expect(report, pam_open_session(handle, 0) == PAM_SUCCESS, "refused", "in open_session");
    expect_same(report, before, "while the session is open");
    expect(report, pam_close_session(handle, 0) == PAM_SUCCESS, "refused", "in close_session");
    (void)pam_setcred(handle, PAM_DELETE_CRED);
    expect(report, is_mapped("pam_anomaly.so"), "the module is not mapped", "before pam_end");
    expect(report, pam_end(handle, PAM_SUCCESS) == PAM_SUCCESS, "PAM did not end", "");
    expect_same(report, before, "after pam_end");
    expect(report, signals_taken == 0, "a signal was sent", "to the application");
}

/* The sum of the lines of a proc file that begin so, in KiB. */
static long sum_of(const char *path, const char *first, const char *second)
{
    char line[256];
    long sum = 0;
    FILE *file = fopen(path, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, first, strlen(first)) == 0 ||
            (second != NULL && strncmp(line, second, strlen(second)) == 0))
            sum += strtol(strchr(line, ':') + 1, NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return sum;
}

static long private_kib(void)
{
    return sum_of("/proc/self/smaps_rollup", "Private_Clean:", "Private_Dirty:");
}

static void forget_peak(struct report *report)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    expect(report, fd != -1 && write(fd, "5", 1) == 1, "the memory's peak", "cannot be reset");
    if (fd != -1)
        (void)close(fd);
}

/* As an application with signals of its own, whose handlers, mask and timer must stay. */
static void prepare_signals(void)
{
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
    sigset_t blocked;

    for (int number = 1; number < SIGRTMIN; number++) {
        if (number != SIGSEGV && number != SIGBUS && number != SIGILL && number != SIGFPE &&
            number != SIGABRT && number != SIGTRAP)
            (void)sigaction(number, &action, NULL);
    }
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    (void)alarm(1000);
}

/* Files that are shared with every other process count in the peak: it is more than is asked for.
 */
static void measure_memory(struct report *report, const char *service,
                           const struct belongings *before)
{
    struct rusage workers;
    long resident_kib;

    forget_peak(report);
    report->before_kib = private_kib();
    resident_kib = sum_of("/proc/self/status", "VmRSS", NULL);
    login(report, service, before);
    report->peak_kib = sum_of("/proc/self/status", "VmHWM", NULL) - resident_kib;
    report->after_kib = private_kib();
    (void)getrusage(RUSAGE_CHILDREN, &workers);
    report->worker_kib = workers.ru_maxrss - resident_kib;
}

/* Caches of libc and of the loader are filled by the first logins. */
static void measure_allocations(struct report *report, const char *service,
                                const struct belongings *before)
{
    for (int i = 0; i < REPETITIONS; i++)
        login(report, service, before);
    report->allocated_before = mallinfo2().uordblks;
    for (int i = 0; i < REPETITIONS; i++)
        login(report, service, before);
    report->allocated_after = mallinfo2().uordblks;
}

static struct report run_login_process(const char *service)
{
    struct report *report =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct report result;
    int status;
    pid_t pid;

    assert_true(report != MAP_FAILED);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        static struct belongings before;

        report->sound = true;
        prepare_signals();
        look(&before);
        measure_memory(report, service, &before);
        measure_allocations(report, service, &before);
        expect(report, !is_mapped("pam_anomaly.so"), "the module stayed mapped", "after pam_end");
        exit(0); /* with the sanitizer's look for leaks */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    result = *report;
    assert_int_equal(munmap(report, sizeof *report), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return result;
}

/*
 * A worker that is late is killed, and left to the kernel when it gets no processor to end on: so
 * such a login may be tried again.
 */
static void check(const char *service, unsigned tries)
{
    struct report report = run_login_process(service);

    while (--tries > 0 && !report.sound && strncmp(report.why, "a child ", 8) == 0)
        report = run_login_process(service);

    if (!report.sound)
        fail_msg("%s: %s", service, report.why);
#ifndef PAM_ANOMALY_SANITIZED /* shadow memory is no memory of the module's */
    print_message("%s: private %ld KiB before, %ld after; at most %ld more resident meanwhile, "
                  "%ld in a worker\n",
                  service, report.before_kib, report.after_kib, report.peak_kib, report.worker_kib);
    assert_true(report.peak_kib <= MOST_KIB);
    assert_true(report.worker_kib <= MOST_KIB);
    assert_true(report.after_kib - report.before_kib <= MOST_KIB);
    assert_int_equal(report.allocated_before, report.allocated_after);
#endif
    (void)machine_log(&machine);
}

/* ---- the paths ---- */

/* With a short deadline: so long a hang takes, and a log that is full of complaints. */
static void stack_with_worker(const char *service, const char *worker)
{
    char command[1024];

    machine_configure(&machine, "deadline = 300ms\n" ALLOW_ALL);
    machine_stop_daemon(&machine, SIGTERM); /* its checkers are sound */
    snprintf(command, sizeof command, "sed 's#[^ ]*/pam_anomaly.so#%s/%s#' %s/sshd >%s/%s",
             BAD_WORKER_DIRECTORY, worker, machine.stacks, machine.stacks, service);
    assert_int_equal(system(command), 0);
}

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

static void test_a_login_leaves_nothing_behind_and_takes_little(void **state)
{
    (void)state;
    check("sshd", 1);
    machine_wait_logins(&machine, 1 + 2 * REPETITIONS);
}

static void test_so_does_one_that_checks_itself(void **state)
{
    (void)state;
    machine_stop_daemon(&machine, SIGTERM);
    check("sshd", 1);
}

static void test_so_does_one_whose_check_crashes(void **state)
{
    (void)state;
    stack_with_worker("crash", "worker_abort.so");
    check("crash", TRIES);
}

static void test_so_does_one_whose_check_hangs(void **state)
{
    (void)state;
    stack_with_worker("hang", "worker_hang.so");
    check("hang", TRIES);
}

static void test_so_does_one_without_a_store(void **state)
{
    (void)state;
    machine_configure_raw(&machine, "store = /nonexistent/store\n");
    check("sshd", 1);
}

static void test_so_does_one_with_a_wrong_configuration(void **state)
{
    (void)state;
    machine_configure_raw(&machine, "deny_everybody = yes\n");
    check("sshd", 1);
}

/* Blocks in malloc's cache of a thread would count as allocated. */
static void run_without_cache(char **argv)
{
    static const char *const NAME = "GLIBC_TUNABLES";
    static const char *const VALUE = "glibc.malloc.tcache_count=0";

    if (getenv(NAME) == NULL && setenv(NAME, VALUE, 1) == 0)
        (void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_login_leaves_nothing_behind_and_takes_little, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_that_checks_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_whose_check_crashes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_whose_check_hangs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_without_a_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_so_does_one_with_a_wrong_configuration, set_up,
                                        tear_down),
    };

    (void)argc;
    run_without_cache(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
