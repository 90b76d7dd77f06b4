/*
 * Histories whose import was asked for by a word (word.h). Each is a decision that tells how far it
 * is, and so the queue that anomalyd works off: what it had begun when it was ended it finds again.
 */
#ifndef STORE_ASKED_IMPORT_H
#define STORE_ASKED_IMPORT_H

#include "store/decision.h"

#define IMPORTS_WAITING_MOST 4

/*
 * store_fold_word() of an import, always taken: whoever asked looks for a decision. One that does
 * not ask, or asks while IMPORTS_WAITING_MOST wait, is kept as one that failed, with the reason.
 */
bool store_fold_import(struct store *store, const struct word *word, bool *taken,
                       struct error *error) MUST_USE;

/* The one that was asked for first of those that have not ended. The writer's. */
bool store_import_next(struct store *store, struct decision *asked, bool *found,
                       struct error *error) MUST_USE;

/* Writes down how far that decision is. The writer's, in a transaction of its own. */
bool store_import_tell(struct store *store, const struct decision *asked,
                       struct error *error) MUST_USE;

/* The latest of that job that was asked for since; *found is false when there is none. */
bool store_import_find(struct store *store, uint64_t job, int64_t since_us, struct decision *latest,
                       bool *found, struct error *error) MUST_USE;

#endif
