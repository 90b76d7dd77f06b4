/* anomalyctl status */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/exemptions.h"
#include "common/json_reader.h"
#include "ctl/ctl.h"
#include "store/geo.h"
#include "store/journal_state.h"
#include "store/model_file.h"

struct status {
    struct config config;
    struct store_counts counts;
    struct journal_state journal;
    struct model_file model;
    struct error model_error, geo_error;
    char geo_type[64];
    uint64_t geo_epoch;
    int64_t exempt, exempt_by_dashboard; /* for a while */
    struct error exempt_error;
};

static bool count_exemption(void *context, const struct exemption *exemption)
{
    *(int64_t *)context += exemption->until_s > clock_utc_us() / US_PER_S;
    return true;
}

/* Before root is given up: the files have different owners. */
static void count_exemptions(const struct command_line *line, struct status *status)
{
    struct config config;
    if (!command_config(line, &config, &status->exempt_error))
        return;
    if (!exemptions_visit(config.exemptions, geteuid(), count_exemption, &status->exempt,
                          &status->exempt_error))
        return;
    (void)!exemptions_visit_store(config.store, count_exemption, &status->exempt_by_dashboard,
                                  &status->exempt_error);
}

static bool gather(const struct command_line *line, struct status *status, struct error *error)
{
    struct store *store;
    struct geo *geo;
    *status = (struct status){0};
    count_exemptions(line, status);
    if (!ctl_store_open(line, &status->config, &store, error))
        return false;
    bool done = store_counts(store, clock_utc_us(), &status->counts, error) &&
                journal_state_read(store, store_directory_fd(store), &status->journal, error);
    store_close(store);
    if (!done)
        return false;
    (void)!model_file_open(&status->model, &status->config, &status->model_error);
    if (geo_open(&geo, status->config.geo, &status->geo_error)) {
        geo_describe(geo, status->geo_type, &status->geo_epoch);
        geo_close(geo);
    }
    return true;
}

static void fact(const char *name, const char *format, ...) PRINTF_LIKE(2, 3);

static void fact(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%-14s ", name);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

static void print_model(const struct command_line *line, const struct status *status)
{
    char time[CLOCK_TEXT_BYTES];
    if (status->model_error.fault != FAULT_NONE) {
        fact("model", "%s", status->model_error.text);
        return;
    }
    const struct risk_model_header *header = status->model.risk.header;
    if (status->model.bytes == NULL)
        fact("model", "built-in, %" PRIu32 " trees", header->forest_trees);
    else
        fact("model", "%s, %" PRIu32 " trees, trained %s", status->model.path, header->forest_trees,
             ctl_time(line, header->trained_us, time));
}

static void print_geo(const struct command_line *line, const struct status *status)
{
    char time[CLOCK_TEXT_BYTES];
    if (status->geo_error.fault != FAULT_NONE)
        fact("geo", "%s", status->geo_error.text);
    else if (status->geo_type[0] == '\0')
        fact("geo", "none: places are not judged");
    else
        fact("geo", "%s, built %s", status->geo_type,
             ctl_time(line, (int64_t)status->geo_epoch * US_PER_S, time));
}

static void print_journal(const struct status *status)
{
    char span[32];
    const struct journal_state *journal = &status->journal;
    uint64_t spots = 0;
    for (size_t i = 0; i < journal->files; i++)
        spots += journal->file[i].damage.spots;
    if (journal->pending_records == 0 || journal->oldest_pending_us == 0)
        fact("journal", "%" PRId64 " records not folded in, %" PRIu64 " damaged places",
             journal->pending_records, spots);
    else
        fact("journal",
             "%" PRId64 " records not folded in, the oldest for %s, %" PRIu64 " damaged places",
             journal->pending_records, ctl_span(clock_utc_us() - journal->oldest_pending_us, span),
             spots);
}

static void print_exemptions(const struct status *status)
{
    if (status->exempt_error.fault != FAULT_NONE)
        fact("exempt", "%s", status->exempt_error.text);
    else if (status->exempt + status->exempt_by_dashboard > 0)
        fact("exempt", "for a while: %" PRId64 " by anomalyctl allow, %" PRId64 " by the dashboard",
             status->exempt, status->exempt_by_dashboard);
}

static void print_status(const struct command_line *line, const struct status *status)
{
    const struct store_counts *counts = &status->counts;
    char from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES], size[32], wal[32];
    fact("mode", "%s", status->config.mode == MODE_ENFORCE ? "enforce" : "observe");
    fact("anomalyd", "%s",
         status->journal.writer_running ? "running"
                                        : "not running: logins are scored, none is learned yet");
    fact("store", "%s, %s and %s of write-ahead log", status->config.store,
         ctl_bytes(counts->database_bytes, size), ctl_bytes(counts->wal_bytes, wal));
    fact("holds",
         "%" PRId64 " logins of %" PRId64 " users, %" PRId64 " never accepted, %" PRId64
         " addresses and networks",
         counts->logins, counts->users, counts->failures, counts->sources);
    fact("from, to", "%s, %s", ctl_time(line, counts->oldest_us, from),
         ctl_time(line, counts->newest_us, to));
    fact("last 24 hours",
         "%" PRId64 " attempts, %" PRId64 " failed, %" PRId64 " step-ups, %" PRId64 " denials",
         counts->attempts_24h, counts->failures_24h, counts->step_ups_24h, counts->denials_24h);
    print_exemptions(status);
    print_journal(status);
    if (counts->damage_spots > 0)
        fact("", "%" PRId64 " damaged places (%" PRId64 " bytes) were skipped so far",
             counts->damage_spots, counts->damage_bytes);
    print_model(line, status);
    print_geo(line, status);
}

