#include "common/exemption_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct listed_exemption {
    struct exemption exemption;
    struct ip_network network; /* of a network */
};

struct gathering {
    struct exemption_list *list;
    bool failed;
};

static bool gather(void *context, const struct exemption *exemption)
{
    struct gathering *gathering = context;
    struct exemption_list *list = gathering->list;
    struct listed_exemption *grown = reallocarray(list->listed, list->count + 1, sizeof(*grown));

    gathering->failed = grown == NULL;
    if (grown == NULL)
        return false;
    list->listed = grown;
    grown[list->count] = (struct listed_exemption){.exemption = *exemption};
    list->count += !exemption->is_network ||
                   ip_network_parse(exemption->subject, &grown[list->count].network, NULL);
    return true;
}

/* What is at path is what was read. Otherwise the list is emptied and to be read again. */
static bool is_current(struct exemption_list *list, const char *path)
{
    struct file_identity now = file_identity_of(path);

    if (list->was_read && file_identity_equal(&now, &list->identity))
        return true;
    exemption_list_finish(list);
    list->identity = now;
    return false;
}

static bool say_damage(const struct exemption_list *list, struct error *error)
{
    return list->damage.fault == FAULT_NONE ||
           error_set(error, list->damage.fault, "%s", list->damage.text);
}

static void end_reading(const struct gathering *gathering, bool sound)
{
    struct exemption_list *list = gathering->list;

    list->was_read = !gathering->failed;
    if (sound && gathering->failed)
        error_set(&list->damage, FAULT_CONFIG, "no memory to keep the exemptions");
}

bool exemption_list_refresh(struct exemption_list *list, const char *path, uid_t owner,
                            struct error *error)
{
    struct gathering gathering = {.list = list};

    if (!is_current(list, path))
        end_reading(&gathering, exemptions_visit(path, owner, gather, &gathering, &list->damage));
    return say_damage(list, error);
}

bool exemption_list_refresh_store(struct exemption_list *list, const char *directory,
                                  struct error *error)
{
    struct gathering gathering = {.list = list};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/" EXEMPTIONS_STORE_FILE, directory);
    if (!is_current(list, path))
        end_reading(&gathering,
                    exemptions_visit_store(directory, gather, &gathering, &list->damage));
    return say_damage(list, error);
}

const struct exemption *exemption_list_find(const struct exemption_list *list, const char *user,
                                            const struct ip_address *address, int64_t now_s)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct listed_exemption *listed = &list->listed[i];

        if (listed->exemption.until_s > now_s &&
            (listed->exemption.is_network ? ip_network_contains(&listed->network, address)
                                          : strcmp(listed->exemption.subject, user) == 0))
            return &listed->exemption;
    }
    return NULL;
}

void exemption_list_finish(struct exemption_list *list)
{
    free(list->listed);
    memset(list, 0, sizeof(*list));
}
