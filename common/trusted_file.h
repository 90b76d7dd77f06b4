/*
 * Files that decide who gets in. The descriptor is trusted, never the path: a file is opened
 * without following a link in its last component, and what was opened is examined.
 */
#ifndef COMMON_TRUSTED_FILE_H
#define COMMON_TRUSTED_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Opens for reading a regular file that is owned by root or by owner and is writable by nobody
 * else. *descriptor is the caller's to close. A missing file is an error whose errno is left in
 * errno (ENOENT), so that the caller can treat it apart.
 */
bool trusted_file_open(const char *path, uid_t owner, enum fault fault, int *descriptor,
                       struct error *error) MUST_USE;

/*
 * Reads a whole trusted file of at most limit bytes into memory that the caller frees; *text ends
 * with a NUL that is not counted in *size. A file with a NUL byte inside is refused.
 */
bool trusted_file_read(const char *path, uid_t owner, size_t limit, enum fault fault, char **text,
                       size_t *size, struct error *error) MUST_USE;

/*
 * A directory owned by root or by owner (ANY_OWNER: whoever owns it, who is reported) and writable
 * by nobody else. *descriptor (O_PATH is not set: it can be read and synced) is the caller's.
 */
#define ANY_OWNER ((uid_t)-1)
bool trusted_directory_open(const char *path, uid_t owner, enum fault fault, int *descriptor,
                            uid_t *found_owner, gid_t *found_group, struct error *error) MUST_USE;

/*
 * Replaces path in one step: a temporary file beside it, written, synced, given mode, renamed over
 * it, and the directory synced. Readers see the old bytes or the new ones, mapped old files stay
 * whole.
 */
bool trusted_file_replace(const char *path, const void *bytes, size_t size, mode_t mode,
                          enum fault fault, struct error *error) MUST_USE;

#endif
