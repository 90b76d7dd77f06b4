/*
 * login_process CONFDIR ROUNDS WARMUP STACK[:USERS]…
 * What a login costs: a fresh process for each, through libpam, the stacks in turn (A B C A B C …)
 * so that a machine whose speed drifts slows all alike. Prints, for each stack, the microseconds
 * from the process's start to its end: p50, p90, p99, and the difference of its p50 from the first
 * stack's. The user is one of user0 … userUSERS-1, or the one that BENCH_USER names.
 *
 * login_process --login CONFDIR STACK USER CONNECTION SECRET: one such process.
 */
#include <errno.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define MAX_STACKS 16
#define MAX_ROUNDS 100000

extern char **environ;

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *secret)
{
    struct pam_response *answers = calloc((size_t)count, sizeof *answers);

    (void)messages;
    if (answers == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        answers[i].resp = strdup(secret);
    *responses = answers;
    return PAM_SUCCESS;
}

static int log_in(const char *confdir, const char *stack, const char *user, const char *connection,
                  char *secret)
{
    struct pam_conv conversation = {.conv = converse, .appdata_ptr = secret};
    pam_handle_t *handle;
    char text[256];
    int status;

    (void)getpwnam(user); /* as sshd and login do before they ask PAM */
    status = pam_start_confdir(stack, user, &conversation, confdir, &handle);

    if (status != PAM_SUCCESS)
        return 2;
    snprintf(text, sizeof text, "SSH_CONNECTION=%s", connection);
    if (pam_putenv(handle, text) != PAM_SUCCESS ||
        pam_set_item(handle, PAM_RHOST, connection) != PAM_SUCCESS)
        return 2;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(connection, " "), connection);
    (void)pam_set_item(handle, PAM_RHOST, text);
    (void)pam_set_item(handle, PAM_TTY, "ssh");
    status = pam_authenticate(handle, 0);
    if (status == PAM_SUCCESS)
        status = pam_acct_mgmt(handle, 0);
    (void)pam_end(handle, status);
    return status == PAM_SUCCESS ? 0 : 1;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

struct sample {
    char stack[64];
    unsigned users;
    int64_t *us;
    unsigned failures;
};

static int64_t run_once(const char *self, const char *confdir, const struct sample *sample,
                        unsigned round, bool *failed)
{
    char user[32];
    char connection[64];
    const char *fixed_user = getenv("BENCH_USER");
    const char *secret = getenv("BENCH_SECRET");
    /* A multiplier that is prime to any count spreads the rounds over all users. */
    unsigned number = sample->users > 0 ? round * 48271u % sample->users : 0;
    char *arguments[] = {(char *)self,
                         (char *)"--login",
                         (char *)confdir,
                         (char *)sample->stack,
                         user,
                         connection,
                         (char *)(secret ? secret : "secret"),
                         NULL};
    int64_t spent_us;
    int status;
    pid_t pid;

    if (sample->users > 0)
        snprintf(user, sizeof user, "user%u", number);
    else
        snprintf(user, sizeof user, "%s", fixed_user != NULL ? fixed_user : "root");
    snprintf(connection, sizeof connection, "84.150.%u.%u %u 10.0.0.1 22", round / 250 % 250,
             round % 250 + 1, 1024 + round % 60000);
    spent_us = -clock_monotonic_us();
    if (posix_spawn(&pid, self, NULL, NULL, arguments, environ) != 0)
        exit(2);
    while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ;
    spent_us += clock_monotonic_us();
    *failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return spent_us;
}

static void report(struct sample *samples, int count, unsigned rounds)
{
    int64_t base = 0;

    printf("%-28s %8s %8s %8s %12s %9s\n", "stack", "p50 us", "p90 us", "p99 us", "over first",
           "failures");
    for (int i = 0; i < count; i++) {
        int64_t *us = samples[i].us;

        qsort(us, rounds, sizeof *us, by_size);
        if (i == 0)
            base = us[rounds / 2];
        printf("%-28s %8lld %8lld %8lld %12lld %9u\n", samples[i].stack, (long long)us[rounds / 2],
               (long long)us[rounds * 9 / 10], (long long)us[rounds * 99 / 100],
               (long long)(us[rounds / 2] - base), samples[i].failures);
    }
}

int main(int argc, char **argv)
{
    struct sample samples[MAX_STACKS];
    unsigned rounds;
    unsigned warmup;
    int count;

    if (argc == 7 && strcmp(argv[1], "--login") == 0)
        return log_in(argv[2], argv[3], argv[4], argv[5], argv[6]);
    if (argc < 5 || argc - 4 > MAX_STACKS || atoi(argv[2]) < 1 || atoi(argv[2]) > MAX_ROUNDS) {
        fprintf(stderr, "usage: login_process CONFDIR ROUNDS WARMUP STACK...\n");
        return 2;
    }
    rounds = (unsigned)atoi(argv[2]);
    warmup = (unsigned)atoi(argv[3]);
    count = argc - 4;
    for (int i = 0; i < count; i++) {
        const char *users = strchr(argv[4 + i], ':');

        samples[i] = (struct sample){.users = users != NULL ? (unsigned)atoi(users + 1) : 0,
                                     .us = calloc(rounds, sizeof(int64_t))};
        if (samples[i].us == NULL)
            return 1;
        snprintf(samples[i].stack, sizeof samples[i].stack, "%.*s", (int)strcspn(argv[4 + i], ":"),
                 argv[4 + i]);
    }
    for (unsigned round = 0; round < warmup + rounds; round++)
        for (int i = 0; i < count; i++) {
            bool failed;
            int64_t us = run_once(argv[0], argv[1], &samples[i], round, &failed);

            if (round >= warmup) {
                samples[i].us[round - warmup] = us;
                samples[i].failures += failed;
            }
        }
    report(samples, count, rounds);
    for (int i = 0; i < count; i++)
        free(samples[i].us);
    return 0;
}
