#include "dashboard/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/moment.h"
#include "common/rfc3339.h"
#include "dashboard/reply.h"

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

bool request_query_time(const struct request *request, const char *name, int64_t otherwise_us,
                        int64_t *time_us, struct reply *reply)
{
    const char *text = request_query(request, name), *end;
    struct rfc3339_time moment;
    int64_t number;

    *time_us = otherwise_us;
    if (text == NULL)
        return true;
    if (parse_integer(text, &number) && number >= 0 && number <= INT64_MAX / US_PER_S) {
        *time_us = number * US_PER_S;
        return true;
    }
    if (rfc3339_parse(text, &moment, &end) && *end == '\0') {
        *time_us = moment.time_us;
        return true;
    }
    if (moment_parse(text, request->now_us, true, time_us, NULL))
        return true;
    return !reply_refuse(
        reply, 400,
        "%s is a moment: 2026-03-09T14:05:11Z, seconds since 1970 or a span before "
        "now such as 24h",
        name);
}
