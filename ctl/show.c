/* anomalyctl show user NAME | source IP | login ID */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "common/utf8.h"
#include "ctl/ctl.h"
#include "store/decision.h"
#include "store/login_json.h"

#define DECISIONS_SHOWN 20 /* of one login */

struct showing {
    const struct command_line *line;
    const struct config *config;
    struct store *store;
    struct json_writer json;
    const char *what;
};

static bool not_found(const struct showing *showing, struct error *error)
{
    return error_set(error, FAULT_STORE, "the store knows no %s %s", showing->line->operands[0],
                     showing->what);
}

static void fact(const char *name, const char *format, ...) PRINTF_LIKE(2, 3);

/* A line "name  value"; what a client chose must not steer the terminal. */
static void fact(const char *name, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_show(text, strlen(text));
    printf("%-22s %s\n", name, text);
}

static const char *span_of(double seconds, char text[32])
{
    return ctl_span((int64_t)(seconds * (double)US_PER_S), text);
}

static bool logins_below(const struct showing *showing, const struct login_filter *filter,
                         struct error *error)
{
    putchar('\n');
    return ctl_logins_print(showing->line, showing->store, filter, NULL, error);
}

/* The object that the kind of thing began ends with its logins. */
static bool json_logins_last(struct showing *showing, const struct login_filter *filter,
                             struct error *error)
{
    bool done = ctl_logins_print(showing->line, showing->store, filter, &showing->json, error);
    json_object_end(&showing->json);
    return done;
}

/* ---- a user ---- */

