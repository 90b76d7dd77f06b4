/*
 * The store's files belong to the owner of its directory, whose rights are all that a login's check
 * has: what root writes there must be theirs.
 */
#ifndef TRAINER_STORE_OWNER_H
#define TRAINER_STORE_OWNER_H

#include "common/error.h"

/* Root becomes the directory's owner, for files, until store_owner_leave(); anybody else stays. */
bool store_owner_become(const char *directory, struct error *error) MUST_USE;
bool store_owner_leave(struct error *error) MUST_USE;

#endif
