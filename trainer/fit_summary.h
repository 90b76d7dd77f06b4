/* What a fit found, as JSON: in the model and on the command's output. */
#ifndef TRAINER_FIT_SUMMARY_H
#define TRAINER_FIT_SUMMARY_H

#include "common/json_writer.h"
#include "trainer/fit.h"

/* The members of an object that the caller has begun. */
void fit_write(struct json_writer *json, const struct fit_result *result);

/* The same and how logins are distributed, one JSON object, the caller's to free(); NULL when there
 * is no memory. */
char *fit_summary(const struct fit_result *result, struct error *error);

#endif
