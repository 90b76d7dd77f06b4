#include "dashboard/csv_row.h"

#include <stdbool.h>

char *csv_row_end(char *row, const char *end)
{
    bool quoted = false;

    for (char *at = row; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\n' && !quoted)
            return at;
    }
    return NULL;
}

int csv_row_split(char *row, char *cells[], int most)
{
    char *at = row;

    for (int count = 0; count < most; at++) {
        bool quoted = *at == '"';
        char *to = cells[count++] = quoted ? ++at : at;
        while (*at != '\0' && (quoted || *at != ',')) {
            if (quoted && *at == '"' && *++at != '"')
                break;
            *to++ = *at++;
        }
        char end = *at;
        *to = '\0';
        if (end == '\0')
            return count;
        if (end != ',')
            return 0;
    }
    return most;
}
