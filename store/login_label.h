/*
 * What somebody said of a login: the records of the journal "ctl". The latest one stands; its value
 * and family are in the login's row, whence training reads them, the rest is kept beside it for as
 * long as logins are.
 */
#ifndef STORE_LOGIN_LABEL_H
#define STORE_LOGIN_LABEL_H

#include "store/store.h"

#define LABEL_PRODUCER        "ctl"
#define LOGIN_LABEL_BY_BYTES  64
#define LOGIN_LABEL_WHY_BYTES 256
#define LOGIN_LABEL_MAX_BYTES 512

struct login_label {
    struct login_id id;
    enum login_label_value value; /* LABEL_NONE: an earlier one was taken back */
    int64_t time_us;              /* UTC, when it was given */
    uint32_t uid;                 /* of who gave it */
    char by[LOGIN_LABEL_BY_BYTES];
    char family[LOGIN_FAMILY_BYTES]; /* of an attack, or "" */
    char why[LOGIN_LABEL_WHY_BYTES];
};

const char *login_label_name(enum login_label_value value); /* "none", "legitimate", "attack" */
bool login_label_from_name(const char *name, enum login_label_value *value) MUST_USE;

/* Whether it can name a family of attacks: letters, digits, '-', '_' or '.', and room for it. */
bool login_family_is_sound(const char *family);

/* Returns the bytes used. */
size_t login_label_encode(const struct login_label *label, uint8_t bytes[LOGIN_LABEL_MAX_BYTES]);

/* A decoded label is valid throughout. Anything else is refused. */
bool login_label_decode(struct login_label *label, const void *bytes, size_t size,
                        struct error *error) MUST_USE;

/*
 * Folds one label in: the login's row and, where another part of the login is to be learned now,
 * the user's profile and the population (relearn_user()). *found is false, and nothing changes,
 * when there is no such login. Inside a transaction.
 */
bool store_fold_label(struct store *store, const struct login_label *label, bool *found,
                      struct error *error) MUST_USE;

/* The latest label that was given by hand; an imported one has no such record. */
bool store_label_load(struct store *store, const struct login_id *id, struct login_label *label,
                      bool *found, struct error *error) MUST_USE;

#endif
