/* anomalyctl alerts */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "store/alert_json.h"
#include "store/journal_state.h"
#include "store/word.h"

#define OUTCOME_WAIT_US (INT64_C(30) * US_PER_S)
#define OUTCOME_LOOK_NS 100000000

/* ---- list ----------------------------------------------------------------------------------- */

struct printing {
    const struct command_line *line;
    struct store *store;
    struct text_table *table;
    struct json_writer *json;
    struct error *error;
    size_t count;
    bool failed;
};

struct tally_of_deliveries {
    int done, failed, waiting;
};

static bool tally_delivery(void *context, const struct alert_delivery *delivery)
{
    struct tally_of_deliveries *tally = context;

    tally->done += delivery->state == DELIVERY_DONE;
    tally->failed += delivery->state == DELIVERY_FAILED;
    tally->waiting += delivery->state == DELIVERY_PENDING;
    return true;
}

static bool print_row(const struct printing *printing, const struct alert *alert)
{
    struct tally_of_deliveries tally = {0};
    char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES], summary[ALERT_SUMMARY_BYTES];

    if (!store_deliveries(printing->store, alert->id, 1000, tally_delivery, &tally,
                          printing->error))
        return false;
    text_table_cell(printing->table, "%" PRId64, alert->id);
    text_table_cell(printing->table, "%s", alert->rule);
    text_table_cell(printing->table, "%s", ctl_time(printing->line, alert->first_us, first));
    text_table_cell(printing->table, "%s", ctl_time(printing->line, alert->last_us, last));
    text_table_cell(printing->table, "%d sent, %d failed, %d waiting", tally.done, tally.failed,
                    tally.waiting);
    text_table_cell(printing->table, "%s",
                    alert->acknowledged_us > 0 ? alert->acknowledged_by : "-");
    text_table_cell(printing->table, "%s", alert_summary(alert, summary));
    return true;
}

static bool print_alert(void *context, const struct alert *alert)
{
    struct printing *printing = context;

    printing->count++;
    printing->failed = printing->json != NULL
                           ? !alert_json(printing->json, printing->store, alert, printing->error)
                           : !print_row(printing, alert);
    return !printing->failed;
}

static void print_heading(struct text_table *table)
{
    static const char *const HEADING[] = {
        "ID", "RULE", "FIRST", "LAST", "MESSAGES", "ACKNOWLEDGED BY", "SUMMARY"};

    for (size_t i = 0; i < sizeof HEADING / sizeof *HEADING; i++)
        text_table_cell(table, "%s", HEADING[i]);
}

static bool print_table(struct printing *printing, enum alert_state state, int64_t limit,
                        struct error *error)
{
    struct text_table table;
    bool done;

    text_table_init(&table, "rllllll");
    print_heading(&table);
    printing->table = &table;
    done = store_alerts(printing->store, state, 0, limit, print_alert, printing, error) &&
           !printing->failed;
    if (done && printing->count == 0)
        puts("no such alert");
    else if (done)
        done = text_table_print(&table, command_colour(stdout), stdout, error);
    text_table_finish(&table);
    return done;
}

static bool print_json(struct printing *printing, enum alert_state state, int64_t limit,
                       struct error *error)
{
    struct json_writer json = json_writer_to(stdout);
    bool done;

    printing->json = &json;
    json_object_begin(&json, NULL);
    json_array_begin(&json, "alerts");
    done = store_alerts(printing->store, state, 0, limit, print_alert, printing, error) &&
           !printing->failed;
    json_array_end(&json);
    json_object_end(&json);
    return json_writer_end(&json, error) && done;
}

