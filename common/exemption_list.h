/* A file of exemptions as it was read, for whoever asks it about many logins. */
#ifndef COMMON_EXEMPTION_LIST_H
#define COMMON_EXEMPTION_LIST_H

#include "common/exemptions.h"
#include "common/file_identity.h"

/* Begins as zeros: nothing was read. */
struct exemption_list {
    struct listed_exemption *listed;
    size_t count;
    struct error damage;           /* of the file, when it was read */
    struct file_identity identity; /* before that; zeros: there was none */
    bool was_read;
};

/*
 * Reads the file when it is not the one that was read. False with an error, each time, while the
 * file cannot be read or holds damaged lines besides those that were read. A missing one is empty.
 */
bool exemption_list_refresh(struct exemption_list *list, const char *path, uid_t owner,
                            struct error *error) MUST_USE;

/* The same of the file in a store's directory, whoever owns that. */
bool exemption_list_refresh_store(struct exemption_list *list, const char *directory,
                                  struct error *error) MUST_USE;

/* One that holds for the user or the address at that time, or NULL. The list's. */
const struct exemption *exemption_list_find(const struct exemption_list *list, const char *user,
                                            const struct ip_address *address, int64_t now_s);

void exemption_list_finish(struct exemption_list *list);

#endif