static void print_hours(const struct profile *profile)
{
    static const char *const LEVELS[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    float most = 0;
    for (size_t i = 0; i < 24; i++)
        most = fmaxf(most, profile->hour_weight[i]);
    printf("%-22s ", "local hours 0 to 23");
    for (size_t i = 0; i < 24; i++) {
        float share = most > 0 ? profile->hour_weight[i] / most : 0;
        fputs(LEVELS[(int)ceilf(8 * share)], stdout);
    }
    putchar('\n');
}

static size_t count_values(const struct familiar_value *list, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += list[i].key != 0;
    return used;
}

static void print_profile(const struct showing *showing, const struct profile *profile)
{
    const struct command_line *line = showing->line;
    char text[CLOCK_TEXT_BYTES], span[32], place[128];
    fact("user", "%s", showing->what);
    fact("learned logins", "%" PRIu32 " on %" PRIu32 " days", profile->logins, profile->days);
    if ((int64_t)profile->logins < showing->config->min_history)
        fact("", "below min_history (%" PRId64 "): never denied", showing->config->min_history);
    fact("attempts", "%" PRIu32, profile->attempts);
    fact("first learned", "%s", ctl_time(line, profile->first_s * US_PER_S, text));
    fact("last learned", "%s", ctl_time(line, profile->last_s * US_PER_S, text));
    fact("last attempt", "%s", ctl_time(line, profile->last_attempt_us, text));
    fact("last place", "%s", ctl_place(&profile->last_place, place, sizeof place));
    fact("familiar",
         "%zu networks, %zu providers, %zu countries, %zu devices, %zu keys, %zu services",
         count_values(profile->prefix, PROFILE_PREFIXES), count_values(profile->asn, PROFILE_ASNS),
         count_values(profile->country, PROFILE_COUNTRIES),
         count_values(profile->device, PROFILE_DEVICES), count_values(profile->key, PROFILE_KEYS),
         count_values(profile->service, PROFILE_SERVICES));
    if (profile->gap.count > 0)
        fact("usual pause", "%s", span_of(exp((double)profile->gap.mean), span));
    if (profile->rtt.count > 0)
        fact("usual round trip", "%.1f ms", exp((double)profile->rtt.mean) / 1000);
    if (profile->duration.count > 0)
        fact("usual session", "%s", span_of(expm1((double)profile->duration.mean), span));
    print_hours(profile);
}

static void json_profile(struct showing *showing, const struct profile *profile)
{
    struct json_writer *json = &showing->json;
    json_object_begin(json, NULL);
    json_text(json, "user", showing->what);
    json_integer(json, "learned_logins", profile->logins);
    json_integer(json, "days", profile->days);
    json_integer(json, "attempts", profile->attempts);
    json_time(json, "first", profile->first_s * US_PER_S);
    json_time(json, "last", profile->last_s * US_PER_S);
    json_time(json, "last_attempt", profile->last_attempt_us);
    json_object_begin(json, "familiar");
    json_integer(json, "networks", (int64_t)count_values(profile->prefix, PROFILE_PREFIXES));
    json_integer(json, "providers", (int64_t)count_values(profile->asn, PROFILE_ASNS));
    json_integer(json, "countries", (int64_t)count_values(profile->country, PROFILE_COUNTRIES));
    json_integer(json, "devices", (int64_t)count_values(profile->device, PROFILE_DEVICES));
    json_integer(json, "keys", (int64_t)count_values(profile->key, PROFILE_KEYS));
    json_integer(json, "services", (int64_t)count_values(profile->service, PROFILE_SERVICES));
    json_object_end(json);
    json_array_begin(json, "hour_weights");
    for (size_t i = 0; i < 24; i++)
        json_number(json, NULL, (double)profile->hour_weight[i]);
    json_array_end(json);
    json_array_begin(json, "weekday_weights");
    for (size_t i = 0; i < 7; i++)
        json_number(json, NULL, (double)profile->weekday_weight[i]);
    json_array_end(json);
}

static bool show_user(struct showing *showing, struct error *error)
{
    const struct show_values *values = showing->line->values;
    struct profile profile;
    struct login_filter filter = {
        .user = showing->what, .newest_first = true, .limit = values->limit};
    bool found;
    if (!store_profile_load(showing->store, showing->what, &profile, &found, error))
        return false;
    if (!found)
        return not_found(showing, error);
    if (showing->line->json) {
        json_profile(showing, &profile);
        return json_logins_last(showing, &filter, error);
    }
    print_profile(showing, &profile);
    return logins_below(showing, &filter, error);
}

/* ---- a source ---- */

static void print_source(const struct showing *showing, const char *name,
                         const struct source *source, int64_t now_us)
{
    char text[CLOCK_TEXT_BYTES];
    fact(name, "%" PRIu32 " attempts, %" PRIu32 " accepted", source->attempts, source->accepted);
    fact("  last attempt", "%s", ctl_time(showing->line, source->last_s * US_PER_S, text));
    fact("  lately", "%.1f in 1 min, %.1f in 10 min, %.1f in 1 h, %.1f in 1 d (fading)",
         fading_count_at(&source->attempts_1m, now_us, 60),
         fading_count_at(&source->attempts_10m, now_us, 600),
         fading_count_at(&source->attempts_1h, now_us, 3600),
         fading_count_at(&source->attempts_1d, now_us, 86400));
    fact("  names tried in 1 d", "%u", source_other_names(source, "", now_us, S_PER_DAY));
}

static void json_source(struct json_writer *json, const char *name, const struct source *source,
                        int64_t now_us)
{
    json_object_begin(json, name);
    json_integer(json, "attempts", source->attempts);
    json_integer(json, "accepted", source->accepted);
    json_time(json, "first", source->first_s * US_PER_S);
    json_time(json, "last", source->last_s * US_PER_S);
    json_number(json, "attempts_1m", fading_count_at(&source->attempts_1m, now_us, 60));
    json_number(json, "attempts_10m", fading_count_at(&source->attempts_10m, now_us, 600));
    json_number(json, "attempts_1h", fading_count_at(&source->attempts_1h, now_us, 3600));
    json_number(json, "attempts_1d", fading_count_at(&source->attempts_1d, now_us, 86400));
    json_number(json, "failures_1h", fading_count_at(&source->failures_1h, now_us, 3600));
    json_integer(json, "names_1d", source_other_names(source, "", now_us, S_PER_DAY));
    json_object_end(json);
}

static void print_sources(struct showing *showing, const char *address, const struct place *place,
                          const struct source *one, const struct source *site)
{
    int64_t now_us = clock_utc_us();
    char text[128];
    if (showing->line->json) {
        json_object_begin(&showing->json, NULL);
        json_text(&showing->json, "ip", address);
        json_text(&showing->json, "country", place->country[0] != '\0' ? place->country : NULL);
        json_text(&showing->json, "city", place->city[0] != '\0' ? place->city : NULL);
        json_integer(&showing->json, "asn", place->asn);
        json_source(&showing->json, "address", one, now_us);
        json_source(&showing->json, "prefix", site, now_us);
        return;
    }
    fact("source", "%s", address);
    fact("place", "%s", ctl_place(place, text, sizeof text));
    print_source(showing, "this address", one, now_us);
    print_source(showing, "its /24 or /48", site, now_us);
}

static bool show_source(struct showing *showing, struct error *error)
{
    const struct show_values *values = showing->line->values;
    struct ip_address address;
    struct source one, site;
    struct place place;
    struct error geo_error = ERROR_NONE;
    char text[IP_TEXT_BYTES];
    bool found, site_found;
    if (!ip_parse(showing->what, &address))
        return error_set(error, FAULT_CONFIG, "\"%s\" is not an IP address", showing->what);
    const struct login_filter filter = {
        .source = &address, .newest_first = true, .limit = values->limit};
    struct ip_address prefix = ip_site_prefix(&address);
    source_init(&one);
    source_init(&site);
    if (!store_source_load(showing->store, &address, address.family == 4 ? 32 : 128, &one, &found,
                           error) ||
        !store_source_load(showing->store, &prefix, address.family == 4 ? 24 : 48, &site,
                           &site_found, error))
        return false;
    if (!found && !site_found)
        return not_found(showing, error);
    if (!ctl_locate(showing->config, &address, &place, &geo_error))
        command_note(showing->line, "%s", geo_error.text);
    print_sources(showing, ip_format(&address, text), &place, &one, &site);
    if (showing->line->json)
        return json_logins_last(showing, &filter, error);
    return logins_below(showing, &filter, error);
}

/* ---- a login ---- */

static bool keep_login(void *context, const struct stored_login *login)
{
    memcpy(context, login, sizeof *login);
    return false;
}

static void print_reasons(const struct assessment *assessment)
{
    fact("risk", "%.4f", assessment->risk);
    fact("verdict", "%s", verdict_name(assessment->verdict));
    if (assessment->rule != RULE_NONE)
        fact("held back by", "%s", policy_rule_name(assessment->rule));
    fact("history then", "%" PRIu32 " learned logins", assessment->learned_logins);
    for (unsigned i = 0; i < assessment->reason_count; i++) {
        const struct reason *reason = &assessment->reasons[i];
        const struct feature_info *info = &FEATURE_TABLE[reason->feature];
        fact(i == 0 ? "reasons" : "", "%+.3f  %s (%s = %.4g %s)", (double)reason->share,
             info->reason, info->name, (double)reason->value, info->unit);
    }
}

static void print_stages(const struct command_line *line, const struct stored_login *login)
{
    const struct login_event *event = &login->record.event;
    char time[CLOCK_TEXT_BYTES], size[32], other[32], text[160];
    fact("attempt", "%s", ctl_time(line, event->time_us, time));
    fact("accepted", "%s", ctl_time(line, login->accepted_us, time));
    fact("session opened", "%s", ctl_time(line, login->opened_us, time));
    fact("session closed", "%s", ctl_time(line, login->closed_us, time));
    fact("learned", "%s", event->learn ? "yes" : "no");
    if (event->duration_s >= 0)
        fact("session lasted", "%s", ctl_span(event->duration_s * US_PER_S, size));
    if (event->bytes_in >= 0 && event->bytes_out >= 0)
        fact("moved", "%s in, %s out", ctl_bytes(event->bytes_in, size),
             ctl_bytes(event->bytes_out, other));
    if (login->record.volume.judged)
        fact("volume", "%s: %s", login->record.volume.large ? "large" : "usual",
             session_volume_text(&login->record.volume, text, sizeof text));
}

/* label: NULL when nobody labelled it by hand. */
static void print_label(const struct command_line *line, const struct stored_login *login,
                        const struct login_label *label)
{
    const char *name = login_label_name((enum login_label_value)login->label);
    char time[CLOCK_TEXT_BYTES];
    if (login->label == LABEL_NONE && label == NULL)
        return;
    if (login->family[0] != '\0')
        fact("label", "%s, %s", name, login->family);
    else
        fact("label", "%s", name);
    if (label == NULL)
        return;
    fact("  given", "%s by %s (uid %" PRIu32 ")", ctl_time(line, label->time_us, time), label->by,
         label->uid);
    if (label->why[0] != '\0')
        fact("  because", "%s", label->why);
}

static void print_login(const struct command_line *line, const struct stored_login *login)
{
    const struct login_record *record = &login->record;
    const struct login_event *event = &record->event;
    char id[LOGIN_ID_TEXT_BYTES], address[IP_TEXT_BYTES], place[128];
    fact("login", "%s", login_id_format(&event->id, id));
    fact("user", "%s", event->user);
    fact("service", "%s on %s", event->service, event->host);
    fact("from", "%s", event->source.family == 0 ? "console" : ip_format(&event->source, address));
    fact("place", "%s", ctl_place(&event->place, place, sizeof place));
    fact("method", "%s", login_method_name(event->method));
    fact("device", "%s", event->device[0] != '\0' ? event->device : "-");
    fact("key", "%s", event->key[0] != '\0' ? event->key : "-");
    if (event->rtt_us >= 0)
        fact("round trip", "%.1f ms", event->rtt_us / 1000.0);
    if (record->assessed)
        print_reasons(&record->assessment);
    if (record->fault != FAULT_NONE)
        fact("fault", "%s", fault_name(record->fault));
    if (login->imported)
        fact("answer", "none: imported from a history");
    else
        fact("answer", "%s", verdict_name(record->answer));
    print_stages(line, login);
}

static bool print_decision(void *context, const struct decision *decision)
{
    const struct word *word = &decision->word;
    char time[CLOCK_TEXT_BYTES];
    const char *said = word->kind == WORD_LABEL ? login_label_name(word->label)
                       : word->later            ? "later"
                                                : "not later";
    fact("decided", "%s: %s by %s%s%s", ctl_time(context, word->time_us, time), said, word->by,
         word->why[0] != '\0' ? ": " : "", word->why);
    return true;
}

static bool json_decision(void *context, const struct decision *decision)
{
    json_object_begin(context, NULL);
    decision_json_members(context, decision);
    json_object_end(context);
    return true;
}

static bool json_login(struct showing *showing, const struct stored_login *login,
                       const struct login_label *label, struct error *error)
{
    struct json_writer *json = &showing->json;
    json_object_begin(json, NULL);
    login_json_members(json, login, true, label);
    json_array_begin(json, "decisions");
    bool done = store_decisions(showing->store, &login->record.event.id, INT64_MAX, DECISIONS_SHOWN,
                                json_decision, json, error);
    json_array_end(json);
    json_object_end(json);
    return done;
}

static bool show_login(struct showing *showing, struct error *error)
{
    struct login_id id;
    struct login_label label;
    bool labelled;
    static struct stored_login login;
    if (!login_id_parse(showing->what, &id))
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is not a login's id: 20 letters and digits, as in the log",
                         showing->what);
    const struct login_filter filter = {.id = &id, .limit = 1};
    login.record.event.user[0] = '\0';
    if (!store_logins(showing->store, &filter, keep_login, &login, error))
        return false;
    if (login.record.event.user[0] == '\0')
        return not_found(showing, error);
    if (!store_label_load(showing->store, &id, &label, &labelled, error))
        return false;
    const struct login_label *given = labelled ? &label : NULL;
    if (showing->line->json)
        return json_login(showing, &login, given, error);
    print_login(showing->line, &login);
    print_label(showing->line, &login, given);
    return store_decisions(showing->store, &id, INT64_MAX, DECISIONS_SHOWN, print_decision,
                           (void *)showing->line, error);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    bool (*show)(struct showing *showing, struct error *error);
} KINDS[] = {{"user", show_user}, {"source", show_source}, {"login", show_login}};

int run_show(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct config config;
    struct store *store;
    size_t kind = 0;
    while (kind < sizeof KINDS / sizeof *KINDS && strcmp(KINDS[kind].name, line->operands[0]) != 0)
        kind++;
    if (kind == sizeof KINDS / sizeof *KINDS)
        return command_misused(line, "show knows user, source and login, not \"%s\"",
                               line->operands[0]);
    if (!ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    struct showing showing = {.line = line,
                              .config = &config,
                              .store = store,
                              .json = json_writer_to(stdout),
                              .what = line->operands[1]};
    bool done = KINDS[kind].show(&showing, &error) &&
                (!line->json || json_writer_end(&showing.json, &error));
    store_close(store);
    return done ? command_finish_output(line) : command_fail(line, &error);
}
