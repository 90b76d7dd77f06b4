/* The system's log: one datagram as syslog(3) sends it, of which it is known whether it was taken.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "daemon/alert_channel.h"

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int reason = errno;

        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

void alert_send_syslog(const struct alert_job *job, struct alert_attempt *attempt)
{
    const char *path = job->channel.socket;
    char line[ALERT_SUBJECT_LINE + 128], when[32];
    time_t now = time(NULL);
    struct tm local;
    int fd = connect_to(path), length;

    if (!localtime_r(&now, &local) || strftime(when, sizeof(when), "%b %e %T", &local) == 0)
        strcpy(when, "Jan  1 00:00:00");
    length = snprintf(line, sizeof(line), "<%d>%s anomalyd[%d]: alert: %s",
                      LOG_AUTHPRIV | LOG_WARNING, when, getppid(), job->subject);
    if (fd < 0 || send(fd, line, (size_t)length, MSG_NOSIGNAL) != length)
        alert_attempt_say(attempt, false, false, "%s: %s", path, strerror(errno));
    else
        alert_attempt_say(attempt, true, false, "written to %s", path);
    if (fd >= 0)
        close(fd);
}
