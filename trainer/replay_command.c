#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/moment.h"
#include "common/owner.h"
#include "store/model_file.h"
#include "store/policy_of_config.h"
#include "trainer/commands.h"
#include "trainer/exempt_logins.h"
#include "trainer/replay_report.h"

#define USUAL_SINCE  "30d"
#define USERS_SHOWN  20
#define LOGINS_SHOWN 50
#define MOST_WORST   100000

struct replay_values {
    const char *since, *model, *budget;
    bool all;
    int64_t worst;
};

static const struct command_option OPTIONS[] = {
    COMMAND_TEXT(struct replay_values, since, "since", "TIME",
                 "judge the logins since then; otherwise those of " USUAL_SINCE),
    COMMAND_TEXT(struct replay_values, budget, "budget", "LIST",
                 "budgets to try beside the configured ones, such as 0.5x,2x,deny=1/20000"),
    COMMAND_TEXT(struct replay_values, model, "model", "FILE",
                 "judge with it; otherwise with the configured model"),
    COMMAND_INTEGER(struct replay_values, worst, "worst", "COUNT", 1, MOST_WORST, 0,
                    "with --json: what any budget would do, and so many of the riskiest logins"),
    COMMAND_FLAG(struct replay_values, all, "all", "show every user and login, not only the first"),
};

struct replaying {
    struct config config;
    int64_t since_us, until_us;
    struct model_file model;
    struct tried_policy tried[JUDGING_MOST_POLICIES];
    unsigned tried_count;
    struct exempt_logins exempt;
    struct replay_slide slide; /* zeros unless --worst is given */
    struct replay_report report;
    struct judging *judging;
    int64_t done, total;
    double seconds;
    bool failed;
    struct error *error;
};

/* ---- budgets to try ---- */

static bool bad_budget(const char *word, struct error *error)
{
    return error_set(error, FAULT_CONFIG,
                     "--budget %s: write 0.5x for half of all budgets, or deny=1/20000, "
                     "step_up=1/500 or log=1/100 for one of them, several joined by \"+\"",
                     word);
}

/* "0.5x" */
static bool scale_budgets(struct config *config, const char *word)
{
    char *end = NULL;
    double factor = strtod(word, &end);

    if (end == word || strcmp(end, "x") != 0 || !(factor >= 0 && factor <= 1e6))
        return false;
    double *const budgets[] = {&config->deny_budget, &config->step_up_budget, &config->log_budget};
    for (size_t i = 0; i < sizeof budgets / sizeof budgets[0]; i++)
        *budgets[i] = *budgets[i] * factor < 1 ? *budgets[i] * factor : 1;
    return true;
}

/* "deny=1/20000" */
static bool set_budget(struct config *config, char *word, struct error *error)
{
    static const char *const NAMES[] = {"deny", "step_up", "log"};
    char *value = strchr(word, '='), option[32];

    for (size_t i = 0; value != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strlen(NAMES[i]) != (size_t)(value - word) ||
            memcmp(NAMES[i], word, (size_t)(value - word)) != 0)
            continue;
        snprintf(option, sizeof option, "%s_budget", NAMES[i]);
        return config_set(config, option, value + 1, error);
    }
    return bad_budget(word, error);
}

static bool try_budgets(struct replaying *replaying, char *words, struct error *error)
{
    struct config config = replaying->config;
    struct tried_policy *tried = &replaying->tried[replaying->tried_count];

    if (replaying->tried_count == JUDGING_MOST_POLICIES)
        return error_set(error, FAULT_CONFIG, "--budget takes at most %d sets of budgets",
                         JUDGING_MOST_POLICIES - 1);
    snprintf(tried->name, sizeof tried->name, "%s", words);
    for (char *word; (word = strsep(&words, "+")) != NULL;) {
        if (!scale_budgets(&config, word) && !set_budget(&config, word, error))
            return false;
    }
    tried->policy = policy_of_config(&config);
    replaying->tried_count++;
    return true;
}

static bool choose_budgets(struct replaying *replaying, const char *list, struct error *error)
{
    char text[CONFIG_TEXT_BYTES], *rest = text;

    replaying->tried[0] = (struct tried_policy){.name = "as configured",
                                                .policy = policy_of_config(&replaying->config)};
    replaying->tried_count = 1;
    if (list == NULL)
        return true;
    if (strlen(list) >= sizeof text)
        return error_set(error, FAULT_CONFIG, "--budget is too long");
    strcpy(text, list);
    for (char *words; (words = strsep(&rest, ",")) != NULL;) {
        if (!try_budgets(replaying, words, error))
            return false;
    }
    return true;
}

/* ---- the replay ---- */

static void judge_facts(void *context, const struct stored_login *login, struct policy_facts *facts)
{
    exempt_logins_ask(&((struct replaying *)context)->exempt, login, facts);
}

static bool count_judged(void *context, const struct judged_login *login, struct error *error)
{
    return replay_report_add(&((struct replaying *)context)->report, login, error);
}

static bool take_login(void *context, const struct stored_login *login)
{
    struct replaying *replaying = context;

    replaying->failed = !judging_add(replaying->judging, login, replaying->error);
    command_progress("replaying logins", ++replaying->done, replaying->total);
    return !replaying->failed;
}

