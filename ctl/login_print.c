/* Logins as rows of a table. */
#include "ctl/ctl.h"
#include "store/login_json.h"

void ctl_login_heading(struct text_table *table)
{
    static const char *const HEADING[] = {
        "TIME", "USER",    "FROM",    "PLACE", "METHOD",
        "RISK", "VERDICT", "REACHED", "LABEL", "ID / STRONGEST REASON"};
    for (size_t i = 0; i < sizeof HEADING / sizeof *HEADING; i++)
        text_table_cell(table, "%s", HEADING[i]);
}

/* "deny (answered log)" when mode or a fault made another answer of the verdict. */
static void verdict_text(const struct login_record *record, char *text, size_t capacity)
{
    if (record->fault != FAULT_NONE)
        snprintf(text, capacity, "%s fault, answered %s", fault_name(record->fault),
                 verdict_name(record->answer));
    else if (!record->assessed)
        snprintf(text, capacity, "-");
    else if (record->answer < record->assessment.verdict)
        snprintf(text, capacity, "would %s", verdict_name(record->assessment.verdict));
    else
        snprintf(text, capacity, "%s", verdict_name(record->assessment.verdict));
}

static const char *reached_text(const struct stored_login *login)
{
    if (login->reached == STAGE_ATTEMPT)
        return "failed";
    return login_stage_name(login->reached);
}

void ctl_login_row(struct text_table *table, const struct command_line *line,
                   const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    const struct login_event *event = &record->event;
    char time[CLOCK_TEXT_BYTES], address[IP_TEXT_BYTES], place[128], verdict[64];
    char id[LOGIN_ID_TEXT_BYTES];
    verdict_text(record, verdict, sizeof verdict);
    text_table_cell(table, "%s", ctl_time(line, event->time_us, time));
    text_table_cell(table, "%s", event->user);
    text_table_cell(table, "%s",
                    event->source.family == 0 ? "console" : ip_format(&event->source, address));
    text_table_cell(table, "%s", ctl_place(&event->place, place, sizeof place));
    text_table_cell(table, "%s", login_method_name(event->method));
    if (record->assessed)
        text_table_cell(table, "%.3f", record->assessment.risk);
    else
        text_table_cell(table, "-");
    text_table_cell(table, "%s", verdict);
    text_table_cell(table, "%s", reached_text(login));
    text_table_cell(
        table, "%s",
        login->label == LABEL_NONE ? "-" : login_label_name((enum login_label_value)login->label));
    bool reason = record->assessed && record->assessment.reason_count > 0;
    text_table_cell(table, "%s%s%s", login_id_format(&event->id, id), reason ? "  " : "",
                    reason ? FEATURE_TABLE[record->assessment.reasons[0].feature].reason : "");
}

struct printing {
    const struct command_line *line;
    struct text_table *table;
    struct json_writer *json;
    size_t count;
};

static bool print_one(void *context, const struct stored_login *login)
{
    struct printing *printing = context;
    printing->count++;
    if (printing->json != NULL)
        login_json(printing->json, NULL, login, false, NULL);
    else
        ctl_login_row(printing->table, printing->line, login);
    return true;
}

bool ctl_logins_print(const struct command_line *line, struct store *store,
                      const struct login_filter *filter, struct json_writer *json,
                      struct error *error)
{
    struct text_table table;
    struct printing printing = {.line = line, .table = &table, .json = json};
    if (json != NULL) {
        json_array_begin(json, "logins");
        bool done = store_logins(store, filter, print_one, &printing, error);
        json_array_end(json);
        return done;
    }
    text_table_init(&table, CTL_LOGIN_ALIGNMENT);
    ctl_login_heading(&table);
    bool done = store_logins(store, filter, print_one, &printing, error);
    if (done && printing.count == 0)
        puts("no such login");
    else if (done)
        done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}
