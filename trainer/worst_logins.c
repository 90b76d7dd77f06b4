#include "trainer/worst_logins.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"

bool worst_logins_init(struct worst_logins *worst, size_t most, struct error *error)
{
    *worst = (struct worst_logins){.most = most,
                                   .slots = calloc(most, sizeof *worst->slots),
                                   .places = calloc(most, sizeof *worst->places)};
    if (worst->slots != NULL && worst->places != NULL)
        return true;
    worst_logins_finish(worst);
    return error_set_errno(error, FAULT_STORE, ENOMEM, "cannot keep %zu logins", most);
}

void worst_logins_finish(struct worst_logins *worst)
{
    free(worst->slots);
    free(worst->places);
    worst->slots = NULL;
    worst->places = NULL;
}

/* Below zero when a comes before b. */
static int compare_places(const void *one, const void *other)
{
    const struct worst_place *a = one, *b = other;

    if (a->risk != b->risk)
        return a->risk > b->risk ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* The place at its root is due elsewhere. */
static void sink(struct worst_logins *worst, struct worst_place place)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < worst->count) {
        if (child + 1 < worst->count &&
            compare_places(&worst->places[child + 1], &worst->places[child]) > 0)
            child++;
        if (compare_places(&worst->places[child], &place) < 0)
            break;
        worst->places[at] = worst->places[child];
        at = child;
    }
    worst->places[at] = place;
}

static void rise(struct worst_logins *worst, struct worst_place place)
{
    size_t at = worst->count++;

    for (; at > 0 && compare_places(&worst->places[(at - 1) / 2], &place) < 0; at = (at - 1) / 2)
        worst->places[at] = worst->places[(at - 1) / 2];
    worst->places[at] = place;
}

void worst_logins_add(struct worst_logins *worst, const struct judged_login *login)
{
    struct worst_place place = {
        .risk = login->assessment.risk, .order = worst->added++, .slot = worst->count};

    if (worst->count < worst->most) {
        rise(worst, place);
    } else if (place.risk > worst->places[0].risk) {
        place.slot = worst->places[0].slot;
        sink(worst, place);
    } else {
        return;
    }
    worst->slots[place.slot] = *login;
}

void worst_logins_sort(struct worst_logins *worst)
{
    if (worst->count > 0)
        qsort(worst->places, worst->count, sizeof *worst->places, compare_places);
}

struct judged_login *worst_login(const struct worst_logins *worst, size_t i)
{
    return &worst->slots[worst->places[i].slot];
}

void worst_login_write(struct json_writer *json, const struct judged_login *login)
{
    const struct login_event *event = &login->event;
    char address[IP_TEXT_BYTES];

    json_time(json, "time", event->time_us);
    json_text(json, "user", event->user);
    json_text(json, "ip", event->source.family == 0 ? NULL : ip_format(&event->source, address));
    json_text(json, "country", event->place.country[0] != '\0' ? event->place.country : NULL);
    json_text(json, "city", event->place.city[0] != '\0' ? event->place.city : NULL);
    json_number(json, "risk", login->assessment.risk);
}
