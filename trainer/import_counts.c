#include "trainer/import_counts.h"

#include <string.h>

#include "common/utf8.h"

const struct skipped_kind SKIPPED_KINDS[SKIPPED_COUNT] = {
#define SKIPPED(symbol, name, unread, meaning) {name, unread, meaning},
    SKIPPED_LINES
#undef SKIPPED
};

void import_skip(struct import_counts *counts, enum skipped_line kind, int64_t number,
                 const char *text, size_t length)
{
    counts->skipped[kind]++;
    if (!SKIPPED_KINDS[kind].unread || counts->unread_count == UNREAD_SHOWN)
        return;
    struct unread_line *shown = &counts->unread[counts->unread_count++];
    size_t most = length < UNREAD_TEXT_BYTES - 1 ? length : UNREAD_TEXT_BYTES - 1;
    shown->number = number;
    shown->kind = kind;
    memcpy(shown->text, text, most);
    shown->text[most] = '\0';
    utf8_show(shown->text, most);
}

int64_t import_skipped_in_all(const struct import_counts *counts)
{
    int64_t sum = 0;
    for (int kind = 0; kind < SKIPPED_COUNT; kind++)
        sum += counts->skipped[kind];
    return sum;
}
