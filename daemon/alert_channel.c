#include "daemon/alert_channel.h"

#include <stdarg.h>
#include <stdio.h>

void alert_attempt_say(struct alert_attempt *attempt, bool done, bool hopeless, const char *format,
                       ...)
{
    va_list arguments;

    attempt->done = done;
    attempt->hopeless = hopeless;
    va_start(arguments, format);
    (void)vsnprintf(attempt->message, sizeof(attempt->message), format, arguments);
    va_end(arguments);
    for (char *at = attempt->message; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    }
}

void alert_attempt_run(const struct alert_job *job, struct alert_attempt *attempt)
{
    static void (*const SENDERS[ALERT_CHANNEL_KIND_COUNT])(const struct alert_job *job,
                                                           struct alert_attempt *attempt) = {
        [ALERT_EMAIL] = alert_send_email,
        [ALERT_WEBHOOK] = alert_send_webhook,
        [ALERT_SYSLOG] = alert_send_syslog,
    };

    SENDERS[job->channel.kind](job, attempt);
}
