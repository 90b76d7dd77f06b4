/*
 * Temporary exemptions: a small file of its own, so that they work with the store gone.
 * A line: `user NAME until TIME` or `network CIDR until TIME`, TIME in UTC seconds; '#' comments.
 * A second file in the store's directory holds those that were made on the dashboard; its owner
 * writes it, whose word the verdict itself is.
 */
#ifndef COMMON_EXEMPTIONS_H
#define COMMON_EXEMPTIONS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/ip_address.h"

#define EXEMPTIONS_MAX_BYTES  65536
#define EXEMPTIONS_STORE_FILE "exemptions"

struct exemption {
    bool is_network;
    char subject[256]; /* a user name, or a network in canonical text */
    int64_t until_s;   /* UTC */
};

/* "network" or "user": of a line, and what people are told. */
const char *exemption_kind_name(const struct exemption *exemption);

typedef bool exemption_visitor(void *context, const struct exemption *exemption);

/*
 * The sound lines; false, after the last of them, when there were others too, or the file cannot be
 * read. It must be owned by root or by owner. A missing file has none, without an error.
 */
bool exemptions_visit(const char *path, uid_t owner, exemption_visitor *visit, void *context,
                      struct error *error) MUST_USE;

/* The same of the file in a store's directory, whoever owns that; none when it is missing. */
bool exemptions_visit_store(const char *directory, exemption_visitor *visit, void *context,
                            struct error *error) MUST_USE;

/*
 * Whether it can be written to a file: *canonical then has its subject as it is written there,
 * networks in their one form.
 */
bool exemption_canonical(const struct exemption *exemption, struct exemption *canonical,
                         struct error *error) MUST_USE;

/* Adds or replaces one, dropping those that ended before now_s. until_s 0 removes it; *found says
 * whether it was there. The file is replaced in one step, mode 0644; a damaged one is left as it
 * is. Others that change it at the same time are waited for, three seconds at most, by a lock on
 * PATH.lock, which nobody else can open. */
bool exemptions_set(const char *path, const struct exemption *exemption, int64_t now_s, bool *found,
                    struct error *error) MUST_USE;

/* Replaces the file in one step, mode 0640, by these, which are canonical. */
bool exemptions_write(const char *path, const struct exemption *exemptions, size_t count,
                      struct error *error) MUST_USE;

#endif
