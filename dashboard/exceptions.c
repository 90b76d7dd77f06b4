#include "dashboard/exceptions.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_writer.h"

struct listing {
    const struct exceptions_wanted *wanted;
    exception_visitor *visit;
    void *context;
    bool stopped;
};

static bool holds(const struct exceptions_wanted *wanted, enum exempt_kind kind,
                  const char *subject)
{
    struct ip_network network;

    if (wanted->user != NULL)
        return kind == EXEMPT_USER && strcmp(subject, wanted->user) == 0;
    return wanted->address == NULL ||
           (kind == EXEMPT_NETWORK && ip_network_parse(subject, &network, NULL) &&
            ip_network_contains(&network, wanted->address));
}

static void visit_one(struct listing *listing, struct exception_entry entry)
{
    entry.looked_at_us = listing->wanted->now_us;
    if (!listing->stopped && holds(listing->wanted, entry.kind, entry.subject))
        listing->stopped = !listing->visit(listing->context, &entry);
}

static void visit_configured(struct listing *listing, enum exempt_kind kind, const char *list)
{
    char words[CONFIG_LIST_BYTES], *rest = words, *word;

    (void)snprintf(words, sizeof(words), "%s", list);
    while ((word = strsep(&rest, " ")) != NULL) {
        if (*word != '\0')
            visit_one(listing,
                      (struct exception_entry){kind, word, .from = EXEMPT_BY_CONFIGURATION});
    }
}

static enum exempt_kind kind_of(const struct exemption *exemption)
{
    return exemption->is_network ? EXEMPT_NETWORK : EXEMPT_USER;
}

static bool visit_command(void *context, const struct exemption *exemption)
{
    struct listing *listing = context;
    int64_t until_us = exemption->until_s * US_PER_S;

    if (exemption->until_s > listing->wanted->now_us / US_PER_S)
        visit_one(listing, (struct exception_entry){kind_of(exemption), exemption->subject,
                                                    until_us, .from = EXEMPT_BY_COMMAND});
    return true;
}

struct exception_entry exception_of_word(const struct word *word)
{
    return (struct exception_entry){kind_of(&word->exemption),
                                    word->exemption.subject,
                                    word->exemption.until_s * US_PER_S,
                                    word->by,
                                    word->why[0] != '\0' ? word->why : NULL,
                                    EXEMPT_BY_DASHBOARD,
                                    0};
}

static bool visit_dashboard(void *context, const struct decision *decision)
{
    visit_one(context, exception_of_word(&decision->word));
    return true;
}

bool exceptions_visit(struct store *store, const struct config *config,
                      const struct exceptions_wanted *wanted, exception_visitor *visit,
                      void *context, struct error *damage, struct error *error)
{
    struct listing listing = {wanted, visit, context, false};

    visit_configured(&listing, EXEMPT_USER, config->exempt_users);
    visit_configured(&listing, EXEMPT_GROUP, config->exempt_groups);
    visit_configured(&listing, EXEMPT_NETWORK, config->exempt_networks);
    (void)!exemptions_visit(config->exemptions, geteuid(), visit_command, &listing, damage);
    return store_exceptions(store, wanted->now_us, visit_dashboard, &listing, error);
}

bool exception_write(void *context, const struct exception_entry *entry)
{
    struct json_writer *json = context;

    json_object_begin(json, NULL);
    json_text(json, "kind", exempt_kind_name(entry->kind));
    json_text(json, "subject", entry->subject);
    json_time(json, "until", entry->until_us);
    json_text(json, "by", entry->by);
    json_text(json, "why", entry->why);
    json_text(json, "from", exempt_from_name(entry->from));
    json_object_end(json);
    return true;
}

bool exceptions_write(struct store *store, const struct config *config, struct json_writer *json,
                      const char *name, const struct exceptions_wanted *wanted,
                      struct error *damage, struct error *error)
{
    json_array_begin(json, name);
    if (!exceptions_visit(store, config, wanted, exception_write, json, damage, error))
        return false;
    json_array_end(json);
    return true;
}
