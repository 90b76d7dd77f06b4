#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/hash.h"
#include "common/json_writer.h"
#include "common/text_table.h"
#include "store/drain.h"
#include "store/geo.h"
#include "trainer/commands.h"
#include "trainer/import_sshd.h"
#include "trainer/key_table.h"
#include "trainer/store_owner.h"

#define SECOND_HASH UINT64_C(0x9ddfea08eb382d69)

struct import_values {
    const char *format;
    int64_t year;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct import_values, format, "format", "sshd", "what the file is (needed)"),
    COMMAND_INTEGER(struct import_values, year, "year", "Y", 1970, 2100, 0,
                    "the year of the last line, for dates without one; otherwise the file's"),
};

struct import_job {
    struct store *store;
    struct geo *geo;
    struct key_table users;
    struct key_table occurrences; /* uint64_t: how often these facts were imported */
    int64_t duplicates, done;
};

/*
 * The id is made from what identifies the attempt, and from how many like it came before in this
 * file, so that the same file gives the same ids.
 */
static bool name_login(struct import_job *job, struct stored_login *login, struct error *error)
{
    struct login_event *event = &login->record.event;
    char facts[LOGIN_USER_BYTES + LOGIN_HOST_BYTES + IP_TEXT_BYTES + 96];
    char address[IP_TEXT_BYTES];
    bool added = false;

    int length = snprintf(facts, sizeof facts, "%" PRId64 " %s %s %s %u %d %d", event->time_us,
                          event->host, event->user, ip_format(&event->source, address),
                          event->source_port, (int)event->method, login->reached >= STAGE_ACCEPTED);
    uint64_t identity = hash_bytes(facts, (size_t)length);
    uint64_t *occurrence = key_table_add(&job->occurrences, identity, &added, error);
    if (occurrence == NULL)
        return false;
    uint64_t mixed = (identity ^ (*occurrence)++ * SECOND_HASH) * SECOND_HASH;
    event->id = login_id_make(event->time_us, mixed >> 16);
    event->connection = 0;
    return key_table_add(&job->users, hash_text(event->user), &added, error) != NULL;
}

static bool import_login(void *context, const struct stored_login *read, struct error *error)
{
    struct import_job *job = context;
    struct stored_login login = *read;
    bool duplicate = false;

    if (!name_login(job, &login, error) ||
        !geo_locate(job->geo, &login.record.event.source, &login.record.event.place, error) ||
        !store_import(job->store, &login, &duplicate, error))
        return false;
    job->duplicates += duplicate;
    command_progress("importing logins", ++job->done, 0);
    return true;
}

/* Opens the file, or a copy of what a pipe holds, since it is read twice. */
static FILE *open_input(const char *name, int64_t *newest_us, struct error *error)
{
    bool is_standard = strcmp(name, "-") == 0;
    FILE *in = is_standard ? stdin : fopen(name, "re");
    struct stat status;
    char block[65536];

    if (in == NULL || fstat(fileno(in), &status) != 0) {
        error_set_errno(error, FAULT_STORE, errno, "cannot open %s", name);
        return NULL;
    }
    *newest_us = S_ISREG(status.st_mode) ? status.st_mtim.tv_sec * US_PER_S : clock_utc_us();
    if (S_ISREG(status.st_mode) && !is_standard)
        return in;
    FILE *copy = tmpfile();
    size_t size = 0;
    bool copied = copy != NULL;
    while (copied && (size = fread(block, 1, sizeof block, in)) > 0)
        copied = fwrite(block, 1, size, copy) == size;
    copied = copied && !ferror(in) && fflush(copy) == 0 && fseek(copy, 0, SEEK_SET) == 0;
    if (!copied)
        error_set_errno(error, FAULT_STORE, errno, "cannot read %s", name);
    if (!is_standard)
        fclose(in);
    if (!copied && copy != NULL)
        fclose(copy);
    return copied ? copy : NULL;
}

/* What logins have left in the journals belongs to the history that is learned again. */
static bool drain(struct store *store, const struct config *config, struct error *error)
{
    struct drain_limits limits = {.rotate_bytes = config->journal_rotate_bytes,
                                  .batch_records = 10000};
    struct drain_result result = {.more = true};

    while (result.more) {
        if (!drain_journals(store, &limits, &result, error))
            return false;
    }
    return true;
}