static int list(const struct command_line *line)
{
    const struct alerts_values *values = line->values;
    enum alert_state state = ALERT_STATE_ALL;
    struct error error = ERROR_NONE;
    struct printing printing = {.line = line, .error = &error};
    struct config config;
    bool done;

    if (values->state != NULL && !alert_state_from_name(values->state, &state))
        return command_misused(line, "\"%s\" is not a state; they are open, acknowledged and all",
                               values->state);
    if (!ctl_store_open(line, &config, &printing.store, &error))
        return command_fail(line, &error);
    done = line->json ? print_json(&printing, state, values->limit, &error)
                      : print_table(&printing, state, values->limit, &error);
    store_close(printing.store);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

/* ---- words ---------------------------------------------------------------------------------- */

/* To the journal that anomalyd reads. *heard: it runs. */
static bool say(struct store *store, const struct word *word, bool *heard, struct error *error)
{
    uint8_t bytes[WORD_MAX_BYTES];
    struct journal_state state;

    if (!journal_append(store_directory_fd(store), LABEL_PRODUCER, bytes, word_encode(word, bytes),
                        error) ||
        !journal_state_read(store, store_directory_fd(store), &state, error))
        return false;
    *heard = state.writer_running;
    return true;
}

static int acknowledge(const struct command_line *line)
{
    struct word word = {.kind = WORD_ALERT_SEEN, .time_us = clock_utc_us()};
    struct error error = ERROR_NONE;
    struct config config;
    struct store *store;
    struct alert alert;
    bool found, heard, done;
    char *end;
    long long id = strtoll(line->operands[1], &end, 10);

    if (id <= 0 || *end != '\0')
        return command_misused(line, "\"%s\" is not the number of an alert", line->operands[1]);
    word.alert = (uint64_t)id;
    ctl_name_person(word.by, sizeof word.by, &word.uid);
    if (!ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    done = store_alert_load(store, id, &alert, &found, &error) &&
           (found || error_set(&error, FAULT_STORE,
                               "there is no alert %lld; \"anomalyctl alerts\" lists them", id)) &&
           say(store, &word, &heard, &error);
    store_close(store);
    if (!done)
        return command_fail(line, &error);
    if (!heard)
        command_note(line, "anomalyd is not running: it is acknowledged when it runs again");
    return COMMAND_DONE;
}

/* ---- test ----------------------------------------------------------------------------------- */

struct outcome {
    const char *channel;
    int64_t since_us;
    struct alert_delivery delivery;
    bool found;
};

static bool keep_outcome(void *context, const struct alert_delivery *delivery)
{
    struct outcome *outcome = context;

    outcome->found = strcmp(delivery->channel, outcome->channel) == 0 &&
                     delivery->state != DELIVERY_PENDING && delivery->time_us >= outcome->since_us;
    if (outcome->found)
        outcome->delivery = *delivery;
    return !outcome->found;
}

/* False without an error: it is not known yet. */
static bool wait_for_outcome(struct store *store, struct outcome *outcome, struct error *error)
{
    const struct timespec pause = {.tv_nsec = OUTCOME_LOOK_NS};
    int64_t until_us = clock_monotonic_us() + OUTCOME_WAIT_US;

    while (!outcome->found && clock_monotonic_us() < until_us) {
        if (!store_deliveries(store, 0, ALERT_TESTS_MOST, keep_outcome, outcome, error))
            return false;
        if (!outcome->found)
            (void)nanosleep(&pause, NULL);
    }
    return outcome->found;
}

static bool print_outcome(const struct command_line *line, const struct outcome *outcome,
                          struct error *error)
{
    const struct alert_delivery *delivery = &outcome->delivery;

    if (line->json) {
        struct json_writer json = json_writer_to(stdout);

        json_object_begin(&json, NULL);
        alert_delivery_json(&json, delivery);
        json_object_end(&json);
        if (!json_writer_end(&json, error))
            return false;
    }
    if (delivery->state != DELIVERY_DONE)
        return error_set(error, FAULT_CONFIG,
                         "the test did not reach the channel %s in %" PRId64 " attempts: %s",
                         delivery->channel, delivery->attempts, delivery->message);
    if (!line->json)
        printf("channel %s: %s\n", delivery->channel, delivery->message);
    return true;
}

static bool has_channel(const struct config *config, const char *name, struct error *error)
{
    struct alert_config rules;
    bool there;

    if (!alert_config_load(&rules, config->alerts, error))
        return false;
    there = alert_channel_find(&rules, name) != NULL;
    alert_config_finish(&rules);
    return there || error_set(error, FAULT_CONFIG, "%s has no channel %s", config->alerts, name);
}

static bool run_test(const struct command_line *line, struct store *store, struct word *word,
                     struct error *error)
{
    struct outcome outcome = {.channel = word->channel, .since_us = word->time_us};
    bool heard;

    if (!say(store, word, &heard, error))
        return false;
    if (!heard) {
        command_note(line, "anomalyd is not running: the test is sent when it runs again");
        return true;
    }
    if (wait_for_outcome(store, &outcome, error))
        return print_outcome(line, &outcome, error);
    if (error->fault == FAULT_NONE)
        error_set(error, FAULT_CONFIG,
                  "nothing was heard of the test within 30 s: it is being tried still, or the "
                  "channel was tested less than ten seconds before");
    return false;
}

static int test(const struct command_line *line)
{
    struct word word = {.kind = WORD_ALERT_TEST, .time_us = clock_utc_us()};
    const char *channel = line->operands[1];
    struct error error = ERROR_NONE;
    struct config config;
    struct store *store;
    bool done;

    if (strlen(channel) >= ALERT_NAME_BYTES)
        return command_misused(line, "\"%s\" is too long for a channel's name", channel);
    strcpy(word.channel, channel);
    ctl_name_person(word.by, sizeof word.by, &word.uid);
    /* The file of alerts may be root's alone; after this the process is the store's owner. */
    if (!command_config(line, &config, &error) || !has_channel(&config, channel, &error) ||
        !ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    done = run_test(line, store, &word, &error);
    store_close(store);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

int run_alerts(const struct command_line *line)
{
    if (line->operand_count == 0)
        return list(line);
    if (line->operand_count == 2 && strcmp(line->operands[0], "test") == 0)
        return test(line);
    if (line->operand_count == 2 && strcmp(line->operands[0], "acknowledge") == 0)
        return acknowledge(line);
    return command_misused(line, "write alerts, alerts test CHANNEL or alerts acknowledge ID");
}
