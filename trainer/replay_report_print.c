/* A replay's report in words and as JSON. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/text_table.h"
#include "store/login_json.h"
#include "trainer/replay_report.h"

#define REASONS_BYTES 1024
#define FROM_BYTES    (IP_TEXT_BYTES + PLACE_CITY_BYTES + 16)

static const struct {
    const char *name, *words;
} KINDS[REPLAYED_KIND_COUNT] = {
#define REPLAYED(symbol, name, words) [REPLAYED_##symbol] = {name, words},
    REPLAYED_KINDS
#undef REPLAYED
};

static int64_t total(const struct replay_report *report, unsigned policy, enum replayed_kind kind)
{
    int64_t sum = 0;

    for (enum verdict verdict = VERDICT_ALLOW; verdict < VERDICT_COUNT; verdict++)
        sum += report->counts[policy][kind][verdict];
    return sum;
}

static int64_t users_stopped(const struct replay_report *report, unsigned policy)
{
    int64_t count = 0;

    for (size_t i = 0; i < report->user_count; i++)
        count += report->users[i].stopped_by >> policy & 1;
    return count;
}

/* 0: the newest. */
static const struct judged_login *kept_login(const struct stopped_logins *stopped, size_t back)
{
    size_t at = stopped->count - 1 - back;

    return &stopped->logins[stopped->most > 0 ? at % stopped->most : at];
}

/* ---- for people ---- */

static void print_share(struct text_table *table, int64_t count, int64_t of)
{
    if (of == 0)
        text_table_cell(table, "-");
    else
        text_table_cell(table, "%" PRId64 " (%.3g %%)", count, 100.0 * (double)count / (double)of);
}

static void print_verdicts(struct text_table *table, const struct replay_report *report,
                           enum replayed_kind kind)
{
    static const struct {
        enum verdict verdict;
        const char *words;
    } ROWS[] = {{VERDICT_LOG, "  logged"},
                {VERDICT_STEP_UP, "  asked for a second factor"},
                {VERDICT_DENY, "  refused"}};

    text_table_cell(table, "%s", KINDS[kind].words);
    for (unsigned i = 0; i < report->policy_count; i++)
        text_table_cell(table, "%" PRId64, total(report, i, kind));
    for (size_t row = 0; row < sizeof ROWS / sizeof ROWS[0]; row++) {
        text_table_cell(table, "%s", ROWS[row].words);
        for (unsigned i = 0; i < report->policy_count; i++)
            print_share(table, report->counts[i][kind][ROWS[row].verdict], total(report, i, kind));
    }
}

static void print_budget(struct text_table *table, const struct replay_report *report,
                         const char *name, size_t offset)
{
    text_table_cell(table, "%s", name);
    for (unsigned i = 0; i < report->policy_count; i++) {
        const char *policy = (const char *)&report->policies[i].policy;
        text_table_cell(table, "%.4g", *(const double *)(const void *)(policy + offset));
    }
}

