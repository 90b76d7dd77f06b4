#include "common/exempt.h"

#include <string.h>

enum exempt_kind exemption_kind(const struct exemption *exemption)
{
    return exemption->is_network ? EXEMPT_NETWORK : EXEMPT_USER;
}

const char *exempt_kind_name(enum exempt_kind kind)
{
    static const char *const NAMES[] = {NULL,
#define EXEMPT_KIND(symbol, name) name,
                                        EXEMPT_KINDS
#undef EXEMPT_KIND
    };

    return NAMES[kind];
}

const char *exempt_from_name(enum exempt_from from)
{
    static const char *const NAMES[] = {
#define EXEMPT_FROM(symbol, name) name,
        EXEMPT_ORIGINS
#undef EXEMPT_FROM
    };

    return NAMES[from];
}

/* A login that is being asked about. */
struct asked {
    const struct exempt_sources *sources;
    const char *user;
    const struct ip_address *address;
    struct exempt_rule *rule;
};

typedef bool word_test(const struct asked *asked, const char *word);

static bool is_user(const struct asked *asked, const char *word)
{
    return strcmp(word, asked->user) == 0;
}

static bool is_network(const struct asked *asked, const char *word)
{
    struct ip_network network;

    return ip_network_parse(word, &network, NULL) && ip_network_contains(&network, asked->address);
}

static bool is_group(const struct asked *asked, const char *word)
{
    return asked->sources->is_member(asked->sources->context, asked->user, word);
}

/* By the first word of a list of the configuration that holds. */
static bool find_in_list(const struct asked *asked, const char *list, enum exempt_kind kind,
                         word_test *holds)
{
    struct exempt_rule *rule = asked->rule;

    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, " ");

        if (length > 0 && length < sizeof(rule->subject)) {
            memcpy(rule->subject, at, length);
            rule->subject[length] = '\0';
            if (holds(asked, rule->subject)) {
                rule->kind = kind;
                rule->from = EXEMPT_BY_CONFIGURATION;
                rule->until_s = 0;
                return true;
            }
        }
        at += length;
        at += strspn(at, " ");
    }
    return false;
}

static bool find_for_a_time(const struct asked *asked, const struct exemption_list *list,
                            enum exempt_from from, int64_t now_s)
{
    const struct exemption *found =
        list != NULL ? exemption_list_find(list, asked->user, asked->address, now_s) : NULL;

    if (found == NULL)
        return false;
    asked->rule->kind = exemption_kind(found);
    asked->rule->from = from;
    asked->rule->until_s = found->until_s;
    memcpy(asked->rule->subject, found->subject, sizeof(asked->rule->subject));
    return true;
}

bool exempt_find(const struct exempt_sources *sources, const char *user,
                 const struct ip_address *address, int64_t now_s, struct exempt_rule *rule)
{
    const struct asked asked = {sources, user, address, rule};
    const struct config *config = sources->config;

    rule->kind = EXEMPT_NOT;
    return (config != NULL &&
            (find_in_list(&asked, config->exempt_users, EXEMPT_USER, is_user) ||
             find_in_list(&asked, config->exempt_networks, EXEMPT_NETWORK, is_network))) ||
           find_for_a_time(&asked, sources->command, EXEMPT_BY_COMMAND, now_s) ||
           find_for_a_time(&asked, sources->dashboard, EXEMPT_BY_DASHBOARD, now_s) ||
           (sources->groups != NULL &&
            find_in_list(&asked, sources->groups, EXEMPT_GROUP, is_group));
}
