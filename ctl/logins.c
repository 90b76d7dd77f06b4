/* anomalyctl logins */
#include "ctl/ctl.h"

static bool make_filter(const struct command_line *line, struct login_filter *filter,
                        struct ip_address *source, struct error *error)
{
    const struct logins_values *values = line->values;
    int64_t now_us = clock_utc_us();
    *filter = (struct login_filter){
        .user = values->user, .newest_first = !values->oldest_first, .limit = values->limit};
    if (values->source != NULL) {
        if (!ip_parse(values->source, source))
            return error_set(error, FAULT_CONFIG, "\"%s\" is not an IP address", values->source);
        filter->source = source;
    }
    if (values->verdict != NULL && !verdict_from_name(values->verdict, &filter->at_least))
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is not a verdict; they are allow, log, step-up and deny",
                         values->verdict);
    return (values->since == NULL ||
            moment_parse(values->since, now_us, line->utc, &filter->since_us, error)) &&
           (values->until == NULL ||
            moment_parse(values->until, now_us, line->utc, &filter->until_us, error));
}

int run_logins(const struct command_line *line)
{
    struct error error = ERROR_NONE;
    struct login_filter filter;
    struct ip_address source;
    struct config config;
    struct store *store;
    if (!make_filter(line, &filter, &source, &error))
        return command_misused(line, "%s", error.text);
    if (!ctl_store_open(line, &config, &store, &error))
        return command_fail(line, &error);
    bool done;
    if (line->json) {
        struct json_writer json = json_writer_to(stdout);
        json_object_begin(&json, NULL);
        done = ctl_logins_print(line, store, &filter, &json, &error);
        json_object_end(&json);
        done = json_writer_end(&json, &error) && done;
    } else {
        done = ctl_logins_print(line, store, &filter, NULL, &error);
    }
    store_close(store);
    return done ? command_finish_output(line) : command_fail(line, &error);
}
