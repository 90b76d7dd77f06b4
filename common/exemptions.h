/*
 * Temporary exemptions: a small file of its own, so that they work with the store gone.
 * A line: `user NAME until TIME` or `network CIDR until TIME`, TIME in UTC seconds; '#' comments.
 */
#ifndef COMMON_EXEMPTIONS_H
#define COMMON_EXEMPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/ip_address.h"

#define EXEMPTIONS_MAX_BYTES 65536

struct exemption {
    bool is_network;
    char subject[256]; /* a user name, or a network in canonical text */
    int64_t until_s;   /* UTC */
};

typedef bool exemption_visitor(void *context, const struct exemption *exemption);

/*
 * Whether user or address is exempt at that time. *match is good whatever is returned: false with
 * an error means that the file cannot be read, or holds a damaged line besides those that were
 * heeded. A missing file: no match, without an error.
 */
bool exemptions_match(const char *path, const char *user, const struct ip_address *address,
                      int64_t now_s, bool *match, struct error *error) MUST_USE;

/* The sound lines; false, after the last of them, when there were others too. */
bool exemptions_visit(const char *path, exemption_visitor *visit, void *context,
                      struct error *error) MUST_USE;

/* Adds or replaces one, dropping those that ended before now_s. until_s 0 removes it; *found says
 * whether it was there. The file is replaced in one step, mode 0644; a damaged one is left as it
 * is. Others that change it at the same time are waited for, three seconds at most, by a lock on
 * PATH.lock, which nobody else can open. */
bool exemptions_set(const char *path, const struct exemption *exemption, int64_t now_s, bool *found,
                    struct error *error) MUST_USE;

#endif
