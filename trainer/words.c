#include "trainer/words.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

struct word {
    uint64_t hash;
    char *text; /* NULL: a free slot */
    size_t size;
    uint32_t number;
};

/* The word's slot or the free one where it belongs; at least one slot must be free. */
static struct word *slot_of(const struct words *words, uint64_t hash, const char *text, size_t size)
{
    uint32_t at = (uint32_t)hash & (words->slot_count - 1);
    for (;; at = (at + 1) & (words->slot_count - 1)) {
        struct word *word = &words->slots[at];
        if (word->text == NULL ||
            (word->hash == hash && word->size == size && memcmp(word->text, text, size) == 0))
            return word;
    }
}

static bool grow(struct words *words)
{
    struct words wider = {NULL, words->slot_count == 0 ? 16 : 2 * words->slot_count, words->count};

    wider.slots = calloc(wider.slot_count, sizeof *wider.slots);
    if (wider.slots == NULL)
        return false;
    for (uint32_t i = 0; i < words->slot_count; i++) {
        const struct word *word = &words->slots[i];
        if (word->text != NULL)
            *slot_of(&wider, word->hash, word->text, word->size) = *word;
    }
    free(words->slots);
    *words = wider;
    return true;
}

uint32_t words_find(const struct words *words, const char *text, size_t size)
{
    if (words->slot_count == 0)
        return WORD_UNKNOWN;
    const struct word *word = slot_of(words, hash_bytes(text, size), text, size);
    return word->text == NULL ? WORD_UNKNOWN : word->number;
}

uint32_t words_add(struct words *words, const char *text, size_t size)
{
    uint32_t found = words_find(words, text, size);
    if (found != WORD_UNKNOWN)
        return found;
    if (words->count >= WORDS_MOST || (words->count + 1 > words->slot_count / 2 && !grow(words)))
        return WORD_UNKNOWN;
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return WORD_UNKNOWN;
    memcpy(copy, text, size);
    copy[size] = '\0';
    uint64_t hash = hash_bytes(text, size);
    *slot_of(words, hash, text, size) = (struct word){hash, copy, size, words->count};
    return words->count++;
}

const char *words_text(const struct words *words, uint32_t number)
{
    for (uint32_t i = 0; i < words->slot_count; i++) {
        if (words->slots[i].text != NULL && words->slots[i].number == number)
            return words->slots[i].text;
    }
    return NULL;
}

void words_list(const struct words *words, const char **texts)
{
    for (uint32_t i = 0; i < words->slot_count; i++) {
        if (words->slots[i].text != NULL)
            texts[words->slots[i].number] = words->slots[i].text;
    }
}

void words_finish(struct words *words)
{
    for (uint32_t i = 0; i < words->slot_count; i++)
        free(words->slots[i].text);
    free(words->slots);
    *words = (struct words){NULL, 0, 0};
}
