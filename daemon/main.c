/* anomalyd: keeps checkers, and folds the journals into the store, its only writer. */
#include <sys/stat.h>

#include "common/owner.h"
#include "daemon/service.h"

static int run_service(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct config config;

    umask(027);
    if (!command_config(line, &config, &error) || !owner_become(config.store, &error) ||
        !service_run(line, &config, &error))
        return command_fail(line, &error);
    return COMMAND_DONE;
}

static const struct command COMMAND = {
    .operands = "",
    .help = "runs in the foreground until SIGTERM; SIGHUP reads the configuration again",
    .run = run_service,
};

int main(int argc, char **argv)
{
    static const struct program PROGRAM = {
        .name = "anomalyd",
        .summary = "checks logins and folds their journals into the profile store",
        .commands = &COMMAND,
        .command_count = 1,
    };

    return program_run(&PROGRAM, argc, argv);
}
