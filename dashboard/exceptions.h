/* Exceptions in force, wherever they were made. */
#ifndef DASHBOARD_EXCEPTIONS_H
#define DASHBOARD_EXCEPTIONS_H

#include "common/config.h"
#include "common/json_writer.h"
#include "store/store.h"

/*
 * The member `name`: an array of those that hold for the user or the address; both NULL: of all.
 * *damage is what is wrong with the file of the command's, whose sound lines are written.
 */
bool exceptions_write(struct store *store, const struct config *config, struct json_writer *json,
                      const char *name, const char *user, const struct ip_address *address,
                      int64_t now_us, struct error *damage, struct error *error) MUST_USE;

#endif
