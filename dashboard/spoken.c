#include "dashboard/spoken.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"

void spoken_begin(struct word *word, const struct request *request)
{
    size_t length;

    memset(word, 0, sizeof(*word));
    word->time_us = request->now_us;
    word->uid = geteuid();
    (void)snprintf(word->by, sizeof(word->by), "%s", request->who);
    for (length = strlen(word->by); length > 0 && !utf8_is_plain(word->by);)
        word->by[--length] = '\0'; /* a name that was cut within a character */
}

bool spoken_why(struct word *word, const json_t *body, struct error *wrong)
{
    const json_t *value = json_object_get(body, "why");
    const char *why = json_string_value(value);

    if (value == NULL || json_is_null(value))
        return true;
    if (why == NULL || json_string_length(value) >= sizeof(word->why) ||
        strlen(why) != json_string_length(value) || !utf8_is_plain(why))
        return error_set(wrong, FAULT_CONFIG,
                         "why has to be one line of at most %zu bytes without control characters",
                         sizeof(word->why) - 1);
    memcpy(word->why, why, strlen(why) + 1);
    return true;
}
