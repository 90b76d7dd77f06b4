/* log_sink: is the system's log at /dev/log until it is ended; prints how many lines came. */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

int main(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    struct sigaction action = {.sa_handler = end};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    unsigned long lines = 0;
    char line[4096];

    (void)unlink(address.sun_path);
    if (fd == -1 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(address.sun_path, 0666) != 0 || sigaction(SIGTERM, &action, NULL) != 0)
        return 1;
    while (!ended)
        if (recv(fd, line, sizeof line, 0) > 0)
            lines++;
    printf("log_sink: %lu lines\n", lines);
    return 0;
}