static bool import_into_store(struct import_job *job, const struct config *config,
                              const struct import_source *source, struct import_counts *counts,
                              int *year_assumed, struct error *error)
{
    if (!geo_open(&job->geo, config->geo, error) || !store_owner_become(config->store, error) ||
        !store_open(&job->store, config->store, STORE_WRITE, error) ||
        !drain(job->store, config, error) || !store_begin(job->store, error))
        return false;
    if (!import_sshd(source, import_login, job, counts, year_assumed, error)) {
        store_rollback(job->store);
        return false;
    }
    command_progress_end();
    return store_commit(job->store, error) && store_rebuild(job->store, error);
}

static int64_t skipped_in_all(const struct import_counts *counts)
{
    int64_t sum = 0;
    for (int kind = 0; kind < SKIPPED_COUNT; kind++)
        sum += counts->skipped[kind];
    return sum;
}

static bool print_json(const struct import_counts *counts, const struct import_job *job,
                       double seconds, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);

    json_object_begin(&json, NULL);
    json_integer(&json, "lines", counts->lines);
    json_integer(&json, "logins", counts->logins);
    json_integer(&json, "failures", counts->failures);
    json_integer(&json, "sessions", counts->sessions);
    json_integer(&json, "users", (int64_t)job->users.count);
    json_integer(&json, "skipped", skipped_in_all(counts));
    json_object_begin(&json, "skipped_lines");
    for (int kind = 0; kind < SKIPPED_COUNT; kind++)
        json_integer(&json, skipped_line_name((enum skipped_line)kind), counts->skipped[kind]);
    json_object_end(&json);
    json_integer(&json, "duplicates", job->duplicates);
    json_number(&json, "seconds", seconds);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static bool print_counts(const struct import_counts *counts, const struct import_job *job,
                         double seconds, struct error *error)
{
    static const char *const MEANINGS[] = {
#define SKIPPED(symbol, name, meaning) meaning,
        SKIPPED_LINES
#undef SKIPPED
    };
    printf("%" PRId64 " lines: %" PRId64 " logins, %" PRId64 " failed attempts, %" PRId64
           " finished sessions of %zu users in %.1f s; %" PRId64 " were in the store already\n",
           counts->lines, counts->logins, counts->failures, counts->sessions, job->users.count,
           seconds, job->duplicates);
    printf("%" PRId64 " lines skipped:\n", skipped_in_all(counts));
    struct text_table table;
    text_table_init(&table, "rl");
    for (int kind = 0; kind < SKIPPED_COUNT; kind++) {
        if (counts->skipped[kind] == 0)
            continue;
        text_table_cell(&table, "%" PRId64, counts->skipped[kind]);
        text_table_cell(&table, "%s", MEANINGS[kind]);
    }
    bool printed = text_table_print(&table, false, stdout, error);
    text_table_finish(&table);
    return printed;
}

static int run_import(const struct command_line *line)
{
    const struct import_values *values = line->values;
    struct error error = ERROR_NONE;
    struct config config;
    struct import_source source = {.last_year = (int)values->year, .utc = line->utc};
    struct import_counts counts = {.lines = 0};
    struct import_job job = {.store = NULL};
    int year_assumed = 0;
    int64_t began_us = clock_monotonic_us();

    if (values->format == NULL)
        return command_misused(line, "--format is missing");
    if (strcmp(values->format, "sshd") != 0)
        return command_misused(line, "unknown format \"%s\"; known: sshd", values->format);
    if (!command_config(line, &config, &error))
        return command_fail(line, &error);
    source.in = open_input(line->operands[0], &source.newest_us, &error);
    if (source.in == NULL)
        return command_fail(line, &error);
    key_table_init(&job.users, sizeof(uint8_t));
    key_table_init(&job.occurrences, sizeof(uint64_t));
    bool done = import_into_store(&job, &config, &source, &counts, &year_assumed, &error);
    double seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    if (done && year_assumed != 0)
        command_note(line,
                     "dates without a year: the last one is taken for %d, in %s (--year, --utc)",
                     year_assumed, line->utc ? "UTC" : "the local zone");
    done = done && (line->json ? print_json(&counts, &job, seconds, &error)
                               : print_counts(&counts, &job, seconds, &error));
    store_close(job.store);
    geo_close(job.geo);
    fclose(source.in);
    key_table_finish(&job.users);
    key_table_finish(&job.occurrences);
    return done ? COMMAND_DONE : command_fail(line, &error);
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
