/* What `anomaly-trainer score` was asked for; of a table in a file of its own. */
#ifndef TRAINER_SCORE_COMMAND_H
#define TRAINER_SCORE_COMMAND_H

#include "common/command_line.h"

#define SCORE_OUT_BYTES (1 << 20)

struct score_values {
    const char *format, *model, *out, *worst;
    int64_t year;
};

/* --format table; returns the exit status. */
int score_table_command(const struct command_line *line);

/* Standard output where path is NULL; score_close_out() leaves that open. */
bool score_open_out(FILE **out, const char *path, struct error *error) MUST_USE;
bool score_close_out(FILE *out, const char *path, struct error *error) MUST_USE;

#endif
