/*
 * Bearer tokens for programs, and one-time tokens for a first sign-in. The file holds one a line:
 * SHA-256 of the token, role, "many" or "once", when made and when over (seconds UTC), its name.
 */
#ifndef DASHBOARD_TOKEN_H
#define DASHBOARD_TOKEN_H

#include "dashboard/role.h"
#include "dashboard/secret.h"

#define TOKEN_FILE       "tokens"
#define TOKEN_NAME_BYTES 65
#define TOKEN_MAX        256

struct token {
    uint8_t hash[SECRET_HASH_BYTES];
    enum role role;
    bool once; /* for one sign-in, not as a bearer token */
    int64_t made_s, over_s;
    char name[TOKEN_NAME_BYTES];
};

struct token_list {
    struct token tokens[TOKEN_MAX];
    size_t count;
};

/* The tokens of DIRECTORY/tokens, a file of the caller's; none when there is no file. */
bool token_list_read(const char *directory, struct token_list *list, struct error *error) MUST_USE;

/*
 * Adds one under a lock on the directory; those that are over go. `text` is the only copy of the
 * secret. A name must be new, unless once: then it replaces the one of that name.
 */
bool token_add(const char *directory, const char *name, enum role role, bool once, int64_t now_s,
               int64_t life_s, char text[SECRET_TEXT_BYTES], struct error *error) MUST_USE;

/* *found: whether there was one. */
bool token_remove(const char *directory, const char *name, bool *found,
                  struct error *error) MUST_USE;

/* What the service holds of the file: read again when it changes. Thread-safe. */
struct tokens;
struct tokens *tokens_create(const char *directory); /* NULL: no memory */
void tokens_destroy(struct tokens *tokens);

/*
 * The token whose secret is `text`, not over. A one-time token is found only when `once`, and gone
 * afterwards, whoever else asks. False with or without an error: there is none, or the file is bad.
 */
bool token_find(struct tokens *tokens, const char *text, bool once, int64_t now_s,
                struct token *token, struct error *error) MUST_USE;

/* Whether there is still a bearer token of that name, not over. */
bool token_holds(struct tokens *tokens, const char *name, int64_t now_s);

#endif
