/* A factor for hashes of what others choose: user names, ports, numbers of processes. */
#ifndef TRAINER_KEY_FACTOR_H
#define TRAINER_KEY_FACTOR_H

#include <stdint.h>

#include "common/error.h"

/*
 * Odd and drawn anew in each run, so that nobody can choose keys whose products with it crowd in
 * one place of a table; different keys have different products.
 */
bool key_factor_draw(uint64_t *factor, struct error *error) MUST_USE;

#endif
