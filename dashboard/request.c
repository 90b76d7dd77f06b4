#include "dashboard/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/moment.h"
#include "common/rfc3339.h"
#include "dashboard/reply.h"
#include "scorer/login_event.h"

const char *request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->query->count; i++) {
        if (strcmp(request->query->values[i].name, name) == 0)
            return request->query->values[i].value;
    }
    return NULL;
}

static bool parse_integer(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != ' ' && text[0] != '+';
}

bool request_query_integer(const struct request *request, const char *name, int64_t minimum,
                           int64_t maximum, int64_t otherwise, int64_t *value, struct reply *reply)
{
    const char *text = request_query(request, name);

    *value = otherwise;
    if (text == NULL)
        return true;
    if (parse_integer(text, value) && *value >= minimum && *value <= maximum)
        return true;
    return !reply_refuse(reply, 400, "%s is a whole number from %lld to %lld", name,
                         (long long)minimum, (long long)maximum);
}

/* As far as the text says a moment at all. */
static bool parse_moment(const char *text, int64_t now_us, int64_t *time_us)
{
    struct rfc3339_time moment;
    const char *end;
    int64_t number;

    if (parse_integer(text, &number)) {
        if (number < 0 || number > LOGIN_TIME_MAX_US / US_PER_S)
            return false;
        *time_us = number * US_PER_S;
        return true;
    }
    if (rfc3339_parse(text, &moment, &end) && *end == '\0') {
        *time_us = moment.time_us;
        return true;
    }
    return moment_parse(text, now_us, true, time_us, NULL);
}

bool request_query_time(const struct request *request, const char *name, int64_t otherwise_us,
                        int64_t *time_us, struct reply *reply)
{
    const char *text = request_query(request, name);

    *time_us = otherwise_us;
    if (text == NULL || (parse_moment(text, request->now_us, time_us) && *time_us >= 0 &&
                         *time_us <= LOGIN_TIME_MAX_US))
        return true;
    return !reply_refuse(
        reply, 400,
        "%s is a moment from 1970 on: 2026-03-09T14:05:11Z, seconds since then or a span before "
        "now such as 24h",
        name);
}
