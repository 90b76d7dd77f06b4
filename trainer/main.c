#include "trainer/commands.h"

int main(int argc, char **argv)
{
    const struct command commands[] = {
        IMPORT_COMMAND, SIMULATE_COMMAND, TRAIN_COMMAND, EVALUATE_COMMAND,
        REPLAY_COMMAND, SCORE_COMMAND,    MODEL_COMMAND, TABLE_COMMAND,
    };
    const struct program program = {
        .name = "anomaly-trainer",
        .summary = "Teaches pam_anomaly: histories into the store, models from the store.",
        .commands = commands,
        .command_count = sizeof commands / sizeof commands[0],
    };
    return program_run(&program, argc, argv);
}
