/* What anomalyctl's commands share: the store opened for reading, times, durations. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "common/clock.h"
#include "common/command_line.h"
#include "common/json_writer.h"
#include "common/moment.h"
#include "common/text_table.h"
#include "store/journal_state.h"
#include "store/login_label.h"

/* Commands: each takes the parsed line and returns the exit status. */
int run_status(const struct command_line *line);
int run_check(const struct command_line *line);
int run_show(const struct command_line *line);
int run_label(const struct command_line *line);
int run_alerts(const struct command_line *line);
int run_logins(const struct command_line *line);
int run_journal(const struct command_line *line);
int run_allow(const struct command_line *line);
int run_revoke(const struct command_line *line);
int run_config(const struct command_line *line);

/* The options of the commands that have some. */
struct check_values {
    const char *pam_directory, *sshd_config;
};
struct show_values {
    int64_t limit;
};
struct logins_values {
    const char *user, *source, *since, *until, *verdict;
    int64_t limit;
    bool oldest_first;
};
struct alerts_values {
    const char *state;
    int64_t limit;
};
struct label_values {
    const char *family, *why;
};
struct allow_values {
    const char *duration;
};
struct config_values {
    bool defaults;
};

/*
 * The configuration, and its store opened for reading. Started as root, the process becomes the
 * owner of the store's directory for good: what reads a database that others write has no business
 * being root, and the files that SQLite creates beside it must stay the owner's.
 */
bool ctl_store_open(const struct command_line *line, struct config *config, struct store **store,
                    struct error *error) MUST_USE;

/*
 * Who sits there, before this process becomes the store's owner: whom sudo was called by, whose
 * word counts for root alone, else who logged in on this terminal, else whose process it is.
 */
void ctl_name_person(char *name, size_t capacity, uint32_t *uid);

/* "-" for 0, else as clock_format(). Returns text. */
const char *ctl_time(const struct command_line *line, int64_t time_us, char text[CLOCK_TEXT_BYTES]);

/* Members of an open object: how far the store is behind the journals. */
void ctl_journal_json(struct json_writer *json, const struct journal_state *state);

/* "3 min", "2 h", "5 d". Returns text. */
const char *ctl_span(int64_t span_us, char text[32]);

/* "1.5 MiB". Returns text. */
const char *ctl_bytes(int64_t bytes, char text[32]);

/* One login: a row of a list, or everything. */
void ctl_login_heading(struct text_table *table);
#define CTL_LOGIN_ALIGNMENT "lllllrllll"
void ctl_login_row(struct text_table *table, const struct command_line *line,
                   const struct stored_login *login);

/* A list of logins as a table or, inside an open JSON object, as the array "logins". */
bool ctl_logins_print(const struct command_line *line, struct store *store,
                      const struct login_filter *filter, struct json_writer *json,
                      struct error *error) MUST_USE;

/* Where an address is, as far as the configured databases know. */
bool ctl_locate(const struct config *config, const struct ip_address *address, struct place *place,
                struct error *error) MUST_USE;
/* "Sydney, AU, AS13335", "-" when nothing is known. Returns text. */
const char *ctl_place(const struct place *place, char *text, size_t capacity);

#endif
