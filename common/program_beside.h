/* Programs of ours that run another of ours in the background, behind everything else. */
#ifndef COMMON_PROGRAM_BESIDE_H
#define COMMON_PROGRAM_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

#define PROGRAM_NOT_STARTED 127 /* exit status of a child whose program could not be executed */

/* The path of the program of that name in the directory of the running one. False: too long. */
bool program_beside(const char *name, char *path, size_t capacity) MUST_USE;

/*
 * In a child that was just forked: becomes that program for good. Signals are as a program finds
 * them, of the processor and the disk it only takes what others leave, it is the first that is
 * killed when memory runs out, and it ends with its parent. What cannot be had of the lowest
 * priority makes its work no less right. Only async-signal-safe calls are made.
 */
_Noreturn void program_become(const char *path, char *const *arguments, pid_t parent);

#endif
