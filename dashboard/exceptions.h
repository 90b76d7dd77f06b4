/* Exceptions in force, wherever they were made. */
#ifndef DASHBOARD_EXCEPTIONS_H
#define DASHBOARD_EXCEPTIONS_H

#include "common/config.h"
#include "dashboard/list_item.h"

/* Which of them: those that hold for the user or the address; both NULL: all. */
struct exceptions_wanted {
    const char *user;
    const struct ip_address *address;
    int64_t now_us;
};

/* Return false to stop (not an error). */
typedef bool exception_visitor(void *context, const struct exception_entry *entry);

/* Those of the configuration, then the command's, then the dashboard's. *damage is what is wrong
 * with the file of the command's, whose sound lines are visited. */
bool exceptions_visit(struct store *store, const struct config *config,
                      const struct exceptions_wanted *wanted, exception_visitor *visit,
                      void *context, struct error *damage, struct error *error) MUST_USE;

/* What a word made, its texts in the word. */
struct exception_entry exception_of_word(const struct word *word);

/* A visitor: an object into the JSON writer that is its context. */
exception_visitor exception_write;

/* Writes the member `name`: an array of them. */
bool exceptions_write(struct store *store, const struct config *config, struct json_writer *json,
                      const char *name, const struct exceptions_wanted *wanted,
                      struct error *damage, struct error *error) MUST_USE;

#endif
