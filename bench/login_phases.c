/*
 * login_phases CONFIG MODULE ROUNDS
 * Where a login's time goes: p50 in microseconds of each step. First those of the login's own
 * process, each time in a fresh one, with anomalyd running; then those of the check, again and
 * again in one process, as a checker has them.
 *
 * login_phases --once CONFIG MODULE ROUND: one fresh process; prints its steps.
 */
#include <dlfcn.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check/audit_line.h"
#include "check/kept.h"
#include "check/request.h"
#include "common/clock.h"
#include "common/trusted_file.h"

#define MAX_ROUNDS 10000
#define MAX_STEPS  16

struct steps {
    const char *names[MAX_STEPS];
    double us[MAX_STEPS];
    unsigned count;
    int64_t since_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void step(struct steps *steps, const char *name)
{
    int64_t now = now_ns();

    steps->names[steps->count] = name;
    steps->us[steps->count++] = (double)(now - steps->since_ns) / 1e3;
    steps->since_ns = now_ns();
}

static void fail(const struct error *error)
{
    fprintf(stderr, "login_phases: %s\n", error->text);
    exit(1);
}

static void make_event(struct login_event *event, unsigned round)
{
    char address[32];
    uint64_t bits;

    login_event_init(event);
    event->stage = STAGE_ATTEMPT;
    event->method = METHOD_PAM;
    event->time_us = clock_utc_us();
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        abort();
    event->id = login_id_make(event->time_us, bits);
    event->connection = round;
    event->source_port = 40000;
    snprintf(event->user, sizeof event->user, "user%u", round * 48271U % 100000);
    snprintf(event->service, sizeof event->service, "sshd");
    snprintf(event->host, sizeof event->host, "bench");
    snprintf(address, sizeof address, "84.150.%u.%u", round / 250 % 250, round % 250 + 1);
    if (!ip_parse(address, &event->source))
        abort();
}

static void open_store_directory(const struct config *config, int *fd, uid_t *owner)
{
    struct error error = ERROR_NONE;

    if (!trusted_directory_open(config->store, ANY_OWNER, FAULT_STORE, fd, owner, NULL, &error))
        fail(&error);
}

/* ---- the login's process ---- */

static void ask(const struct check_job *job, struct steps *steps, const char *name)
{
    struct check_reply reply;
    int store_fd;
    uid_t owner;

    open_store_directory(&job->config, &store_fd, &owner);
    if (!check_ask(store_fd, owner, job, &reply)) {
        fprintf(stderr, "login_phases: no checker answers; is anomalyd running?\n");
        exit(1);
    }
    (void)close(store_fd);
    step(steps, name);
}

static void run_login(const char *config, const char *module, unsigned round, struct steps *steps)
{
    static struct check_job job;
    struct error error = ERROR_NONE;

    steps->since_ns = now_ns();
    if (dlopen(module, RTLD_NOW) == NULL) {
        fprintf(stderr, "login_phases: %s\n", dlerror());
        exit(1);
    }
    step(steps, "load the module");
    if (!config_load(&job.config, config, &error))
        fail(&error);
    step(steps, "read the configuration");
    login_record_init(&job.record);
    make_event(&job.record.event, round);
    job.started_us = clock_monotonic_us();
    job.deadline_us = job.started_us + US_PER_S;
    job.task = CHECK_ASSESS;
    ask(&job, steps, "ask a checker: auth");
    job.task = CHECK_APPEND;
    job.record.event.stage = STAGE_ACCEPTED;
    ask(&job, steps, "ask a checker: account");
}

static bool read_login(const char *self, const char *config, const char *module, unsigned round,
                       struct steps *steps)
{
    static char names[MAX_STEPS][64];
    char command[2048];
    FILE *output;

    snprintf(command, sizeof command, "%s --once %s %s %u", self, config, module, round);
    output = popen(command, "re");
    steps->count = 0;
    while (output != NULL && steps->count < MAX_STEPS &&
           fscanf(output, "%lf %63[^\n]", &steps->us[steps->count], names[steps->count]) == 2) {
        steps->names[steps->count] = names[steps->count];
        steps->count++;
    }
    return output != NULL && pclose(output) == 0;
}

/* ---- the check ---- */

static bool ignore_record(void *context, const void *payload, size_t size, int64_t next)
{
    (void)context, (void)payload, (void)size, (void)next;
    return true;
}

static void run_check(const struct config *config, unsigned round, struct check_kept *kept,
                      struct steps *steps)
{
    const struct policy policy = {.step_up_budget = config->step_up_budget};
    const struct policy_facts facts = {.learned_logins = 1};
    struct journal_positions positions;
    struct error error = ERROR_NONE;
    uint8_t bytes[LOGIN_RECORD_MAX_BYTES];
    char line[CHECK_LINE_BYTES];
    struct login_record record;
    const struct risk_model *model;
    const struct geo *geo;
    struct history history;
    struct store *store;
    int store_fd;
    uid_t owner;

