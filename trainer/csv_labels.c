#include "trainer/csv_labels.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_negative(const char *word)
{
    static const char *const NEGATIVE[] = {"legitimate", "normal", "benign", "good", "negative"};
    for (size_t i = 0; i < sizeof NEGATIVE / sizeof NEGATIVE[0]; i++) {
        if (strcasecmp(word, NEGATIVE[i]) == 0)
            return true;
    }
    return false;
}

/* The label's first word is 1 and not 0: by what it means, else by the order of their bytes. */
static bool first_is_positive(const char *first, const char *second)
{
    if (is_negative(first) != is_negative(second))
        return is_negative(second);
    return strcmp(first, second) > 0;
}

static bool name_labels(struct csv_table *table, const struct csv_labels *labels,
                        const char *const words[2], uint8_t value[2], struct error *error)
{
    if (words[1] == NULL)
        return error_set(error, FAULT_MODEL,
                         "%s has only one label in column \"%s\"; two are needed to learn from",
                         labels->path, labels->column);
    value[0] = first_is_positive(words[0], words[1]);
    value[1] = !value[0];
    for (unsigned i = 0; i < 2; i++) {
        char *copy = table->label_words[value[i]] = strdup(words[i]);
        if (copy == NULL)
            return error_set_errno(error, FAULT_MODEL, ENOMEM, "%s does not fit into memory",
                                   labels->path);
    }
    return true;
}

static bool match_labels(const struct csv_labels *labels, char *const known[2],
                         const char *const words[2], uint8_t value[2], struct error *error)
{
    for (unsigned i = 0; i < 2 && words[i] != NULL; i++) {
        value[i] = strcmp(words[i], known[1]) == 0;
        if (value[i] == 0 && strcmp(words[i], known[0]) != 0)
            return error_set(error, FAULT_MODEL,
                             "%s labels rows \"%s\"; the table that was learned from knows \"%s\" "
                             "and \"%s\"",
                             labels->path, words[i], known[0], known[1]);
    }
    return true;
}

bool csv_labels_order(struct csv_table *table, const struct csv_labels *labels,
                      const struct csv_table *like, struct error *error)
{
    const char *const words[2] = {words_text(labels->words, 0), words_text(labels->words, 1)};
    uint8_t value[2] = {0, 0};

    if (!(like != NULL ? match_labels(labels, like->label_words, words, value, error)
                       : name_labels(table, labels, words, value, error)))
        return false;
    for (size_t row = 0; row < table->rows; row++)
        table->labels[row] = value[table->labels[row]];
    return true;
}
