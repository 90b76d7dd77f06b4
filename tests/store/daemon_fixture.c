#include "daemon_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void daemon_write_config(const struct daemon *daemon, const char *text)
{
    int fd = open(daemon->config, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int manager_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

struct daemon daemon_start(const char *program, const char *directory, const char *config)
{
    struct daemon daemon;
    char socket_path[FIXTURE_PATH_BYTES];

    snprintf(daemon.config, sizeof(daemon.config), "%s/test.conf", directory);
    snprintf(daemon.log, sizeof(daemon.log), "%s/test.log", directory);
    snprintf(socket_path, sizeof(socket_path), "%s/notify", directory);
    unlink(socket_path);
    unlink(daemon.log);
    daemon_write_config(&daemon, config);
    daemon.manager = manager_socket(socket_path);
    daemon.pid = fixture_fork();
    if (daemon.pid == 0) {
        int log = open(daemon.log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        dup2(log, STDERR_FILENO);
        setenv("NOTIFY_SOCKET", socket_path, 1);
        execl(program, "anomalyd", "--config", daemon.config, "--store", directory, (char *)NULL);
        _exit(127);
    }
    return daemon;
}

void daemon_expect_state(const struct daemon *daemon, const char *state)
{
    struct pollfd file = {.fd = daemon->manager, .events = POLLIN};
    char text[64] = "";

    assert_int_equal(poll(&file, 1, (int)(DAEMON_WAIT_US / 1000)), 1);
    assert_true(recv(daemon->manager, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, state);
}

void daemon_expect_exit(struct daemon *daemon, int expected)
{
    int status;

    assert_int_equal(waitpid(daemon->pid, &status, 0), daemon->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
    close(daemon->manager);
}

void daemon_stop(struct daemon *daemon)
{
    assert_int_equal(kill(daemon->pid, SIGTERM), 0);
    daemon_expect_state(daemon, "STOPPING=1");
    daemon_expect_exit(daemon, 0);
}

/* How often the log says so. */
static unsigned times_in_log(const struct daemon *daemon, const char *words)
{
    char text[16384] = "";
    int fd = open(daemon->log, O_RDONLY);
    unsigned times = 0;

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        times++;
    return times;
}

bool daemon_log_says(const struct daemon *daemon, const char *words)
{
    return times_in_log(daemon, words) > 0;
}

void daemon_expect_times(const struct daemon *daemon, const char *words, unsigned times)
{
    int64_t until_us = clock_monotonic_us() + DAEMON_WAIT_US;

    while (times_in_log(daemon, words) < times) {
        if (clock_monotonic_us() > until_us)
            fail_msg("the log did not say \"%s\" %u times", words, times);
        usleep(20000);
    }
}

void daemon_expect_words(const struct daemon *daemon, const char *words)
{
    daemon_expect_times(daemon, words, 1);
}
