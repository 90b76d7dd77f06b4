#include "common/csv.h"

#include <string.h>

static bool is_formula(const char *text)
{
    text += strspn(text, "'");
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void write_cell(FILE *out, const char *text, bool guarded)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (quoted)
        fputc('"', out);
    if (guarded)
        fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    if (quoted)
        fputc('"', out);
}

void csv_cell(FILE *out, const char *text)
{
    write_cell(out, text, false);
}

void csv_guarded_cell(FILE *out, const char *text)
{
    write_cell(out, text, is_formula(text));
}

const char *csv_unguarded(const char *text)
{
    return text[0] == '\'' && is_formula(text) ? text + 1 : text;
}
