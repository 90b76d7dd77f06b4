#include "dashboard/usual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct usual_value *value_of(struct usual *usual, const char *text)
{
    for (size_t i = 0; i < usual->count; i++) {
        if (strcmp(usual->value[i].text, text) == 0)
            return &usual->value[i];
    }
    if (usual->count == USUAL_MOST)
        return NULL;
    snprintf(usual->value[usual->count].text, USUAL_BYTES, "%s", text);
    return &usual->value[usual->count++];
}

void usual_add(struct usual *usual, const char *text, const struct stored_login *login)
{
    struct usual_value *value = text[0] != '\0' ? value_of(usual, text) : NULL;

    if (value == NULL)
        return;
    value->logins++;
    value->successes += login->reached > STAGE_ATTEMPT;
    if (login->record.event.time_us < value->last_us)
        return;
    value->last_us = login->record.event.time_us;
    value->place = login->record.event.place;
}

static int compare(const void *left, const void *right)
{
    const struct usual_value *a = left, *b = right;

    return a->logins != b->logins ? (a->logins > b->logins ? -1 : 1) : strcmp(a->text, b->text);
}

void usual_sort(struct usual *usual)
{
    qsort(usual->value, usual->count, sizeof(usual->value[0]), compare);
}
