#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/csv.h"
#include "common/json_writer.h"
#include "common/utf8.h"
#include "store/model_file.h"
#include "store/policy_of_config.h"
#include "trainer/commands.h"
#include "trainer/csv_login.h"
#include "trainer/history_options.h"
#include "trainer/import_store.h"
#include "trainer/judging.h"
#include "trainer/login_order.h"
#include "trainer/ordered_lines.h"
#include "trainer/output.h"
#include "trainer/worst_logins.h"

#define REASONS_BYTES 1024
#define OUT_BYTES     (1 << 20)

struct score_values {
    struct history_values history;
    const char *model, *out;
};

static const struct command_option OPTIONS[] = {
    HISTORY_OPTIONS(struct score_values, history),
    COMMAND_TEXT(struct score_values, model, "model", "FILE",
                 "score with it; otherwise with the built-in model"),
    COMMAND_TEXT(struct score_values, out, "out", "FILE",
                 "where the scores go; otherwise to standard output"),
};

struct scoring {
    struct import_reading reading;
    struct geo *geo;
    struct login_order order;
    struct judging *judging;
    struct ordered_lines lines;
    int64_t verdicts[VERDICT_COUNT];
    struct worst_logins worst;
};

/* ---- out ---- */

/* A row's number stands for the id that the logins of a file do not have. */
static uint64_t number_of(const struct login_event *event)
{
    uint64_t number;

    memcpy(&number, event->id.bytes, sizeof number);
    return number;
}

/* Some sets name users so. */
static bool is_signed_number(const char *text)
{
    return (text[0] == '-' || text[0] == '+') && text[1 + strspn(text + 1, "0123456789")] == '\0';
}

/* Whoever tries to log in chooses it: neither a terminal nor a spreadsheet is to obey it. */
static void print_user(FILE *out, const char *user)
{
    char text[LOGIN_USER_BYTES];

    utf8_show(text, (size_t)snprintf(text, sizeof text, "%s", user));
    if (is_signed_number(text))
        fputs(text, out);
    else
        csv_guarded_cell(out, text);
    fputc(',', out);
}

static bool print_login(void *context, const struct judged_login *login, struct error *error)
{
    struct scoring *scoring = context;
    const struct assessment *assessment = &login->assessment;
    uint64_t number = number_of(&login->event);
    char address[IP_TEXT_BYTES], reasons[REASONS_BYTES];
    FILE *out = ordered_lines_begin(&scoring->lines, number, error);

    if (out == NULL)
        return false;
    scoring->verdicts[assessment->verdict]++;
    worst_logins_add(&scoring->worst, login);
    csv_print_time(out, login->event.time_us);
    print_user(out, login->event.user);
    csv_print_text(out, ip_format(&login->event.source, address));
    fprintf(out, "%.6f,%s", assessment->risk, verdict_name(assessment->verdict));
    if (assessment->reason_count == 0)
        fputs(",\n", out);
    else
        fprintf(out, ",\"%s\"\n", assessment_reasons_text(assessment, reasons, sizeof reasons));
    return ordered_lines_end(&scoring->lines, number, error);
}

/* ---- in ---- */

/* A file tells of other machines: who is exempt on this one means nothing there. */
static void judge_facts(void *context, const struct stored_login *login, struct policy_facts *facts)
{
    (void)context;
    facts->is_root = strcmp(login->record.event.user, "root") == 0;
}

static bool judge_next(struct scoring *scoring, struct error *error)
{
    uint64_t number = 0;
    const struct stored_login *next = login_order_take(&scoring->order, &number);
    struct stored_login login = *next;

    memcpy(login.record.event.id.bytes, &number, sizeof number);
    return import_locate(scoring->geo, &login.record.event, error) &&
           judging_add(scoring->judging, &login, error);
}

static bool take_login(void *context, const struct stored_login *login, struct error *error)
{
    struct scoring *scoring = context;

    while (login_order_is_full(&scoring->order)) {
        if (!judge_next(scoring, error))
            return false;
    }
    login_order_put(&scoring->order, login);
    return true;
}

static bool score(struct scoring *scoring, const struct import_format *format,
                  const struct risk_model *model, const struct config *config, struct error *error)
{
    struct policy policy = policy_of_config(config);
    struct judging_plan plan = {.model = model,
                                .policies = &policy,
                                .policy_count = 1,
                                .since_us = INT64_MIN,
                                .reasons = true,
                                .facts = judge_facts,
                                .visit = print_login,
                                .context = scoring};

    if (!geo_open(&scoring->geo, config->geo, error) || !login_order_init(&scoring->order, error) ||
        !judging_create(&scoring->judging, &plan, error))
        return false;
    fputs("time,user,ip,risk,verdict,reasons\n", scoring->lines.out);
    if (!format->read(&scoring->reading, error))
        return false;
    while (scoring->order.held > 0) {
        if (!judge_next(scoring, error))
            return false;
    }
    return judging_finish(scoring->judging, error);
}

/* ---- totals ---- */

static void write_unread(struct json_writer *json, const struct import_reading *reading)
{
    const struct import_counts *counts = &reading->counts;

    json_text(json, "note", reading->note[0] != '\0' ? reading->note : NULL);
    json_array_begin(json, "unread");
    for (size_t i = 0; i < counts->unread_count; i++) {
        json_object_begin(json, NULL);
        json_integer(json, "line", counts->unread[i].number);
        json_text(json, "text", counts->unread[i].text);
        json_object_end(json);
    }
    json_array_end(json);
}

