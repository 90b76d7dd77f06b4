#include "dashboard/predict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/past.h"
#include "common/clock.h"
#include "store/login_json.h"
#include "store/policy_of_config.h"

/* Country, coordinates and network of the databases, where the sender told none of them. */
static bool locate(struct login_event *event, const struct config *config, struct check_kept *kept,
                   struct error *error)
{
    struct place told = event->place, *place = &event->place;
    const struct geo *geo;

    if (event->source.family == 0 || ip_is_reserved(&event->source) ||
        strcmp(config->geo, "none") == 0)
        return true;
    if (!check_keep_geo(kept, config, &geo, error) ||
        !geo_locate(geo, &event->source, place, error))
        return false;
    if (told.country[0] != '\0' || told.city[0] != '\0' || place_has_coordinates(&told)) {
        memcpy(place->country, told.country, sizeof place->country);
        memcpy(place->city, told.city, sizeof place->city);
        place->latitude = told.latitude;
        place->longitude = told.longitude;
    }
    if (told.asn != 0)
        place->asn = told.asn;
    return true;
}

static bool is_in_its_group(void *context, const char *user, const char *group)
{
    const struct asked_account *account = context;

    (void)user;
    return strcmp(account->group, group) == 0;
}

/* What is damaged in a file of exemptions exempts nobody; GET /api/exceptions says it. */
static void find_exemption(struct prediction *prediction, const struct config *config,
                           struct check_kept *kept, const struct asked_account *account)
{
    const struct login_event *event = &prediction->event;
    struct error damage = ERROR_NONE;
    const struct exempt_sources sources = {
        .config = config,
        .command = check_keep_exemptions(kept, config, &damage),
        .dashboard = check_keep_exceptions(kept, config, &damage),
        .groups = account->is_known ? config->exempt_groups : NULL,
        .is_member = is_in_its_group,
        .context = (void *)(uintptr_t)account};

    prediction->needs_account = !exempt_find(&sources, event->user, &event->source,
                                             event->time_us / US_PER_S, &prediction->exempt) &&
                                !account->is_known && config->exempt_groups[0] != '\0';
}

bool predict_judge(struct prediction *prediction, const struct config *config,
                   struct check_kept *kept, const struct asked_account *account,
                   struct error *error)
{
    struct login_event *event = &prediction->event;
    const struct policy policy = policy_of_config(config);
    const struct risk_model *model;
    struct history history;
    struct past past = {.about = event, .history = &history};
    struct store *store;

    find_exemption(prediction, config, kept, account);
    if (prediction->needs_account)
        return true;
    if (!locate(event, config, kept, error) || !check_keep_model(kept, config, &model, error) ||
        !check_keep_store(kept, config, &store, error) ||
        !past_load(&past, store, store_directory_fd(store), error))
        return false;
    const struct policy_facts facts = {
        .exempt = prediction->exempt.kind != EXEMPT_NOT,
        .is_root = account->is_known ? account->is_root : strcmp(event->user, "root") == 0,
        .learned_logins = history.profile.logins};
    prediction->model = model->header->checksum;
    if (!assess_login(event, &history, model, &policy, &facts, &prediction->assessment, error))
        return false;
    prediction->needs_account =
        !account->is_known && !policy.deny_root && prediction->assessment.verdict == VERDICT_DENY;
    return true;
}

/* ---- out --------------------------------------------------------------------------------------
 */

static void write_exemption(struct json_writer *json, const struct exempt_rule *rule)
{
    if (rule->kind == EXEMPT_NOT) {
        json_null(json, "exempt");
        return;
    }
    json_object_begin(json, "exempt");
    json_text(json, "kind", exempt_kind_name(rule->kind));
    json_text(json, "subject", rule->subject);
    json_time(json, "until", rule->until_s * US_PER_S);
    json_text(json, "from", exempt_from_name(rule->from));
    json_object_end(json);
}

void predict_write(struct json_writer *json, const char *name, const struct prediction *prediction)
{
    const struct assessment *assessment = &prediction->assessment;
    char model[20];

    json_object_begin(json, name);
    json_integer(json, "anomaly", assessment->verdict >= VERDICT_LOG);
    json_number(json, "probability_normal", 1 - assessment->risk);
    json_number(json, "probability_anomaly", assessment->risk);
    json_number(json, "risk", assessment->risk);
    json_text(json, "verdict", verdict_name(assessment->verdict));
    json_text(json, "rule", policy_rule_name(assessment->rule));
    write_exemption(json, &prediction->exempt);
    json_integer(json, "learned_logins", assessment->learned_logins);
    login_json_reasons(json, assessment);
    if (prediction->login_id[0] != '\0')
        json_text(json, "login_id", prediction->login_id);
    snprintf(model, sizeof model, "%016" PRIx64, prediction->model);
    json_text(json, "model", model);
    json_object_end(json);
}
