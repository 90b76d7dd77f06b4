/*
 * Imports of analysed histories into the store, by the analysis's id: asked for here, done by
 * anomalyd when it reads of them (store/asked_import.h). All functions may be called by any thread.
 */
#ifndef DASHBOARD_IMPORTS_H
#define DASHBOARD_IMPORTS_H

#include "common/json_writer.h"
#include "store/asked_import.h"

struct imports;

bool imports_create(struct imports **imports, struct error *error) MUST_USE;
void imports_destroy(struct imports *imports);

/*
 * It is asked for from now on. False with a sentence: it was already, or anomalyd has not begun
 * with IMPORTS_WAITING_MOST others. One that failed may be asked for again.
 */
bool imports_ask(struct imports *imports, const char *id, int64_t now_us,
                 struct error *why) MUST_USE;

/* Whether anomalyd is still to read its file, as of the last imports_look(). */
bool imports_wait(struct imports *imports, const char *id);
bool imports_any_wait(struct imports *imports);
void imports_forget(struct imports *imports, const char *id);

/* Asks the store about those that wait. One that is long not in it has failed. */
bool imports_look(struct imports *imports, struct store *store, int64_t now_us,
                  struct error *error) MUST_USE;

/* The member "import" of an open object: null, or {state, message}. */
void imports_write(struct imports *imports, const char *id, struct json_writer *json);

/* The same object of a word from the store. */
void import_write(const struct word *word, struct json_writer *json);

/* The number that is an analysis's id; false: it cannot be one. */
bool import_job_parse(const char *id, uint64_t *job);

#endif
