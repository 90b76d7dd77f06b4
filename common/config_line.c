#include "common/config_line.h"

#include <string.h>

#define NAME_BYTES 64

/* ---- names ---------------------------------------------------------------------------------- */

/* Levenshtein's edit distance; both are shorter than NAME_BYTES. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[NAME_BYTES];
    size_t b_length = strlen(b);
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_length];
}

/* The option somebody may have meant, or NULL when none is near. */
static const char *nearest_option(const struct config_table *table, const char *name)
{
    size_t length = strlen(name);
    if (length >= NAME_BYTES)
        return NULL;
    unsigned nearest = (unsigned)(length / 3 > 2 ? length / 3 : 2) + 1;
    const char *found = NULL;
    for (size_t i = 0; i < table->count; i++) {
        unsigned distance = edit_distance(name, table->options[i].name);
        if (distance < nearest) {
            nearest = distance;
            found = table->options[i].name;
        }
    }
    return found;
}

const struct config_option *config_option_find(const struct config_table *table, const char *name,
                                               struct error *error)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return &table->options[i];
    const char *meant = nearest_option(table, name);
    if (meant != NULL)
        error_set(error, FAULT_CONFIG, "unknown option \"%.64s\"; did you mean \"%s\"?", name,
                  meant);
    else
        error_set(error, FAULT_CONFIG, "unknown option \"%.64s\"; %s lists those there are", name,
                  table->manual);
    return NULL;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct config_line trim(struct config_line line)
{
    while (line.length > 0 && is_blank(line.start[0])) {
        line.start++;
        line.length--;
    }
    while (line.length > 0 && is_blank(line.start[line.length - 1]))
        line.length--;
    return line;
}

bool config_line_next(const char **text, unsigned *number, struct config_line *line)
{
    while (**text != '\0') {
        size_t length = strcspn(*text, "\n");
        *line = trim((struct config_line){*text, length});
        *text += length;
        *text += **text == '\n';
        ++*number;
        if (line->length > 0 && line->start[0] != '#')
            return true;
    }
    return false;
}

bool config_line_copy(struct config_line line, char *copy, size_t capacity)
{
    if (line.length >= capacity)
        return false;
    memcpy(copy, line.start, line.length);
    copy[line.length] = '\0';
    return true;
}

static bool set_option(const struct config_option *option, const char *value, void *record,
                       struct error *error)
{
    struct error reason = ERROR_NONE;
    if (config_value_parse(option, value, record, &reason))
        return true;
    return error_set(error, FAULT_CONFIG, "%s: %s", option->name, reason.text);
}

bool config_record_set(const struct config_table *table, const char *name, const char *value,
                       void *record, struct error *error)
{
    const struct config_option *option = config_option_find(table, name, error);
    return option != NULL && set_option(option, value, record, error);
}

bool config_line_parse(const struct config_table *table, struct config_line line, unsigned number,
                       unsigned *seen, void *record, struct error *error)
{
    const char *equals = memchr(line.start, '=', line.length);
    if (equals == NULL || equals == line.start)
        return error_set(error, FAULT_CONFIG, "\"%.*s\" is not of the form name = value",
                         line.length < NAME_BYTES ? (int)line.length : NAME_BYTES, line.start);
    size_t left = (size_t)(equals - line.start);
    char name[NAME_BYTES + 1];
    char value[CONFIG_LIST_BYTES];
    if (!config_line_copy(trim((struct config_line){line.start, left}), name, sizeof(name)))
        return error_set(error, FAULT_CONFIG, "unknown option \"%.*s…\"; %s lists those there are",
                         NAME_BYTES, line.start, table->manual);
    const struct config_option *option = config_option_find(table, name, error);
    if (option == NULL)
        return false;
    unsigned *before = &seen[option - table->options];
    if (*before != 0)
        return error_set(error, FAULT_CONFIG, "%s stands on line %u already; keep one of them",
                         name, *before);
    *before = number;
    if (!config_line_copy(trim((struct config_line){equals + 1, line.length - left - 1}), value,
                          sizeof(value)))
        return error_set(error, FAULT_CONFIG, "%s: the value is too long; at most %d bytes fit",
                         name, CONFIG_LIST_BYTES - 1);
    return set_option(option, value, record, error);
}

void config_record_init(const struct config_table *table, void *record)
{
    /* A unit test holds every default to its own option's rules. */
    for (size_t i = 0; i < table->count; i++)
        if (!config_value_parse(&table->options[i], table->options[i].initial, record, NULL))
            continue;
}
