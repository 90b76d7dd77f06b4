/* A replay's report in words. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/text_table.h"
#include "trainer/replay_report.h"

#define REASONS_BYTES 1024
#define FROM_BYTES    (IP_TEXT_BYTES + PLACE_CITY_BYTES + 16)

static const char *const KINDS[REPLAYED_KIND_COUNT] = {
#define REPLAYED(symbol, name, words) [REPLAYED_##symbol] = words,
    REPLAYED_KINDS
#undef REPLAYED
};

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

    text_table_cell(table, "%s", KINDS[kind]);
    for (unsigned i = 0; i < report->policy_count; i++)
        text_table_cell(table, "%" PRId64, replay_report_total(report, i, kind));
    for (size_t row = 0; row < sizeof ROWS / sizeof ROWS[0]; row++) {
        text_table_cell(table, "%s", ROWS[row].words);
        for (unsigned i = 0; i < report->policy_count; i++)
            print_share(table, report->counts[i][kind][ROWS[row].verdict],
                        replay_report_total(report, i, kind));
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
        if (kind == REPLAYED_LOGIN || replay_report_total(report, 0, kind) > 0)
            print_verdicts(&table, report, kind);
    }
    text_table_cell(&table, "users asked or refused");
    for (unsigned i = 0; i < report->policy_count; i++)
        print_share(&table, replay_report_users_stopped(report, i), (int64_t)report->user_count);
    bool done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

static bool print_users(const struct replay_report *report, size_t most, struct error *error)
{
    struct text_table table;
    size_t stopped = (size_t)replay_report_users_stopped(report, 0), shown = 0;

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
        print_login(&table, stopped_login(stopped, i), utc);
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
