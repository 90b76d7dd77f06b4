#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/owner.h"
#include "common/text_table.h"
#include "store/drain.h"
#include "trainer/commands.h"
#include "trainer/history_options.h"
#include "trainer/import_store.h"

/* Memory that the store's caches give back is asked for again at once: it is kept. */
#define KEPT_BYTES (256 << 20)

struct import_values {
    struct history_values history;
};

static const struct command_option OPTIONS[] = {
    HISTORY_OPTIONS(struct import_values, history),
};

struct import_job {
    struct import_reading reading;
    struct import_target target;
    struct store *store;
    struct geo *geo;
    double seconds;
};

static void show_progress(int64_t lines)
{
    command_progress("importing lines", lines, 0);
}

/*
 * All of the history becomes known, or nothing. What logins have left in the journals belongs to
 * the history that is learned again.
 */
static bool import_into_store(struct import_job *job, const struct import_format *format,
                              const struct config *config, struct error *error)
{
    struct drain_result drained;

    if (!geo_open(&job->geo, config->geo, error) || !owner_become_for_files(config->store, error) ||
        !store_open(&job->store, config->store, STORE_WRITE, error) ||
        !drain_everything(job->store, config, NULL, &drained, error) ||
        !import_target_init(&job->target, job->store, job->geo, format->tells_live, error) ||
        !store_import_begin(job->store, error))
        return false;
    if (!format->read(&job->reading, error)) {
        store_rollback(job->store);
        return false;
    }
    command_progress("learning what was imported", 0, 0);
    return store_import_commit(job->store, error);
}

static void print_unread_json(struct json_writer *json, const struct import_counts *counts)
{
    json_array_begin(json, "unread");
    for (size_t i = 0; i < counts->unread_count; i++) {
        const struct unread_line *line = &counts->unread[i];
        json_object_begin(json, NULL);
        json_integer(json, "line", line->number);
        json_text(json, "why", SKIPPED_KINDS[line->kind].name);
        json_text(json, "text", line->text);
        json_object_end(json);
    }
    json_array_end(json);
}

static bool print_json(const struct import_job *job, struct error *error)
{
    const struct import_counts *counts = &job->reading.counts;
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_integer(&json, "lines", counts->lines);
    json_integer(&json, "logins", counts->logins);
    json_integer(&json, "failures", counts->failures);
    json_integer(&json, "sessions", counts->sessions);
    json_integer(&json, "users", (int64_t)job->target.users.count);
    json_integer(&json, "skipped", import_skipped_in_all(counts));
    json_object_begin(&json, "skipped_lines");
    for (int kind = 0; kind < SKIPPED_COUNT; kind++)
        json_integer(&json, SKIPPED_KINDS[kind].name, counts->skipped[kind]);
    json_object_end(&json);
    print_unread_json(&json, counts);
    json_integer(&json, "duplicates", job->target.duplicates);
    json_integer(&json, "recorded", job->target.recorded);
    json_integer(&json, "crowded", job->target.crowded);
    json_number(&json, "seconds", job->seconds);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static bool print_skipped(const struct import_counts *counts, struct error *error)
{
    struct text_table table;

    if (import_skipped_in_all(counts) == 0)
        return true;
    printf("%" PRId64 " lines skipped:\n", import_skipped_in_all(counts));
    text_table_init(&table, "rl");
    for (int kind = 0; kind < SKIPPED_COUNT; kind++) {
        if (counts->skipped[kind] == 0)
            continue;
        text_table_cell(&table, "%" PRId64, counts->skipped[kind]);
        text_table_cell(&table, "%s", SKIPPED_KINDS[kind].meaning);
    }
    bool printed = text_table_print(&table, false, stdout, error);
    text_table_finish(&table);
    return printed;
}

static bool print_counts(const struct import_job *job, struct error *error)
{
    const struct import_counts *counts = &job->reading.counts;

    printf("%" PRId64 " lines: %" PRId64 " logins, %" PRId64 " failed attempts, %" PRId64
           " finished sessions of %zu users in %.1f s; %" PRId64 " were in the store already\n",
           counts->lines, counts->logins, counts->failures, counts->sessions,
           job->target.users.count, job->seconds, job->target.duplicates);
    if (job->target.recorded > 0)
        printf("%" PRId64 " were left out: the module recorded them\n", job->target.recorded);
    if (job->target.crowded > 0)
        printf("%" PRId64 " were left out: others of their millisecond have their ids\n",
               job->target.crowded);
    if (!print_skipped(counts, error))
        return false;
    if (counts->unread_count > 0)
        printf("the first that could not be read:\n");
    for (size_t i = 0; i < counts->unread_count; i++)
        printf("  line %" PRId64 ", %s: %s\n", counts->unread[i].number,
               SKIPPED_KINDS[counts->unread[i].kind].meaning, counts->unread[i].text);
    return true;
}

static int run_import(const struct command_line *line)
{
    const struct import_values *values = line->values;
    struct error error = ERROR_NONE;
    struct config config;
    struct input input;
    struct import_job job = {.store = NULL};
    int64_t began_us = clock_monotonic_us();

    const struct import_format *format = history_format(line, values->history.format);
    if (format == NULL)
        return COMMAND_USAGE;
    if (!command_config(line, &config, &error) ||
        !history_open(line, &values->history, &input, &job.reading, &error))
        return command_fail(line, &error);
    (void)store_configure_for_one_thread(); /* faster if it can be had */
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    job.reading.visit = import_target_add;
    job.reading.context = &job.target;
    job.reading.progress = show_progress;
    bool done = import_into_store(&job, format, &config, &error);
    store_close(job.store); /* puts it on disk, which takes its time too */
    command_progress_end();
    job.seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    if (done && job.reading.note[0] != '\0')
        command_note(line, "%s", job.reading.note);
    done = done && (line->json ? print_json(&job, &error) : print_counts(&job, &error));
    import_target_finish(&job.target);
    geo_close(job.geo);
    input_close(&input);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command IMPORT_COMMAND = {
    .name = "import",
    .operands = "FILE|-",
    .operands_min = 1,
    .operands_max = 1,
    .help = "a login history into the store; what is there already changes nothing",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct import_values),
    .run = run_import,
};
