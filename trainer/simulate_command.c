#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "trainer/commands.h"
#include "trainer/csv_login.h"
#include "trainer/simulation.h"

struct simulate_values {
    int64_t users, days, seed;
};

static const struct command_option OPTIONS[] = {
    COMMAND_INTEGER(struct simulate_values, users, "users", "N", 1, 100000, 50,
                    "how many people and machines log in"),
    COMMAND_INTEGER(struct simulate_values, days, "days", "D", 1, 3650, 90, "for how many days"),
    COMMAND_INTEGER(struct simulate_values, seed, "seed", "S", 0, INT64_MAX, 1,
                    "the same seed gives the same bytes"),
};

static bool print_login(void *context, const struct stored_login *login, struct error *error)
{
    (void)context;
    return csv_login_print(stdout, login, error);
}

static int run_simulate(const struct command_line *line)
{
    const struct simulate_values *values = line->values;
    struct error error = ERROR_NONE;
    struct simulation_options options = {.users = (unsigned)values->users,
                                         .days = (unsigned)values->days,
                                         .seed = (uint64_t)values->seed,
                                         .start_us = SIMULATION_START_US};

    if (!csv_login_print_header(stdout, &error) ||
        !simulation_run(&options, print_login, NULL, &error))
        return command_fail(line, &error);
    return command_finish_output(line);
}

const struct command SIMULATE_COMMAND = {
    .name = "simulate",
    .operands = "",
    .help = "labelled logins of an invented machine, csv on stdout",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct simulate_values),
    .run = run_simulate,
};