static void json_model(struct json_writer *json, const struct status *status)
{
    json_object_begin(json, "model");
    if (status->model_error.fault != FAULT_NONE) {
        json_text(json, "error", status->model_error.text);
    } else {
        const struct risk_model *model = &status->model.risk;
        json_text(json, "file", status->model.path);
        json_integer(json, "trees", model->header->forest_trees);
        json_time(json, "trained", model->header->trained_us);
        if (json_parse(model->summary, model->header->summary_bytes).begin != NULL)
            json_raw(json, "summary", model->summary, model->header->summary_bytes);
    }
    json_object_end(json);
    json_object_begin(json, "geo");
    if (status->geo_error.fault != FAULT_NONE)
        json_text(json, "error", status->geo_error.text);
    json_text(json, "type", status->geo_type);
    json_time(json, "built", (int64_t)status->geo_epoch * US_PER_S);
    json_object_end(json);
}

static void json_status(struct json_writer *json, const struct status *status)
{
    const struct store_counts *counts = &status->counts;
    json_object_begin(json, NULL);
    json_text(json, "mode", status->config.mode == MODE_ENFORCE ? "enforce" : "observe");
    json_text(json, "store", status->config.store);
    json_integer(json, "logins", counts->logins);
    json_integer(json, "users", counts->users);
    json_integer(json, "failures", counts->failures);
    json_integer(json, "sources", counts->sources);
    json_integer(json, "attempts_24h", counts->attempts_24h);
    json_integer(json, "failures_24h", counts->failures_24h);
    json_integer(json, "denials_24h", counts->denials_24h);
    json_integer(json, "step_ups_24h", counts->step_ups_24h);
    json_time(json, "oldest", counts->oldest_us);
    json_time(json, "newest", counts->newest_us);
    json_integer(json, "database_bytes", counts->database_bytes);
    json_integer(json, "wal_bytes", counts->wal_bytes);
    json_integer(json, "damage_bytes", counts->damage_bytes);
    json_integer(json, "damage_spots", counts->damage_spots);
    json_integer(json, "exempt", status->exempt);
    json_integer(json, "exempt_by_dashboard", status->exempt_by_dashboard);
    ctl_journal_json(json, &status->journal);
    json_model(json, status);
    json_object_end(json);
}

int run_status(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    static struct status status;
    if (!gather(line, &status, &error))
        return command_fail(line, &error);
    bool done = true;
    if (line->json) {
        struct json_writer json = json_writer_to(stdout);
        json_status(&json, &status);
        done = json_writer_end(&json, &error);
    } else {
        print_status(line, &status);
    }
    model_file_close(&status.model);
    return done ? command_finish_output(line) : command_fail(line, &error);
}
