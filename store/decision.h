/*
 * What analysts' words came to: the history of their decisions and the exceptions in force. Kept
 * for as long as logins are, and no more than so many.
 */
#ifndef STORE_DECISION_H
#define STORE_DECISION_H

#include "common/json_writer.h"
#include "store/word.h"

#define DECISIONS_MOST 100000

/*
 * Folds a word in. *taken is false, and nothing changes, when its login is not there, or does not
 * wait for judgement and so cannot be put off (login_list.h), when its exception
 * would have ended, would last too long, is too wide or one too many, or when what it revokes is
 * not there; nor when there is no such alert, or its channel was tested just now. Of an import see
 * asked_import.h. Inside a transaction.
 */
bool store_fold_word(struct store *store, const struct word *word, int64_t now_us, bool *taken,
                     struct error *error) MUST_USE;

/*
 * Writes the exceptions in force to EXEMPTIONS_STORE_FILE, where logins look, unless that was done
 * since they changed. The writer's; outside a transaction.
 */
bool store_exceptions_publish(struct store *store, int64_t now_us, struct error *error) MUST_USE;

struct decision {
    int64_t number; /* they grow */
    struct word word;
    const struct stored_login *login; /* NULL: it is about none, or that is not stored any more */
};

/* Return false to stop (not an error). */
typedef bool decision_visitor(void *context, const struct decision *decision);

/* Newest first. login: only what was decided on that one, NULL: all. before: only numbers below. */
bool store_decisions(struct store *store, const struct login_id *login, int64_t before,
                     int64_t limit, decision_visitor *visit, void *context,
                     struct error *error) MUST_USE;

/* Those in force at that time, the first to end first; number is 0. */
bool store_exceptions(struct store *store, int64_t now_us, decision_visitor *visit, void *context,
                      struct error *error) MUST_USE;

/* "attack", "legitimate", "later" or "none"; NULL: it is about no label. (decision_json.c) */
const char *decision_label_name(const struct word *word);

/* The members of a decision, inside an open object. (decision_json.c) */
void decision_json_members(struct json_writer *json, const struct decision *decision);

#endif