static bool print_totals(const struct replay_report *report, struct error *error)
{
    struct text_table table;
    char alignment[JUDGING_MOST_POLICIES + 2];

    memset(alignment, 'r', sizeof alignment);
    alignment[0] = 'l';
    alignment[1 + report->policy_count] = '\0';
    text_table_init(&table, alignment);
    text_table_cell(&table, "budgets");
    for (unsigned i = 0; i < report->policy_count; i++)
        text_table_cell(&table, "%s", report->policies[i].name);
    print_budget(&table, report, "log_budget", offsetof(struct policy, log_budget));
    print_budget(&table, report, "step_up_budget", offsetof(struct policy, step_up_budget));
    print_budget(&table, report, "deny_budget", offsetof(struct policy, deny_budget));
    for (enum replayed_kind kind = 0; kind < REPLAYED_KIND_COUNT; kind++) {
        if (kind == REPLAYED_LOGIN || total(report, 0, kind) > 0)
            print_verdicts(&table, report, kind);
    }
    text_table_cell(&table, "users asked or refused");
    for (unsigned i = 0; i < report->policy_count; i++)
        print_share(&table, users_stopped(report, i), (int64_t)report->user_count);
    bool done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

static bool print_users(const struct replay_report *report, size_t most, struct error *error)
{
    struct text_table table;
    size_t stopped = (size_t)users_stopped(report, 0), shown = 0;

    if (stopped == 0)
        return true;
    if (most > 0 && stopped > most)
        printf("\nusers, %zu of %zu (--all shows all)\n", most, stopped);
    else
        printf("\nusers\n");
    text_table_init(&table, "lrrr");
    text_table_cell(&table, "user");
    text_table_cell(&table, "logins");
    text_table_cell(&table, "asked");
    text_table_cell(&table, "refused");
    for (size_t i = 0; i < report->user_count && (most == 0 || shown < most); i++) {
        const struct replayed_user *user = &report->users[i];
        if ((user->stopped_by & 1) == 0)
            continue;
        text_table_cell(&table, "%s", user->name);
        text_table_cell(&table, "%" PRId64, user->logins);
        text_table_cell(&table, "%" PRId64, user->verdicts[VERDICT_STEP_UP]);
        text_table_cell(&table, "%" PRId64, user->verdicts[VERDICT_DENY]);
        shown++;
    }
    bool done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

static const char *from_text(const struct login_event *event, char text[FROM_BYTES])
{
    char address[IP_TEXT_BYTES];
    const struct place *place = &event->place;

    snprintf(text, FROM_BYTES, "%s%s%s%s%s",
             event->source.family != 0 ? ip_format(&event->source, address) : "console",
             place->country[0] != '\0' ? " " : "", place->country,
             place->city[0] != '\0' ? " " : "", place->city);
    return text;
}

static void print_login(struct text_table *table, const struct judged_login *login, bool utc)
{
    char time[CLOCK_TEXT_BYTES], from[FROM_BYTES], reasons[REASONS_BYTES];
    const struct assessment *assessment = &login->assessment;

    text_table_cell(table, "%s", clock_format(login->event.time_us, utc, time));
    text_table_cell(table, "%s", login->event.user);
    text_table_cell(table, "%s", from_text(&login->event, from));
    text_table_cell(table, "%s", assessment->verdict == VERDICT_DENY ? "refused" : "asked");
    text_table_cell(table, "%.4f", assessment->risk);
    text_table_cell(table, "%s", assessment_reasons_text(assessment, reasons, sizeof reasons));
}

static bool print_logins(const struct stopped_logins *stopped, const char *title, bool utc,
                         struct error *error)
{
    struct text_table table;
    size_t count = stopped_logins_kept(stopped);

    if (count == 0)
        return true;
    if (count < stopped->count)
        printf("\n%s, the newest %zu of %zu (--all shows all)\n", title, count, stopped->count);
    else
        printf("\n%s, newest first\n", title);
    text_table_init(&table, "llllrl");
    text_table_cell(&table, "time");
    text_table_cell(&table, "user");
    text_table_cell(&table, "from");
    text_table_cell(&table, "would be");
    text_table_cell(&table, "risk");
    text_table_cell(&table, "why");
    for (size_t i = 0; i < count; i++)
        print_login(&table, kept_login(stopped, i), utc);
    bool done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

bool replay_report_print(const struct replay_report *report, bool utc, size_t users_most,
                         struct error *error)
{
    return print_totals(report, error) && print_users(report, users_most, error) &&
           print_logins(&report->stopped, "logins", utc, error) &&
           print_logins(&report->attacks, "labelled attacks", utc, error);
}

/* ---- for programs ---- */

static void write_kind(struct json_writer *json, const struct replay_report *report,
                       unsigned policy, enum replayed_kind kind)
{
    const int64_t *counts = report->counts[policy][kind];

    json_integer(json, "logins", total(report, policy, kind));
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
        json_integer(json, "users_stopped", users_stopped(report, i));
        write_stopped_users(json, report, i);
        for (enum replayed_kind kind = REPLAYED_LOGIN + 1; kind < REPLAYED_KIND_COUNT; kind++) {
            json_object_begin(json, KINDS[kind].name);
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
        write_login(json, kept_login(stopped, i));
    json_array_end(json);
}

void replay_report_write(const struct replay_report *report, struct json_writer *json)
{
    write_kind(json, report, 0, REPLAYED_LOGIN);
    for (enum replayed_kind kind = REPLAYED_LOGIN + 1; kind < REPLAYED_KIND_COUNT; kind++) {
        json_object_begin(json, KINDS[kind].name);
        write_kind(json, report, 0, kind);
        json_object_end(json);
    }
    write_budgets(json, report);
    write_users(json, report);
    write_logins(json, "stopped", &report->stopped);
    write_logins(json, "stopped_attacks", &report->attacks);
}
