/* What the guard promises to the application that it runs in, and to the login that waits for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/check.h"
#include "common/clock.h"
#include "pam_module/guard.h"

#define SERVICE_UID 990
#define DEADLINE_US 100000
#define SLACK_US    500000
#define PATIENT_US  (INT64_C(60) * US_PER_S) /* for a worker that ends by itself */
#define TRIES       5                        /* on a busy machine one in time is enough */

static struct guard_identity identity;
static int kept_fd = -1;
static volatile sig_atomic_t signals_taken;

static void count_signal(int number)
{
    (void)number;
    signals_taken++;
}

static int set_up(void **state)
{
    (void)state;
    identity.uid = geteuid() == 0 ? SERVICE_UID : geteuid();
    identity.gid = geteuid() == 0 ? SERVICE_UID : getegid();
    kept_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return kept_fd == -1 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return close(kept_fd);
}

static bool run_for(int64_t deadline_us, guard_work *work, struct check_reply *reply,
                    struct error *error)
{
    *error = ERROR_NONE;
    return guard_run(&identity, clock_monotonic_us() + deadline_us, kept_fd, work, NULL, reply,
                     sizeof *reply, error);
}

static bool run(guard_work *work, struct check_reply *reply, struct error *error)
{
    return run_for(PATIENT_US, work, reply, error);
}

static unsigned count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    assert_int_equal(closedir(directory), 0);
    return count;
}

static void assert_nothing_left(unsigned descriptors)
{
    int status;

    assert_int_equal(waitpid(-1, &status, __WALL | WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(count_descriptors(), descriptors);
}

/* What was killed and got no processor to end on is left, which must not be the rule. */
static bool left_one_that_was_killed(void)
{
    int status;
    pid_t left = waitpid(-1, &status, __WALL);

    assert_true(left > 0 || errno == ECHILD);
    if (left > 0)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return left > 0;
}

static void reply_at_once(void *context, int reply_fd, int kept)
{
    struct check_reply reply = {.answer = VERDICT_STEP_UP, .learn = true};

    (void)context, (void)kept;
    guard_reply(reply_fd, &reply, sizeof reply);
}

static void test_reply_reaches_the_parent_unchanged(void **state)
{
    struct check_reply reply;
    struct error error;
    unsigned before = count_descriptors();

    (void)state;
    assert_true(run(reply_at_once, &reply, &error));
    assert_int_equal(reply.answer, VERDICT_STEP_UP);
    assert_true(reply.learn);
    assert_nothing_left(before);
}

static void die_by_abort(void *context, int reply_fd, int kept)
{
    (void)context, (void)reply_fd, (void)kept;
    abort();
}

static void die_by_signal(void *context, int reply_fd, int kept)
{
    sigset_t none;

    (void)reply_fd, (void)kept;
    sigemptyset(&none);
    signal(*(int *)context, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    raise(*(int *)context);
}

static void leave_silently(void *context, int reply_fd, int kept)
{
    (void)context, (void)reply_fd, (void)kept;
    _exit(0);
}

static void test_every_way_to_die_is_a_crash_with_its_name(void **state)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGKILL, SIGILL, SIGFPE, SIGXCPU};
    struct check_reply reply;
    struct error error;
    unsigned before = count_descriptors();

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        int number = signals[i];

        error = ERROR_NONE;
        assert_false(guard_run(&identity, clock_monotonic_us() + PATIENT_US, kept_fd, die_by_signal,
                               &number, &reply, sizeof reply, &error));
        assert_int_equal(error.fault, FAULT_CRASH);
        assert_non_null(strstr(error.text, sigabbrev_np(number)));
    }
    assert_false(run(die_by_abort, &reply, &error));
    assert_int_equal(error.fault, FAULT_CRASH);
    assert_false(run(leave_silently, &reply, &error));
    assert_int_equal(error.fault, FAULT_CRASH);
    assert_nothing_left(before);
}

static void hang(void *context, int reply_fd, int kept)
{
    (void)context, (void)reply_fd, (void)kept;
    for (;;)
        pause();
}

static void spin(void *context, int reply_fd, int kept)
{
    (void)context, (void)reply_fd, (void)kept;
    for (volatile unsigned i = 0;; i++)
        ;
}

static void test_a_hang_ends_at_the_deadline(void **state)
{
    guard_work *const works[] = {hang, spin};
    struct check_reply reply;
    struct error error;
    unsigned before = count_descriptors();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool in_time = false;

        for (int tries = 0; tries < TRIES && !in_time; tries++) {
            int64_t spent_us = -clock_monotonic_us();

            assert_false(run_for(DEADLINE_US, works[i], &reply, &error));
            spent_us += clock_monotonic_us();
            assert_int_equal(error.fault, FAULT_DEADLINE);
            assert_true(spent_us >= DEADLINE_US);
            in_time = !left_one_that_was_killed() && spent_us <= DEADLINE_US + SLACK_US;
        }
        assert_true(in_time);
    }
    assert_nothing_left(before);
}

