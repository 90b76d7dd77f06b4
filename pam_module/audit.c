#include "pam_module/audit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "check/audit_line.h"
#include "common/wait_ready.h"

bool audit_login(const struct log_identity *log, const struct login_record *record, bool enforce,
                 int64_t spent_us, const char *error, int64_t deadline_us)
{
    char line[CHECK_LINE_BYTES];

    audit_line_compose(record, enforce, spent_us, error, line);
    return audit_send(log, audit_line_priority(record), line, deadline_us);
}

bool audit_refusal(const struct log_identity *log, const struct login_event *event,
                   int64_t deadline_us)
{
    char escaped[4 * LOGIN_USER_BYTES + 8];
    char source[IP_TEXT_BYTES];
    char line[CHECK_LINE_BYTES];

    audit_line_escape(event->user, '!', escaped, sizeof escaped);
    snprintf(line, sizeof line,
             "authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=%s  user=%s",
             ip_format(&event->source, source), escaped);
    return audit_send(log, LOG_NOTICE, line, deadline_us);
}

static int connect_log(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = AUDIT_SOCKET_PATH};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int why = errno;

        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool send_whole(int fd, const char *text, size_t size, int64_t deadline_us)
{
    do {
        if (send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size)
            return true;
    } while (errno == EINTR || (errno == EAGAIN && wait_ready(fd, POLLOUT, deadline_us)));
    return false;
}

bool audit_send(const struct log_identity *log, int priority, const char *line, int64_t deadline_us)
{
    char text[CHECK_LINE_BYTES + 128];
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm local;
    bool stream = false;
    bool sent;
    int size;
    int fd = connect_log(SOCK_DGRAM);

    if (fd == -1 && errno == EPROTOTYPE) {
        stream = true;
        fd = connect_log(SOCK_STREAM);
    }
    if (fd == -1)
        return false;
    if (localtime_r(&now, &local) != NULL)
        (void)strftime(stamp, sizeof stamp, "%h %e %T ", &local);
    size = snprintf(text, sizeof text, "<%d>%s%s[%d]: pam_anomaly(%s): %s", LOG_AUTHPRIV | priority,
                    stamp, log->program, log->pid, log->context, line);
    if ((size_t)size >= sizeof text)
        size = (int)sizeof text - 1;
    sent = send_whole(fd, text, (size_t)size + (stream ? 1 : 0), deadline_us);
    (void)close(fd);
    return sent;
}
