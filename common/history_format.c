#include "common/history_format.h"

#include <string.h>

bool history_format_is_known(const char *name)
{
    size_t length = strlen(name);
    const char *at = HISTORY_FORMAT_NAMES;

    for (;;) {
        size_t word = strcspn(at, "|");

        if (word == length && memcmp(at, name, length) == 0)
            return true;
        if (at[word] == '\0')
            return false;
        at += word + 1;
    }
}
