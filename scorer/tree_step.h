/* One step of a walk, in the code of those who walk. The scorer's own. */
#ifndef SCORER_TREE_STEP_H
#define SCORER_TREE_STEP_H

#include <string.h>

#include "scorer/trees.h"

#define TREE_NARROW_BITS 8 /* of a link, that name a key */
#define TREE_WIDE_BITS   12
#define TREE_ALWAYS_HERE static inline __attribute__((always_inline))

#define TREE_INFINITE_KEY                                                                          \
    UINT32_C(0xff800000) /* tree_key(INFINITY); its complement: of -INFINITY */

/* The key that leaves name: never greater than a node's. */
#define TREE_LEAF_SLOT(bits) ((UINT32_C(1) << (bits)) - 2)

TREE_ALWAYS_HERE uint64_t tree_word(const struct tree_node *node)
{
    uint64_t word;
    memcpy(&word, node, sizeof word);
    return word;
}

/*
 * Where a walk goes on from a node. One whose key is the row's own is not less, whatever its link:
 * to the left. The empty statement keeps the child apart from the comparison, so that compilers add
 * the carry instead of making a number of it first: a quarter of the walk's time.
 */
TREE_ALWAYS_HERE uint32_t tree_step(uint64_t word, const uint64_t *keys, const unsigned bits)
{
    uint32_t next = (uint32_t)word >> bits;
    __asm__("" : "+r"(next));
    next += word < keys[(uint32_t)word & ((UINT32_C(1) << bits) - 1)];
    return next;
}

#endif
