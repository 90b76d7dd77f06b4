/*
 * The store's files belong to the owner of its directory, whose rights are all that a login's check
 * has: what root writes there must be theirs, and who reads a database that others write has no
 * business being root. Anybody but root stays who he is, and root in a directory of root's.
 */
#ifndef COMMON_OWNER_H
#define COMMON_OWNER_H

#include "common/error.h"

/* Root becomes the directory's owner and group for good, without supplementary groups. */
bool owner_become(const char *directory, struct error *error) MUST_USE;

/* Root becomes them for files, until owner_leave(). */
bool owner_become_for_files(const char *directory, struct error *error) MUST_USE;
bool owner_leave(struct error *error) MUST_USE;

#endif
