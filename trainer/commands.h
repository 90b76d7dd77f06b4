/* The subcommands, one row each in main.c's table. */
#ifndef TRAINER_COMMANDS_H
#define TRAINER_COMMANDS_H

#include "common/command_line.h"

extern const struct command IMPORT_COMMAND, SIMULATE_COMMAND, TRAIN_COMMAND, EVALUATE_COMMAND,
    REPLAY_COMMAND, SCORE_COMMAND, MODEL_COMMAND, TABLE_COMMAND;

#endif
