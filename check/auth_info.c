#include "check/auth_info.h"

#include <stdio.h>
#include <string.h>

#include "check/key_fingerprint.h"

static enum login_method method_of_line(const char *line)
{
    char name[32];

    /* What follows a slash is the server's device: "keyboard-interactive/pam". */
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " /\n"), line);
    return login_method_from_name(name);
}

void auth_info_learn(struct login_event *event, const char *auth_info, bool is_open)
{
    bool by_key = false;
    bool conversed = false;

    for (const char *line = auth_info; *line != '\0';) {
        const char *end = strchr(line, '\n');
        enum login_method method = method_of_line(line);
        bool converses = method == METHOD_PASSWORD || method == METHOD_KEYBOARD_INTERACTIVE;

        if (is_open && converses)
            event->method = by_key ? METHOD_TWO_FACTOR : method;
        else if (is_open && !conversed && method != METHOD_UNKNOWN)
            event->method = method;
        if (method == METHOD_PUBLICKEY && !by_key)
            by_key = key_fingerprint(line + strcspn(line, " \n"), event->key);
        conversed = conversed || converses;
        line = end != NULL ? end + 1 : "";
    }
}
