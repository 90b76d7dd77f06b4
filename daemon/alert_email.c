/* E-mail, through a program that takes a message as sendmail(8) does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/alert_channel.h"

#define MOST_FILE_BYTES (INT64_C(64) << 20)
#define MOST_CPU_S      60
#define NOT_STARTED     127

/* The header's texts are one line each: addresses were checked, the subject was made so. */
static bool write_message(int fd, const struct alert_job *job)
{
    FILE *out = fdopen(fd, "w");

    if (!out)
        return false;
    fprintf(out, "From: %s\nTo: ", job->channel.from);
    for (const char *at = job->channel.to; *at != '\0'; at++)
        fputs(*at == ' ' ? ", " : (char[]){*at, '\0'}, out);
    fprintf(out,
            "\nSubject: %s\n"
            "Auto-Submitted: auto-generated\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n\n",
            job->subject);
    fwrite(job->content, 1, job->size, out);
    return fflush(out) == 0 && !ferror(out) && lseek(fd, 0, SEEK_SET) == 0;
}

static void limit(int resource, rlim_t most)
{
    const struct rlimit limits = {most, most};

    (void)setrlimit(resource, &limits);
}

static _Noreturn void become_sendmail(const char *program, int input, int output, pid_t parent)
{
    char *const arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "-t",
                               (char *)(uintptr_t) "-i", NULL};
    char *const environment[] = {(char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                 (char *)(uintptr_t) "LC_ALL=C", NULL};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NOT_STARTED);
    (void)signal(SIGPIPE, SIG_DFL);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, MOST_CPU_S);
    limit(RLIMIT_FSIZE, MOST_FILE_BYTES);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(NOT_STARTED);
    closefrom(STDERR_FILENO + 1);
    (void)execve(program, arguments, environment);
    dprintf(STDERR_FILENO, "%s", strerror(errno));
    _exit(NOT_STARTED);
}

/* The first line of what it printed says most. */
static void tell_end(const char *program, int status, int output, struct alert_attempt *attempt)
{
    char text[128] = "";
    ssize_t size = pread(output, text, sizeof(text) - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (WIFSIGNALED(status))
        alert_attempt_say(attempt, false, false, "%s was ended by signal %d", program,
                          WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        alert_attempt_say(attempt, false, false, "%s ended with status %d%s%s", program,
                          WEXITSTATUS(status), text[0] ? ": " : "", text);
    else
        alert_attempt_say(attempt, true, false, "taken by %s", program);
}

/* Its input and output are files in memory: neither of the two can ever wait for the other. */
void alert_send_email(const struct alert_job *job, struct alert_attempt *attempt)
{
    const char *program = job->channel.sendmail;
    int input = memfd_create("message", MFD_CLOEXEC), output = memfd_create("said", MFD_CLOEXEC);
    pid_t parent = getpid(), pid;
    int status;

    if (input < 0 || output < 0 || !write_message(input, job)) {
        alert_attempt_say(attempt, false, false, "cannot write the message: %s", strerror(errno));
        return;
    }
    pid = fork();
    if (pid == 0)
        become_sendmail(program, input, output, parent);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        alert_attempt_say(attempt, false, false, "cannot run %s: %s", program, strerror(errno));
    else
        tell_end(program, status, output, attempt);
}