static void reply_then_hang(void *context, int reply_fd, int kept)
{
    reply_at_once(context, reply_fd, kept);
    hang(context, reply_fd, kept);
}

static void test_a_hang_after_the_reply_costs_no_verdict(void **state)
{
    struct check_reply reply;
    struct error error;
    unsigned before = count_descriptors();
    bool replied = false;

    (void)state;
    /* It is waited for until the deadline, by which it has to have replied. */
    for (int64_t deadline_us = DEADLINE_US; !replied; deadline_us *= 2) {
        assert_true(deadline_us < PATIENT_US);
        replied = run_for(deadline_us, reply_then_hang, &reply, &error);
        assert_true(replied || error.fault == FAULT_DEADLINE);
        (void)left_one_that_was_killed();
    }
    assert_int_equal(reply.answer, VERDICT_STEP_UP);
    assert_nothing_left(before);
}

static void reply_short(void *context, int reply_fd, int kept)
{
    (void)context, (void)kept;
    if (write(reply_fd, "ok", 2) != 2)
        _exit(1);
}

static void test_a_reply_of_another_size_is_refused(void **state)
{
    struct check_reply reply;
    struct error error;

    (void)state;
    assert_false(run(reply_short, &reply, &error));
    assert_int_equal(error.fault, FAULT_CRASH);
}

static void test_the_application_sees_no_signal_and_no_child(void **state)
{
    struct sigaction counting = {.sa_handler = count_signal};
    struct sigaction before;
    struct sigaction after;
    struct check_reply reply;
    struct error error;
    int status;

    (void)state;
    assert_int_equal(sigaction(SIGCHLD, &counting, &before), 0);
    signals_taken = 0;
    assert_true(run(reply_at_once, &reply, &error));
    assert_false(run(die_by_abort, &reply, &error));
    assert_false(run_for(DEADLINE_US, hang, &reply, &error));
    assert_int_equal(signals_taken, 0);
    assert_int_equal(sigaction(SIGCHLD, NULL, &after), 0);
    assert_ptr_equal(after.sa_handler, count_signal);
    assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
    (void)left_one_that_was_killed();
    assert_int_equal(signals_taken, 0);
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

static void test_an_application_that_ignores_children_gets_its_answer(void **state)
{
    struct sigaction ignoring = {.sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT};
    struct sigaction before;
    struct check_reply reply;
    struct error error;

    (void)state;
    assert_int_equal(sigaction(SIGCHLD, &ignoring, &before), 0);
    assert_true(run(reply_at_once, &reply, &error));
    assert_false(run(die_by_abort, &reply, &error));
    assert_int_equal(error.fault, FAULT_CRASH);
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

static void test_an_applications_own_child_stays_its_own(void **state)
{
    struct check_reply reply;
    struct error error;
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(7);
    assert_int_not_equal(child, -1);
    assert_true(run(reply_at_once, &reply, &error));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* One bit for each thing that the worker could do and should not. */
static void try_everything(void *context, int reply_fd, int kept)
{
    struct check_reply reply = {.fault = FAULT_NONE};
    struct rlimit core;
    unsigned held = 0;

    (void)context;
    held |= (geteuid() != identity.uid || getegid() != identity.gid) ? 1 : 0;
    held |= identity.uid != 0 && setuid(0) == 0 ? 2 : 0;
    held |= prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ? 4 : 0;
    held |= prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ? 8 : 0;
    held |= getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 ? 16 : 0;
    for (int fd = 3; fd < 200; fd++)
        held |= fd != reply_fd && fd != kept && fcntl(fd, F_GETFD) != -1 ? 32 : 0;
    held |= fcntl(kept, F_GETFD) == -1 ? 64 : 0;
    held |= getgroups(0, NULL) != 0 && geteuid() == SERVICE_UID ? 128 : 0;
    if (geteuid() != 0 && geteuid() == SERVICE_UID)
        held |= fork() == 0 ? 256 : 0;
    snprintf(reply.text, sizeof reply.text, "%u", held);
    guard_reply(reply_fd, &reply, sizeof reply);
}

static void test_the_worker_holds_nothing_of_the_applications_power(void **state)
{
    struct check_reply reply;
    struct error error;
    int secret = open("/dev/null", O_RDONLY);

    (void)state;
    assert_true(secret >= 0);
    assert_true(run(try_everything, &reply, &error));
    assert_string_equal(reply.text, "0");
    assert_int_equal(close(secret), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_reaches_the_parent_unchanged),
        cmocka_unit_test(test_every_way_to_die_is_a_crash_with_its_name),
        cmocka_unit_test(test_a_hang_ends_at_the_deadline),
        cmocka_unit_test(test_a_hang_after_the_reply_costs_no_verdict),
        cmocka_unit_test(test_a_reply_of_another_size_is_refused),
        cmocka_unit_test(test_the_application_sees_no_signal_and_no_child),
        cmocka_unit_test(test_an_application_that_ignores_children_gets_its_answer),
        cmocka_unit_test(test_an_applications_own_child_stays_its_own),
        cmocka_unit_test(test_the_worker_holds_nothing_of_the_applications_power),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
