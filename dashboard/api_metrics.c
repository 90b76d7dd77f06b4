/* GET /metrics: the text format of Prometheus, version 0.0.4. */
#include <inttypes.h>

#include "dashboard/dashboard.h"
#include "dashboard/handlers.h"
#include "dashboard/state.h"

enum kind { GAUGE, COUNTER };

static void describe(FILE *out, const char *name, enum kind kind, const char *help)
{
    fprintf(out, "# HELP pam_anomaly_%s %s\n# TYPE pam_anomaly_%s %s\n", name, help, name,
            kind == COUNTER ? "counter" : "gauge");
}

static void write_one(FILE *out, const char *name, enum kind kind, const char *help, int64_t value)
{
    describe(out, name, kind, help);
    fprintf(out, "pam_anomaly_%s %" PRId64 "\n", name, value);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void write_label(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            fputc('\\', out);
        fputc(*value == '\n' ? ' ' : *value, out);
    }
    fputc('"', out);
}

static void write_checks(FILE *out, const struct state *state)
{
    const struct {
        const char *name;
        const struct error *trouble;
    } checks[] = {{"store", &state->store_trouble},
                  {"model", &state->model_trouble},
                  {"journal", &state->journal_trouble},
                  {"geo", &state->geo_trouble}};

    describe(out, "ok", GAUGE, "Whether a part is as it should be; /health says why not.");
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        fprintf(out, "pam_anomaly_ok{part=\"%s\"} %d\n", checks[i].name,
                checks[i].trouble->text[0] == '\0');
}

static void write_store(FILE *out, const struct store_counts *counts)
{
    write_one(out, "logins", GAUGE, "Logins in the store, failed ones too.", counts->logins);
    write_one(out, "failures", GAUGE, "Logins in the store that were never accepted.",
              counts->failures);
    write_one(out, "users", GAUGE, "Users that the store knows.", counts->users);
    write_one(out, "sources", GAUGE, "Addresses and networks that the store knows.",
              counts->sources);
    write_one(out, "attempts_24h", GAUGE, "Login attempts of the last 24 hours.",
              counts->attempts_24h);
    write_one(out, "failures_24h", GAUGE, "Those of them that were never accepted.",
              counts->failures_24h);
    write_one(out, "step_ups_24h", GAUGE, "Those judged to need a second factor.",
              counts->step_ups_24h);
    write_one(out, "denials_24h", GAUGE, "Those judged to be refused.", counts->denials_24h);
    write_one(out, "database_bytes", GAUGE, "Size of the database.", counts->database_bytes);
    write_one(out, "wal_bytes", GAUGE, "Size of its write-ahead log.", counts->wal_bytes);
    write_one(out, "damage_bytes_total", COUNTER, "Bytes of journals that were no sound records.",
              counts->damage_bytes);
}

static void write_journal(FILE *out, const struct journal_state *journal, int64_t now_us)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < journal->files; i++)
        bytes += journal->file[i].pending_bytes;
    write_one(out, "journal_writer_running", GAUGE, "Whether anomalyd is there.",
              journal->writer_running);
    write_one(out, "journal_pending_records", GAUGE, "Records not in the store yet.",
              journal->pending_records);
    write_one(out, "journal_pending_bytes", GAUGE, "Their bytes.", bytes);
    describe(out, "journal_lag_seconds", GAUGE, "Age of the oldest of them.");
    fprintf(out, "pam_anomaly_journal_lag_seconds %.3f\n",
            journal->oldest_pending_us == 0 ? 0
                                            : (double)(now_us - journal->oldest_pending_us) / 1e6);
}

static void write_model(FILE *out, const struct state *state)
{
    describe(out, "model_info", GAUGE, "The model that logins are judged with.");
    fputs("pam_anomaly_model_info{", out);
    write_label(out, "source", state->model_path);
    fprintf(out, ",checksum=\"%016" PRIx64 "\"} 1\n", state->model->header->checksum);
    write_one(out, "model_trained_timestamp_seconds", GAUGE, "When it was trained.",
              (int64_t)(state->model->header->trained_us / 1000000));
}

static void write_service(FILE *out, struct dashboard *dashboard)
{
    describe(out, "http_answers_total", COUNTER, "Requests answered, by class of status.");
    for (int class = 1; class < ANSWER_CLASSES; class ++)
        fprintf(out, "pam_anomaly_http_answers_total{class=\"%dxx\"} %" PRIu64 "\n", class,
                (uint64_t)atomic_load(&dashboard->answers[class]));
    write_one(out, "predictions_total", COUNTER, "Logins judged on request.",
              (int64_t)atomic_load(&dashboard->predictions));
    write_one(out, "live_watchers", GAUGE, "Who watches live events.",
              (int64_t)live_watcher_count(dashboard->live));
}

bool answer_metrics(struct worker *worker, const struct request *request, struct reply *reply,
                    struct error *error)
{
    FILE *out = reply->json.out;
    struct state state;
    (void)error;

    state_read(worker, request->now_us, &state);
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    describe(out, "build_info", GAUGE, "The version that runs.");
    fputs("pam_anomaly_build_info{version=\"" PAM_ANOMALY_VERSION "\"} 1\n", out);
    write_checks(out, &state);
    if (state.store_trouble.text[0] == '\0') {
        write_store(out, &state.counts);
        write_journal(out, &state.journal, request->now_us);
    }
    if (state.model != NULL)
        write_model(out, &state);
    write_service(out, worker->dashboard);
    return true;
}
