/* anomaly-dashboard bootstrap, and token add, list and revoke. */
#ifndef DASHBOARD_TOKEN_COMMANDS_H
#define DASHBOARD_TOKEN_COMMANDS_H

#include "common/command_line.h"

struct token_values {
    const char *role, *life;
};

int run_bootstrap(const struct command_line *line);
int run_token(const struct command_line *line);

#endif
