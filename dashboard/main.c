/* anomaly-dashboard: what a security team looks at, and what programs ask. */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "dashboard/listen.h"
#include "dashboard/serve.h"

#define BOOTSTRAP_LIFE_S (15 * 60)

struct serve_values {
    const char *listen;
};

static const struct command_option SERVE_OPTIONS[] = {
    COMMAND_TEXT(struct serve_values, listen, "listen", "WHERE",
                 "unix:PATH or ADDRESS:PORT; otherwise " LISTEN_DEFAULT),
};

static bool make_directory(const struct config *config, char path[CONFIG_TEXT_BYTES + 16],
                           struct error *error)
{
    snprintf(path, CONFIG_TEXT_BYTES + 16, "%s/" DASHBOARD_DIRECTORY, config->store);
    if (mkdir(path, 0770) == 0 || errno == EEXIST)
        return true;
    return error_set_errno(error, FAULT_STORE, errno, "cannot make %s", path);
}

static int run_service(const struct command_line *line)
{
    const struct serve_values *values = line->values;
    struct error error = ERROR_NONE;
    static struct dashboard dashboard;
    static struct config config;
    struct listening listening;
    char directory[CONFIG_TEXT_BYTES + 16];

    umask(027);
    serve_block_signals();
    if (!command_config(line, &config, &error) || !make_directory(&config, directory, &error) ||
        !dashboard_init(&dashboard, &config, &error))
        return command_fail(line, &error);
    bool done =
        listen_open(values->listen != NULL ? values->listen : LISTEN_DEFAULT, &listening, &error);
    if (done) {
        dashboard.loopback = listening.loopback;
        done = serve(&dashboard, line, listening.descriptor, &error);
    }
    dashboard_finish(&dashboard);
    return done ? COMMAND_DONE : command_fail(line, &error);
}

static int run_bootstrap(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    static struct config config;
    char directory[CONFIG_TEXT_BYTES + 16], text[SECRET_TEXT_BYTES];

    if (!command_config(line, &config, &error) || !make_directory(&config, directory, &error) ||
        !token_add(directory, "bootstrap", ROLE_ANALYST, true, clock_utc_us() / US_PER_S,
                   BOOTSTRAP_LIFE_S, text, &error))
        return command_fail(line, &error);
    printf("%s\n", text);
    return command_finish_output(line);
}

static const struct command COMMANDS[] = {
    {.operands = "",
     .help = "serves until SIGTERM; SIGHUP reads the configuration again",
     .options = SERVE_OPTIONS,
     .option_count = sizeof(SERVE_OPTIONS) / sizeof(SERVE_OPTIONS[0]),
     .values_bytes = sizeof(struct serve_values),
     .run = run_service},
    {.name = "bootstrap",
     .operands = "",
     .help = "print a token for one sign-in within 15 minutes",
     .run = run_bootstrap},
};

int main(int argc, char **argv)
{
    static const struct program PROGRAM = {
        .name = "anomaly-dashboard",
        .summary = "what a security team looks at, and what programs ask",
        .commands = COMMANDS,
        .command_count = sizeof(COMMANDS) / sizeof(COMMANDS[0]),
    };

    return program_run(&PROGRAM, argc, argv);
}