static bool print_json(const struct scoring *scoring, const char *model, double seconds,
                       struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_integer(&json, "rows", (int64_t)scoring->lines.next);
    json_object_begin(&json, "verdicts");
    for (enum verdict verdict = VERDICT_ALLOW; verdict < VERDICT_COUNT; verdict++)
        json_integer(&json, verdict_name(verdict), scoring->verdicts[verdict]);
    json_object_end(&json);
    json_integer(&json, "skipped", import_skipped_in_all(&scoring->reading.counts));
    json_integer(&json, "out_of_order", scoring->order.out_of_order);
    write_unread(&json, &scoring->reading);
    worst_logins_write(&json, "worst", &scoring->worst);
    json_text(&json, "model", model);
    json_number(&json, "seconds", seconds);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static void print_totals(const struct scoring *scoring, const char *model, double seconds)
{
    printf("%" PRIu64 " logins scored with %s in %.1f s:", scoring->lines.next, model, seconds);
    for (enum verdict verdict = VERDICT_ALLOW; verdict < VERDICT_COUNT; verdict++)
        printf("%s %" PRId64 " %s", verdict == VERDICT_ALLOW ? "" : ",", scoring->verdicts[verdict],
               verdict_name(verdict));
    putchar('\n');
}

static void note_faults(const struct command_line *line, const struct scoring *scoring)
{
    const struct import_counts *counts = &scoring->reading.counts;

    if (scoring->reading.note[0] != '\0')
        command_note(line, "%s", scoring->reading.note);
    for (int kind = 0; kind < SKIPPED_COUNT; kind++) {
        if (counts->skipped[kind] > 0 && SKIPPED_KINDS[kind].unread)
            command_note(line, "%" PRId64 " lines were left out: %s", counts->skipped[kind],
                         SKIPPED_KINDS[kind].meaning);
    }
    if (counts->unread_count > 0)
        command_note(line, "the first of them is line %" PRId64 ": %s", counts->unread[0].number,
                     counts->unread[0].text);
    if (scoring->order.out_of_order > 0)
        command_note(line,
                     "%" PRId64 " logins are more than %d rows out of the order of time: they were "
                     "scored by what later ones had taught too; sort the file by time",
                     scoring->order.out_of_order, LOGIN_ORDER_WINDOW);
}

/* ---- the command ---- */

static void show_progress(int64_t lines)
{
    command_progress("scoring lines", lines, 0);
}

static bool open_model(struct model_file *model, const char *path, struct error *error)
{
    struct config built_in;

    if (path != NULL)
        return model_file_read(model, path, error);
    config_init(&built_in);
    return config_set(&built_in, "model", "builtin", error) &&
           model_file_open(model, &built_in, error);
}

static bool open_out(FILE **out, const char *path, struct error *error)
{
    *out = path == NULL ? stdout : fopen(path, "we");
    if (*out == NULL)
        return error_set_errno(error, FAULT_STORE, errno, "cannot write %s", path);
    (void)setvbuf(*out, NULL, _IOFBF, OUT_BYTES);
    return true;
}

static bool close_out(FILE *out, const char *path, struct error *error)
{
    if (path == NULL)
        return true;
    return fclose(out) == 0 || error_set_errno(error, FAULT_STORE, errno, "cannot write %s", path);
}

/* From an input and a model that are open. */
static bool score_input(const struct command_line *line, struct scoring *scoring,
                        const struct import_format *format, const struct model_file *model,
                        struct error *error)
{
    const struct score_values *values = line->values;
    int64_t began_us = clock_monotonic_us();
    struct config config;
    FILE *out = NULL;

    if (!command_config(line, &config, error) ||
        !output_spares(values->out, line->operands[0], error) ||
        !output_spares(values->out, values->model, error) || !open_out(&out, values->out, error))
        return false;
    ordered_lines_init(&scoring->lines, out);
    bool done = score(scoring, format, &model->risk, &config, error);
    judging_destroy(scoring->judging);
    geo_close(scoring->geo);
    done &= close_out(out, values->out, error);
    command_progress_end();
    double seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    if (done)
        note_faults(line, scoring);
    if (done && line->json)
        done = print_json(scoring, model->path, seconds, error);
    else if (done && values->out != NULL)
        print_totals(scoring, model->path, seconds);
    login_order_finish(&scoring->order);
    ordered_lines_finish(&scoring->lines);
    return done;
}

static int run_score(const struct command_line *line)
{
    const struct score_values *values = line->values;
    struct error error = ERROR_NONE;
    struct model_file model;
    struct input input;
    struct scoring scoring = {.geo = NULL};

    const struct import_format *format = history_format(line, values->history.format);
    if (format == NULL)
        return COMMAND_USAGE;
    if (line->json && values->out == NULL)
        return command_misused(line, "--json prints the totals, so the scores need --out FILE");
    if (!open_model(&model, values->model, &error))
        return command_fail(line, &error);
    bool done = history_open(line, &values->history, &input, &scoring.reading, &error);
    if (done) {
        scoring.reading.visit = take_login;
        scoring.reading.context = &scoring;
        scoring.reading.progress = show_progress;
        done = score_input(line, &scoring, format, &model, &error);
        input_close(&input);
    }
    model_file_close(&model);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command SCORE_COMMAND = {
    .name = "score",
    .operands = "FILE|-",
    .operands_min = 1,
    .operands_max = 1,
    .help = "a login history judged row by row, each by what came before it, csv on stdout",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct score_values),
    .run = run_score,
};
