/* anomalyctl check: the configuration, what it names, and the PAM stacks. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exemptions.h"
#include "common/owner.h"
#include "common/trusted_file.h"
#include "ctl/check_pam.h"
#include "ctl/ctl.h"
#include "store/alert_config.h"
#include "store/geo.h"
#include "store/journal_state.h"
#include "store/model_file.h"

#define MODEL_OLD_DAYS 90
#define JOURNAL_LAG_S  60

static const char *const ANSWERS[] = {"inherit", "allow", "step_up", "deny"};

/* What a login gets in the end: while observing nobody is asked or denied, faults or not. */
static enum config_on_fault answer_to(const struct config *config, enum fault fault)
{
    return config->mode == MODE_OBSERVE ? ON_FAULT_ALLOW : config_on_fault(config, fault);
}

/* A fault that refuses logins is worth a refusal here, any other a warning. */
static enum severity severity_of(const struct config *config, enum fault fault)
{
    return answer_to(config, fault) == ON_FAULT_DENY ? FINDING_REFUSAL : FINDING_WARNING;
}

static void say_fault(struct findings *findings, const struct config *config, enum fault fault,
                      const char *area, const char *text)
{
    findings_add(findings, severity_of(config, fault), area, "%s; until then logins get \"%s\"",
                 text, ANSWERS[answer_to(config, fault)]);
}

/* ---- the configuration ---- */

static bool nobody_is_exempt(const struct config *config)
{
    return config->exempt_users[0] == '\0' && config->exempt_groups[0] == '\0' &&
           config->exempt_networks[0] == '\0';
}

/* Of a file with an error only this line counts, and so it counts whatever mode says. */
static bool check_config_answer(const struct config *config, struct findings *findings)
{
    if (config->on_fault_config != ON_FAULT_DENY)
        return false;
    findings_add(findings, FINDING_REFUSAL, "configuration",
                 "on_fault_config = deny refuses everybody but root at the first slip in this "
                 "file, for mode and who is exempt are not known then: set it to allow or "
                 "step_up, in this file, as long as the line itself is sound, or on the module's "
                 "line");
    return true;
}

