/* Different words numbered in the order in which they first came. */
#ifndef TRAINER_WORDS_H
#define TRAINER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MOST (UINT32_C(1) << 24) /* a float holds each number below exactly */

struct words {
    struct word *slots; /* hash table; a power of two of them */
    uint32_t slot_count, count;
};

#define WORD_UNKNOWN UINT32_MAX

/* The word's number, or WORD_UNKNOWN. */
uint32_t words_find(const struct words *words, const char *text, size_t size);

/* The same, for a new word the next number; WORD_UNKNOWN when there is no room for it. */
uint32_t words_add(struct words *words, const char *text, size_t size);

/* NULL when there is no such number. Not fast. */
const char *words_text(const struct words *words, uint32_t number);

/* All of them by number: texts has room for words->count. */
void words_list(const struct words *words, const char **texts);
void words_finish(struct words *words);

#endif
