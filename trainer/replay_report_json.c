/* A replay's report as JSON. */
#include "common/clock.h"
#include "store/login_json.h"
#include "trainer/replay_report.h"

static void write_kind(struct json_writer *json, const struct replay_report *report,
                       unsigned policy, enum replayed_kind kind)
{
    const int64_t *counts = report->counts[policy][kind];

    json_integer(json, "logins", replay_report_total(report, policy, kind));
    json_integer(json, "would_log", counts[VERDICT_LOG]);
    json_integer(json, "would_step_up", counts[VERDICT_STEP_UP]);
    json_integer(json, "would_deny", counts[VERDICT_DENY]);
}

static void write_stopped_users(struct json_writer *json, const struct replay_report *report,
                                unsigned policy)
{
    json_array_begin(json, "stopped_users");
    for (size_t i = 0; i < report->user_count; i++) {
        if (report->users[i].stopped_by >> policy & 1)
            json_text(json, NULL, report->users[i].name);
    }
    json_array_end(json);
}

static void write_budgets(struct json_writer *json, const struct replay_report *report)
{
    json_array_begin(json, "budgets");
    for (unsigned i = 0; i < report->policy_count; i++) {
        const struct policy *policy = &report->policies[i].policy;
        json_object_begin(json, NULL);
        json_text(json, "name", report->policies[i].name);
        json_number(json, "log_budget", policy->log_budget);
        json_number(json, "step_up_budget", policy->step_up_budget);
        json_number(json, "deny_budget", policy->deny_budget);
        write_kind(json, report, i, REPLAYED_LOGIN);
        json_integer(json, "users_stopped", replay_report_users_stopped(report, i));
        if (report->slide == NULL)
            write_stopped_users(json, report, i);
        for (enum replayed_kind kind = REPLAYED_LOGIN + 1; kind < REPLAYED_KIND_COUNT; kind++) {
            json_object_begin(json, replayed_kind_name(kind));
            write_kind(json, report, i, kind);
            json_object_end(json);
        }
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_users(struct json_writer *json, const struct replay_report *report)
{
    json_array_begin(json, "users");
    for (size_t i = 0; i < report->user_count; i++) {
        const struct replayed_user *user = &report->users[i];
        json_object_begin(json, NULL);
        json_text(json, "user", user->name);
        json_integer(json, "logins", user->logins);
        json_integer(json, "would_log", user->verdicts[VERDICT_LOG]);
        json_integer(json, "would_step_up", user->verdicts[VERDICT_STEP_UP]);
        json_integer(json, "would_deny", user->verdicts[VERDICT_DENY]);
        json_object_end(json);
    }
    json_array_end(json);
}

static void write_login(struct json_writer *json, const struct judged_login *login)
{
    char time[CLOCK_TEXT_BYTES], address[IP_TEXT_BYTES], id[LOGIN_ID_TEXT_BYTES];
    const struct login_event *event = &login->event;
    const struct assessment *assessment = &login->assessment;

    json_object_begin(json, NULL);
    json_text(json, "id", login_id_format(&event->id, id));
    json_text(json, "time", clock_format(event->time_us, true, time));
    json_text(json, "user", event->user);
    json_text(json, "ip", ip_format(&event->source, address));
    json_text(json, "country", event->place.country);
    json_text(json, "city", event->place.city);
    json_number(json, "risk", assessment->risk);
    json_text(json, "verdict", verdict_name(assessment->verdict));
    json_text(json, "rule", policy_rule_name(assessment->rule));
    json_text(json, "label", login->label < 0 ? NULL : login->label == 1 ? "attack" : "legitimate");
    login_json_reasons(json, assessment);
    json_object_end(json);
}

static void write_logins(struct json_writer *json, const char *name,
                         const struct stopped_logins *stopped)
{
    json_array_begin(json, name);
    for (size_t i = 0; i < stopped_logins_kept(stopped); i++)
        write_login(json, stopped_login(stopped, i));
    json_array_end(json);
}

void replay_report_write(const struct replay_report *report, struct json_writer *json)
{
    write_kind(json, report, 0, REPLAYED_LOGIN);
    for (enum replayed_kind kind = REPLAYED_LOGIN + 1; kind < REPLAYED_KIND_COUNT; kind++) {
        json_object_begin(json, replayed_kind_name(kind));
        write_kind(json, report, 0, kind);
        json_object_end(json);
    }
    write_budgets(json, report);
    if (report->slide != NULL) {
        replay_slide_write(report->slide, json);
        return;
    }
    write_users(json, report);
    write_logins(json, "stopped", &report->stopped);
    write_logins(json, "stopped_attacks", &report->attacks);
}