static bool judge_store(struct replaying *replaying, struct store *store, struct error *error)
{
    struct policy policies[JUDGING_MOST_POLICIES];
    struct judging_plan plan = {.model = &replaying->model.risk,
                                .policies = policies,
                                .policy_count = replaying->tried_count,
                                .since_us = replaying->since_us,
                                .facts = judge_facts,
                                .visit = count_judged,
                                .context = replaying};
    struct login_filter filter = {.user = NULL};
    struct store_counts counts;

    for (unsigned i = 0; i < replaying->tried_count; i++)
        policies[i] = replaying->tried[i].policy;
    bool done = store_counts(store, replaying->until_us, &counts, error) &&
                judging_create(&replaying->judging, &plan, error);
    replaying->total = done ? counts.logins : 0;
    done = done && store_logins(store, &filter, take_login, replaying, error) &&
           !replaying->failed && judging_finish(replaying->judging, error);
    judging_destroy(replaying->judging);
    command_progress_end();
    return done;
}

static bool open_model(struct replaying *replaying, const char *path, struct error *error)
{
    if (path != NULL)
        return model_file_read(&replaying->model, path, error);
    return owner_become_for_files(replaying->config.store, error) &&
           model_file_open(&replaying->model, &replaying->config, error);
}

static bool replay_store(struct replaying *replaying, const struct replay_values *values,
                         struct error *error)
{
    struct store *store = NULL;

    if (!open_model(replaying, values->model, error))
        return false;
    if (values->worst > 0 &&
        !replay_slide_init(&replaying->slide, &replaying->model.risk, &replaying->tried[0].policy,
                           (size_t)values->worst, error))
        return false;
    replay_report_init(&replaying->report, replaying->tried, replaying->tried_count,
                       values->all ? 0 : LOGINS_SHOWN,
                       values->worst > 0 ? &replaying->slide : NULL);
    bool done = exempt_logins_init(&replaying->exempt, &replaying->config,
                                   replaying->until_us / US_PER_S, error) &&
                owner_become_for_files(replaying->config.store, error) &&
                store_open(&store, replaying->config.store, STORE_READ, error) &&
                judge_store(replaying, store, error);
    store_close(store);
    exempt_logins_finish(&replaying->exempt);
    return done && replay_report_complete(&replaying->report, &replaying->model.risk, error);
}

/* ---- what it found ---- */

static bool print_json(const struct replaying *replaying, struct error *error)
{
    struct json_writer json = json_writer_to(stdout);
    char time[CLOCK_TEXT_BYTES];

    json_object_begin(&json, NULL);
    json_text(&json, "since", clock_format(replaying->since_us, true, time));
    json_text(&json, "model", replaying->model.path);
    json_text(&json, "mode", replaying->config.mode == MODE_ENFORCE ? "enforce" : "observe");
    replay_report_write(&replaying->report, &json);
    json_integer(&json, "replayed", replaying->done);
    json_number(&json, "seconds", replaying->seconds);
    json_object_end(&json);
    return json_writer_end(&json, error);
}

static bool print_text(const struct replaying *replaying, const struct command_line *line,
                       struct error *error)
{
    const struct replay_values *values = line->values;
    char time[CLOCK_TEXT_BYTES];

    printf("Logins since %s, judged by the model %s; %" PRId64 " replayed in %.1f s.\n",
           clock_format(replaying->since_us, line->utc, time), replaying->model.path,
           replaying->done, replaying->seconds);
    printf("%s\n\n", replaying->config.mode == MODE_ENFORCE
                         ? "mode = enforce."
                         : "mode = observe stops nobody; mode = enforce would have:");
    return replay_report_print(&replaying->report, line->utc, values->all ? 0 : USERS_SHOWN, error);
}

static int run_replay(const struct command_line *line)
{
    const struct replay_values *values = line->values;
    struct error error = ERROR_NONE;
    struct replaying replaying = {.until_us = clock_utc_us(), .error = &error};
    int64_t began_us = clock_monotonic_us();

    if (!moment_parse(values->since != NULL ? values->since : USUAL_SINCE, replaying.until_us,
                      line->utc, &replaying.since_us, &error))
        return command_misused(line, "--since: %s", error.text);
    if (values->worst > 0 && !line->json)
        return command_misused(line, "--worst is for programs: it needs --json");
    if (!command_config(line, &replaying.config, &error))
        return command_fail(line, &error);
    if (!choose_budgets(&replaying, values->budget, &error))
        return command_misused(line, "%s", error.text);
    (void)store_configure_for_one_thread(); /* faster if it can be had */
    bool done = replay_store(&replaying, values, &error);
    replaying.seconds = (double)(clock_monotonic_us() - began_us) / (double)US_PER_S;
    if (done)
        done = line->json ? print_json(&replaying, &error) : print_text(&replaying, line, &error);
    replay_report_finish(&replaying.report);
    replay_slide_finish(&replaying.slide);
    model_file_close(&replaying.model);
    return done ? command_finish_output(line) : command_fail(line, &error);
}

const struct command REPLAY_COMMAND = {
    .name = "replay",
    .operands = "",
    .help = "who would have been asked or refused, by the store's logins",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .values_bytes = sizeof(struct replay_values),
    .run = run_replay,
};
