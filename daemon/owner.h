/* Root is given up before anything of the store is opened. */
#ifndef DAEMON_OWNER_H
#define DAEMON_OWNER_H

#include "common/error.h"

/*
 * When running as root, becomes the owner and group of the directory for good, without
 * supplementary groups. The directory must be there: who owns it decides who this runs as.
 */
bool owner_become(const char *directory, struct error *error) MUST_USE;

#endif