static void check_answers(const struct config *config, struct findings *findings)
{
    const bool nobody = nobody_is_exempt(config);
    const bool said = check_config_answer(config, findings);
    for (enum fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
        if (answer_to(config, fault) == ON_FAULT_DENY && !(fault == FAULT_CONFIG && said))
            findings_add(findings, nobody ? FINDING_REFUSAL : FINDING_WARNING, "configuration",
                         "a fault of kind \"%s\" denies every login%s: set on_fault_%s to allow or "
                         "step_up, or exempt somebody who can mend it",
                         fault_name(fault), nobody ? " and nobody is exempt" : "",
                         fault_name(fault));
}

static void check_verdicts(const struct config *config, struct findings *findings)
{
    const char *area = "configuration";
    if (config->mode == MODE_OBSERVE)
        findings_add(findings, FINDING_GOOD, area, "mode = observe: nobody is asked or denied");
    else if (nobody_is_exempt(config) && config->deny_root)
        findings_add(findings, FINDING_REFUSAL, area,
                     "mode = enforce with deny_root = yes and nobody exempt: nobody is sure to get "
                     "in; set exempt_users, exempt_groups or exempt_networks");
    else if (nobody_is_exempt(config))
        findings_add(
            findings, FINDING_WARNING, area,
            "mode = enforce and nobody is exempt: only root is sure to get in, where it may "
            "log in at all; set exempt_users or exempt_networks");
    else
        findings_add(findings, FINDING_GOOD, area, "mode = enforce, with exemptions");
    if (config->log_budget < config->step_up_budget || config->step_up_budget < config->deny_budget)
        findings_add(findings, FINDING_WARNING, area,
                     "the budgets should grow from deny_budget over step_up_budget to log_budget: "
                     "now some logins are denied that are not even worth a line in the log");
    if (config->min_history == 0 && config->mode == MODE_ENFORCE)
        findings_add(findings, FINDING_WARNING, area,
                     "min_history = 0: users can be denied at their first login");
}

static const char *config_path(const struct command_line *line)
{
    return line->config != NULL ? line->config : CONFIG_DEFAULT_PATH;
}

static void check_config(const struct command_line *line, struct config *config,
                         struct findings *findings)
{
    struct error error = ERROR_NONE;
    if (!command_config(line, config, &error)) {
        findings_add(findings, FINDING_REFUSAL, "configuration",
                     "%s; what follows is judged by the defaults", error.text);
        config_init(config);
        return;
    }
    findings_add(findings, FINDING_GOOD, "configuration", "%s%s", config_path(line),
                 access(config_path(line), F_OK) == 0 ? " has no error"
                                                      : " is not there: the defaults hold");
    check_verdicts(config, findings);
    check_answers(config, findings);
}

static bool accept_exemption(void *context, const struct exemption *exemption)
{
    int64_t *active = context;
    *active += exemption->until_s > clock_utc_us() / US_PER_S;
    return true;
}

static void check_exemptions(const struct config *config, struct findings *findings)
{
    struct error error = ERROR_NONE;
    int64_t active = 0;
    if (!exemptions_visit(config->exemptions, geteuid(), accept_exemption, &active, &error) ||
        !exemptions_visit_store(config->store, accept_exemption, &active, &error))
        findings_add(findings, FINDING_REFUSAL, "exemptions", "%s", error.text);
    else if (active > 0)
        findings_add(findings, FINDING_WARNING, "exemptions",
                     "%" PRId64 " temporary exemption%s in force; \"anomalyctl allow\" lists them",
                     active, active == 1 ? " is" : "s are");
}

/* ---- alerts ---- */

static void check_secret(const struct alert_channel *channel, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct stat status;
    int fd;
    if (!trusted_file_open(channel->secret_file, ANY_OWNER, FAULT_CONFIG, &fd, &error)) {
        findings_add(findings, FINDING_WARNING, "alerts", "channel %s: %s", channel->name,
                     error.text);
        return;
    }
    if (fstat(fd, &status) == 0 && (status.st_mode & S_IRWXO) != 0)
        findings_add(findings, FINDING_WARNING, "alerts",
                     "channel %s: %s can be read by others; chmod o= it", channel->name,
                     channel->secret_file);
    close(fd);
}

static void check_authorities(const struct alert_channel *channel, struct findings *findings)
{
    struct error error = ERROR_NONE;
    int fd;
    if (channel->ca_file[0] == '\0')
        return;
    if (trusted_file_open(channel->ca_file, ANY_OWNER, FAULT_CONFIG, &fd, &error))
        close(fd);
    else
        findings_add(findings, FINDING_WARNING, "alerts", "channel %s: %s", channel->name,
                     error.text);
}

static void check_channel(const struct alert_channel *channel, struct findings *findings)
{
    if (channel->kind == ALERT_WEBHOOK) {
        check_secret(channel, findings);
        check_authorities(channel, findings);
    }
    if (channel->kind == ALERT_EMAIL && access(channel->sendmail, X_OK) != 0)
        findings_add(findings, FINDING_WARNING, "alerts", "channel %s: %s cannot be run",
                     channel->name, channel->sendmail);
}

static void check_alerts(const struct config *config, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct alert_config rules;
    if (!alert_config_load(&rules, config->alerts, &error)) {
        findings_add(findings, FINDING_REFUSAL, "alerts",
                     "%s; anomalyd goes on with the rules it has, and starts without any",
                     error.text);
        return;
    }
    if (access(config->alerts, F_OK) == 0)
        findings_add(findings, FINDING_GOOD, "alerts", "%s has no error: %zu rules, %zu channels",
                     config->alerts, rules.rule_count, rules.channel_count);
    for (size_t i = 0; i < rules.channel_count; i++)
        check_channel(&rules.channels[i], findings);
    alert_config_finish(&rules);
}

/* ---- what it names ---- */

static void check_journal(struct store *store, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct journal_state state;
    char span[32];
    if (!journal_state_read(store, store_directory_fd(store), &state, &error)) {
        findings_add(findings, FINDING_WARNING, "journal", "%s", error.text);
        return;
    }
    for (size_t i = 0; i < state.files; i++)
        if (state.file[i].damage.spots > 0)
            findings_add(findings, FINDING_WARNING, "journal",
                         "%s has %" PRIu64 " damaged place%s; the records around are kept",
                         state.file[i].name, state.file[i].damage.spots,
                         state.file[i].damage.spots == 1 ? "" : "s");
    int64_t lag_us = state.oldest_pending_us == 0 ? 0 : clock_utc_us() - state.oldest_pending_us;
    if (!state.writer_running)
        findings_add(findings, FINDING_WARNING, "anomalyd",
                     "anomalyd is not running: logins are scored, but %" PRId64
                     " records wait to be learned; start it",
                     state.pending_records);
    else
        findings_add(findings, FINDING_GOOD, "anomalyd", "the store has its writer");
    if (state.writer_running && lag_us > JOURNAL_LAG_S * US_PER_S)
        findings_add(findings, FINDING_WARNING, "journal",
                     "the oldest record not folded in is %s old: see anomalyd's log",
                     ctl_span(lag_us, span));
    else
        findings_add(findings, FINDING_GOOD, "journal", "%" PRId64 " records not folded in",
                     state.pending_records);
}

static void check_store(const struct config *config, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct store *store;
    int descriptor;
    uid_t owner;
    gid_t group;
    if (!trusted_directory_open(config->store, ANY_OWNER, FAULT_STORE, &descriptor, &owner, &group,
                                &error)) {
        say_fault(findings, config, FAULT_STORE, "store", error.text);
        return;
    }
    close(descriptor);
    /* What follows is looked at all the same: it is worth knowing before the owner is set right. */
    if (owner == 0)
        findings_add(findings, FINDING_REFUSAL, "store",
                     "%s belongs to root; logins cannot be judged, for their check never runs as "
                     "root: chown it to the user pam_anomaly",
                     config->store);
    if (group == 0)
        findings_add(findings, FINDING_REFUSAL, "store",
                     "%s has the group root; logins cannot be judged, for their check never runs "
                     "with that group: chgrp it to the group pam_anomaly",
                     config->store);
    if (!owner_become(config->store, &error) ||
        !store_open(&store, config->store, STORE_READ, &error)) {
        say_fault(findings, config, FAULT_STORE, "store", error.text);
        return;
    }
    findings_add(findings, FINDING_GOOD, "store", "%s can be read", config->store);
    check_journal(store, findings);
    store_close(store);
}

static void check_model(const struct config *config, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct model_file model;
    char span[32];
    if (!model_file_open(&model, config, &error)) {
        say_fault(findings, config, FAULT_MODEL, "model", error.text);
        return;
    }
    int64_t age_us = clock_utc_us() - model.risk.header->trained_us;
    if (model.bytes == NULL)
        findings_add(findings, FINDING_GOOD, "model",
                     "the built-in model scores; \"anomaly-trainer train\" makes one of your own "
                     "history");
    else if (age_us > MODEL_OLD_DAYS * S_PER_DAY * US_PER_S)
        findings_add(findings, FINDING_WARNING, "model", "%s was trained %s ago: train it again",
                     model.path, ctl_span(age_us, span));
    else
        findings_add(findings, FINDING_GOOD, "model", "%s is sound, trained %s ago", model.path,
                     ctl_span(age_us < 0 ? 0 : age_us, span));
    model_file_close(&model);
}

static void check_geo(const struct config *config, struct findings *findings)
{
    struct error error = ERROR_NONE;
    struct geo *geo;
    char type[64];
    uint64_t epoch;
    if (!geo_open(&geo, config->geo, &error)) {
        say_fault(findings, config, FAULT_GEO, "geo", error.text);
        return;
    }
    geo_describe(geo, type, &epoch);
    if (type[0] == '\0' && strcmp(config->geo, "none") != 0)
        findings_add(findings, FINDING_WARNING, "geo",
                     "no geolocation database was found in /usr/share/GeoIP, /var/lib/GeoIP or "
                     "/usr/local/share/GeoIP: places are not judged");
    else if (type[0] == '\0')
        findings_add(findings, FINDING_GOOD, "geo", "geo = none: places are not judged");
    else
        findings_add(findings, FINDING_GOOD, "geo", "%s", type);
    geo_close(geo);
}

/* ---- the command ---- */

static int print_findings(const struct command_line *line, const struct findings *findings)
{
    struct error error = ERROR_NONE;
    if (line->json) {
        struct json_writer json = json_writer_to(stdout);
        json_object_begin(&json, NULL);
        findings_print_json(findings, &json);
        json_integer(&json, "warnings", (int64_t)findings->warnings);
        json_integer(&json, "refusals", (int64_t)findings->refusals);
        json_object_end(&json);
        if (!json_writer_end(&json, &error))
            return command_fail(line, &error);
    } else {
        findings_print(findings, command_colour(stdout), stdout);
        printf("%zu refused, %zu warning%s\n", findings->refusals, findings->warnings,
               findings->warnings == 1 ? "" : "s");
    }
    int status = command_finish_output(line);
    if (findings->refusals > 0)
        command_note(line, "%zu thing%s could lock somebody out or keep%s the module from working",
                     findings->refusals, findings->refusals == 1 ? "" : "s",
                     findings->refusals == 1 ? "s" : "");
    return findings->refusals > 0 || findings->failed ? COMMAND_FAILED : status;
}

int run_check(const struct command_line *line)
{
    const struct check_values *values = line->values;
    const struct check_pam_paths paths = {
        .pam_directory = values->pam_directory != NULL ? values->pam_directory : "/etc/pam.d",
        .sshd_config = values->sshd_config != NULL ? values->sshd_config : "/etc/ssh/sshd_config",
        .config_path = config_path(line)};
    struct findings findings = {0};
    struct config config;
    check_config(line, &config, &findings);
    check_exemptions(&config, &findings);
    check_alerts(&config, &findings);
    check_pam(&paths, &config, &findings);
    check_model(&config, &findings);
    check_geo(&config, &findings);
    /* Last: from here on the process is the store's owner. */
    check_store(&config, &findings);
    int status = print_findings(line, &findings);
    findings_finish(&findings);
    return status;
}