    open_store_directory(config, &store_fd, &owner);
    login_record_init(&record);
    make_event(&record.event, round);
    steps->count = 0;
    steps->since_ns = now_ns();
    if (!check_keep_geo(kept, config, &geo, &error) ||
        !geo_locate(geo, &record.event.source, &record.event.place, &error))
        fail(&error);
    step(steps, "geolocation");
    if (!check_keep_model(kept, config, &model, &error) ||
        !check_keep_store(kept, config, &store, &error))
        fail(&error);
    step(steps, "model and store are current");
    if (!store_history_load(store, &record.event, &history, &positions, &error))
        fail(&error);
    step(steps, "store: read user, source, all");
    if (!journal_read_tail(store_fd, "login", &positions, 256 << 10, ignore_record, NULL, &error))
        fail(&error);
    step(steps, "journal: read the tail");
    if (!assess_login(&record.event, &history, model, &policy, &facts, &record.assessment, &error))
        fail(&error);
    record.assessed = true;
    step(steps, "features, forest, policy");
    if (!journal_append(store_fd, "login", bytes, login_record_encode(&record, bytes, sizeof bytes),
                        &error))
        fail(&error);
    step(steps, "journal: append");
    audit_line_compose(&record, false, 0, NULL, line);
    step(steps, "audit line");
    (void)close(store_fd);
}

/* As anomalyd does. */
static void become_owner(const struct config *config)
{
    struct stat facts;

    if (stat(config->store, &facts) != 0 ||
        (geteuid() == 0 &&
         (setgroups(0, NULL) != 0 || setgid(facts.st_gid) != 0 || setuid(facts.st_uid) != 0))) {
        fprintf(stderr, "login_phases: cannot become the owner of %s\n", config->store);
        exit(1);
    }
    (void)store_configure_for_check();
}

/* ---- all rounds ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *title, const struct steps *rounds, unsigned count)
{
    double total = 0;
    double medians[MAX_STEPS];
    double *us = calloc(count, sizeof *us);

    if (us == NULL)
        exit(1);
    for (unsigned i = 0; i < rounds[0].count; i++) {
        for (unsigned round = 0; round < count; round++)
            us[round] = rounds[round].us[i];
        qsort(us, count, sizeof *us, by_size);
        medians[i] = us[count / 2];
        total += medians[i];
    }
    printf("%s\n", title);
    for (unsigned i = 0; i < rounds[0].count; i++)
        printf("  %-32s %8.1f us %5.0f %%\n", rounds[0].names[i], medians[i],
               100 * medians[i] / total);
    free(us);
}

int main(int argc, char **argv)
{
    struct error error = ERROR_NONE;
    struct config config;
    struct check_kept kept = {.store = NULL};
    struct steps *rounds;
    unsigned count;

    if (argc == 5 && strcmp(argv[1], "--once") == 0) {
        struct steps steps = {.count = 0};

        run_login(argv[2], argv[3], (unsigned)atoi(argv[4]), &steps);
        for (unsigned i = 0; i < steps.count; i++)
            printf("%.3f %s\n", steps.us[i], steps.names[i]);
        return 0;
    }
    if (argc != 4 || atoi(argv[3]) < 1 || atoi(argv[3]) > MAX_ROUNDS) {
        fprintf(stderr, "usage: login_phases CONFIG MODULE ROUNDS\n");
        return 2;
    }
    count = (unsigned)atoi(argv[3]);
    rounds = calloc(count, sizeof *rounds);
    if (rounds == NULL || !config_load(&config, argv[1], &error))
        fail(&error);
    for (unsigned round = 0; round < count; round++)
        if (!read_login(argv[0], argv[1], argv[2], round, &rounds[round]))
            return 1;
    report("the login's process, a fresh one for each", rounds, count);
    become_owner(&config);
    for (unsigned round = 0; round < count; round++)
        run_check(&config, round, &kept, &rounds[round]);
    report("the check, as a checker has it", rounds, count);
    check_kept_drop(&kept);
    free(rounds);
    return 0;
}
