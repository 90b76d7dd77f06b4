/* What `anomaly-trainer score` was asked for; of a table in a file of its own. */
#ifndef TRAINER_SCORE_COMMAND_H
#define TRAINER_SCORE_COMMAND_H

#include "trainer/history_options.h"

#define SCORE_OUT_BYTES      (1 << 20)
#define SCORE_TABLE          "table" /* a format beside those of histories */
#define SCORE_JSON_NEEDS_OUT "--json prints the totals, so the scores need --out FILE"

struct score_values {
    struct history_values history;
    const char *model, *out, *worst;
};

/* --format SCORE_TABLE; returns the exit status. */
int score_table_command(const struct command_line *line);

/* Standard output where path is NULL; score_close_out() leaves that open. */
bool score_open_out(FILE **out, const char *path, struct error *error) MUST_USE;
bool score_close_out(FILE *out, const char *path, struct error *error) MUST_USE;

#endif
