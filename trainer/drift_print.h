/* anomaly-trainer model show --drift */
#ifndef TRAINER_DRIFT_PRINT_H
#define TRAINER_DRIFT_PRINT_H

#include "common/command_line.h"
#include "scorer/risk_model.h"

/* Of the configured store; for people or as JSON, as the line asks. */
bool drift_show(const struct command_line *line, const struct risk_model *model, const char *path,
                struct error *error) MUST_USE;

#endif
