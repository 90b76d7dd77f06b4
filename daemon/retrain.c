#include "daemon/retrain.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/program_beside.h"

#define TRAINER        "anomaly-trainer"
#define MOST_US        (INT64_C(2) * 3600 * US_PER_S)
#define PATH_BYTES     4096
#define MOST_ARGUMENTS 8

/* ---- when ----------------------------------------------------------------------------------- */

int64_t retrain_next_us(enum retrain_schedule schedule, int hour, int64_t now_us)
{
    time_t now_s = (time_t)(now_us / US_PER_S), next_s = 0;
    struct tm today, then;

    if (schedule == RETRAIN_NEVER || !localtime_r(&now_s, &today))
        return 0;
    for (int days = 0; days <= 8; days++) {
        then = (struct tm){.tm_year = today.tm_year,
                           .tm_mon = today.tm_mon,
                           .tm_mday = today.tm_mday + days,
                           .tm_hour = hour,
                           .tm_isdst = -1};
        next_s = mktime(&then);
        if (next_s > now_s && (schedule == RETRAIN_DAILY || then.tm_wday == 0))
            return (int64_t)next_s * US_PER_S;
    }
    return 0;
}

void retrain_plan(struct retrain *retrain, const struct config *config)
{
    tzset(); /* the zone may have been changed */
    retrain->next_us = retrain_next_us((enum retrain_schedule)config->retrain,
                                       (int)config->retrain_hour, clock_utc_us());
}

/* ---- the trainer ---------------------------------------------------------------------------- */

/* In the child: what it prints goes where anomalyd's own complaints go. */
static _Noreturn void become_trainer(const char *path, char *const *arguments, pid_t parent)
{
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(PROGRAM_NOT_STARTED);
    program_become(path, arguments, parent);
}

static void start(struct retrain *retrain, const struct command_line *line,
                  const struct config *config)
{
    char path[PATH_BYTES], store[CONFIG_TEXT_BYTES];
    char *arguments[MOST_ARGUMENTS] = {(char *)(uintptr_t)TRAINER, (char *)(uintptr_t) "train",
                                       (char *)(uintptr_t) "--if-better",
                                       (char *)(uintptr_t) "--store", store};
    pid_t parent = getpid(), child = -1;

    memcpy(store, config->store, sizeof(store));
    if (line->config) {
        arguments[5] = (char *)(uintptr_t) "--config";
        arguments[6] = (char *)(uintptr_t)line->config;
    }
    if (program_beside(TRAINER, path, sizeof(path)))
        child = fork();
    if (child == 0)
        become_trainer(path, arguments, parent);
    if (child < 0) {
        command_note(line, "no training: %s", strerror(errno));
        return;
    }
    retrain->pid = child;
    retrain->until_us = clock_monotonic_us() + MOST_US;
}

static void tell_end(const struct command_line *line, int status)
{
    if (WIFSIGNALED(status))
        command_note(line, "training was ended by signal %d: the model stays as it was",
                     WTERMSIG(status));
    else if (WEXITSTATUS(status) == PROGRAM_NOT_STARTED)
        command_note(line, "no training: there is no " TRAINER " beside this program");
    /* What it failed by it has said itself. */
}

static void look_after(struct retrain *retrain, const struct command_line *line)
{
    int status;

    if (waitpid(retrain->pid, &status, WNOHANG) == retrain->pid) {
        retrain->pid = 0;
        tell_end(line, status);
    } else if (clock_monotonic_us() > retrain->until_us) {
        retrain_stop(retrain);
        command_note(line,
                     "training took longer than %lld s and was ended: the model stays as it "
                     "was",
                     (long long)(MOST_US / US_PER_S));
    }
}

void retrain_look(struct retrain *retrain, const struct command_line *line,
                  const struct config *config)
{
    if (retrain->pid > 0)
        look_after(retrain, line);
    if (retrain->next_us == 0 || clock_utc_us() < retrain->next_us)
        return;
    retrain_plan(retrain, config);
    if (retrain->pid == 0)
        start(retrain, line, config);
}

void retrain_stop(struct retrain *retrain)
{
    if (retrain->pid <= 0)
        return;
    (void)kill(retrain->pid, SIGKILL);
    (void)waitpid(retrain->pid, NULL, 0);
    retrain->pid = 0;
}
