/*
 * login_flood CONFDIR STACK IN_FLIGHT SECONDS THINK_MS KILL_EVERY_MS
 * IN_FLIGHT processes hold a login each, all the time: a login starts PAM, waits as a login waits
 * for its client (evenly spread around THINK_MS), is scored, accepted and answered, and the next
 * one begins. With KILL_EVERY_MS > 0 a random process is killed that often and replaced.
 *
 * Every login has an address and port of its own. Prints the logins answered per second and the
 * time that the module took of each (authenticate + account); writes the numbers of the logins that
 * were answered to standard output's companion file, CONFDIR/../answered, one per line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define MAX_LOGINS    2000000
#define MAX_IN_FLIGHT 2000

struct shared {
    atomic_uint next;
    atomic_bool stop;
    uint32_t us[MAX_LOGINS]; /* 0: not answered */
};

static struct shared *shared;

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *context)
{
    (void)count, (void)messages, (void)responses, (void)context;
    return PAM_CONV_ERR;
}

static void think(unsigned milliseconds, unsigned *seed)
{
    if (milliseconds > 0)
        (void)poll(NULL, 0, (int)(milliseconds / 2 + (unsigned)rand_r(seed) % milliseconds));
}

static bool one_login(const char *confdir, const char *stack, unsigned number, unsigned think_ms,
                      unsigned *seed)
{
    struct pam_conv conversation = {.conv = converse};
    pam_handle_t *handle;
    char connection[96];
    char user[32];
    int64_t spent_us;
    int status;

    snprintf(user, sizeof user, "user%u", number % 1000);
    snprintf(connection, sizeof connection, "SSH_CONNECTION=84.%u.%u.%u %u 10.0.0.1 22",
             128 + (number >> 16) % 64, (number >> 8) & 255, number & 255, 1024 + number % 60000);
    if (pam_start_confdir(stack, user, &conversation, confdir, &handle) != PAM_SUCCESS)
        return false;
    if (pam_putenv(handle, connection) != PAM_SUCCESS)
        return false;
    think(think_ms, seed);
    spent_us = -clock_monotonic_us();
    status = pam_authenticate(handle, 0);
    if (status == PAM_SUCCESS)
        status = pam_acct_mgmt(handle, 0);
    spent_us += clock_monotonic_us();
    (void)pam_end(handle, status);
    if (status == PAM_SUCCESS)
        shared->us[number] = (uint32_t)(spent_us > 0 ? spent_us : 1);
    return status == PAM_SUCCESS;
}

static pid_t start_process(const char *confdir, const char *stack, unsigned think_ms, unsigned seed)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!atomic_load(&shared->stop)) {
        unsigned number = atomic_fetch_add(&shared->next, 1);

        if (number >= MAX_LOGINS || !one_login(confdir, stack, number, think_ms, &seed))
            _exit(1);
    }
    _exit(0);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void report(const char *confdir, unsigned in_flight, double seconds, unsigned killed)
{
    unsigned started = atomic_load(&shared->next);
    uint32_t *us = calloc(started + 1, sizeof *us);
    unsigned answered = 0;
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/../answered", confdir);
    file = fopen(path, "w");
    if (us == NULL || file == NULL)
        exit(1);
    for (unsigned number = 0; number < started && number < MAX_LOGINS; number++)
        if (shared->us[number] != 0) {
            us[answered++] = shared->us[number];
            fprintf(file, "%u\n", number);
        }
    if (fclose(file) != 0)
        exit(1);
    qsort(us, answered, sizeof *us, by_size);
    if (answered == 0)
        exit(1);
    printf("in_flight=%u seconds=%.1f started=%u answered=%u killed=%u per_second=%.0f "
           "p50_ms=%.2f p90_ms=%.2f p99_ms=%.2f max_ms=%.2f\n",
           in_flight, seconds, started, answered, killed, answered / seconds,
           us[answered / 2] / 1e3, us[answered * 9 / 10] / 1e3,
           us[(uint64_t)answered * 99 / 100] / 1e3, us[answered - 1] / 1e3);
    free(us);
}

int main(int argc, char **argv)
{
    static pid_t processes[MAX_IN_FLIGHT];
    unsigned in_flight, think_ms, kill_ms;
    unsigned killed = 0;
    unsigned seed = 1;
    int64_t start_us, end_us;

    if (argc != 7 || (in_flight = (unsigned)atoi(argv[3])) < 1 || in_flight > MAX_IN_FLIGHT) {
        fprintf(stderr,
                "usage: login_flood CONFDIR STACK IN_FLIGHT SECONDS THINK_MS KILL_EVERY_MS\n");
        return 2;
    }
    think_ms = (unsigned)atoi(argv[5]);
    kill_ms = (unsigned)atoi(argv[6]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    start_us = clock_monotonic_us();
    end_us = start_us + atoll(argv[4]) * US_PER_S;
    for (unsigned i = 0; i < in_flight; i++)
        processes[i] = start_process(argv[1], argv[2], think_ms, i);
    while (clock_monotonic_us() < end_us) {
        (void)poll(NULL, 0, kill_ms > 0 ? (int)kill_ms : 100);
        if (kill_ms > 0) {
            unsigned victim = (unsigned)rand_r(&seed) % in_flight;

            (void)kill(processes[victim], SIGKILL);
            (void)waitpid(processes[victim], NULL, 0);
            processes[victim] = start_process(argv[1], argv[2], think_ms, 1000 + killed++);
        }
    }
    atomic_store(&shared->stop, true);
    end_us = clock_monotonic_us();
    for (unsigned i = 0; i < in_flight; i++)
        if (processes[i] > 0)
            (void)waitpid(processes[i], NULL, 0);
    report(argv[1], in_flight, (double)(end_us - start_us) / 1e6, killed);
    return 0;
}
