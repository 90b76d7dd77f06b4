#include "trainer/worst_logins.h"

#include <string.h>

#include "common/clock.h"
#include "store/login_json.h"

void worst_logins_add(struct worst_logins *worst, const struct judged_login *login)
{
    double risk = login->assessment.risk;
    unsigned at = worst->count;

    if (at == WORST_LOGINS && !(risk > worst->at[at - 1].assessment.risk))
        return;
    at = at == WORST_LOGINS ? at - 1 : worst->count++;
    for (; at > 0 && worst->at[at - 1].assessment.risk < risk; at--)
        worst->at[at] = worst->at[at - 1];
    worst->at[at] = *login;
}

static void write_login(struct json_writer *json, const struct judged_login *login)
{
    const struct login_event *event = &login->event;
    char address[IP_TEXT_BYTES];

    json_object_begin(json, NULL);
    json_time(json, "time", event->time_us);
    json_text(json, "user", event->user);
    json_text(json, "ip", event->source.family == 0 ? NULL : ip_format(&event->source, address));
    json_text(json, "country", event->place.country[0] != '\0' ? event->place.country : NULL);
    json_text(json, "city", event->place.city[0] != '\0' ? event->place.city : NULL);
    json_number(json, "risk", login->assessment.risk);
    json_text(json, "verdict", verdict_name(login->assessment.verdict));
    login_json_reasons(json, &login->assessment);
    json_object_end(json);
}

void worst_logins_write(struct json_writer *json, const char *name,
                        const struct worst_logins *worst)
{
    json_array_begin(json, name);
    for (unsigned i = 0; i < worst->count; i++)
        write_login(json, &worst->at[i]);
    json_array_end(json);
}
