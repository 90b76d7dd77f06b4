/* anomalyctl: the operator's hand. */
#include "ctl/ctl.h"

#define LIST_LIMIT 20

static const struct command_option CHECK_OPTIONS[] = {
    COMMAND_TEXT(struct check_values, pam_directory, "pam-dir", "DIR",
                 "the PAM stacks; otherwise /etc/pam.d"),
    COMMAND_TEXT(struct check_values, sshd_config, "sshd-config", "FILE",
                 "sshd's configuration; otherwise /etc/ssh/sshd_config"),
};

static const struct command_option SHOW_OPTIONS[] = {
    COMMAND_INTEGER(struct show_values, limit, "limit", "N", 1, 100000, 10,
                    "at most so many logins of a user or source"),
};

static const struct command_option LOGINS_OPTIONS[] = {
    COMMAND_TEXT(struct logins_values, user, "user", "NAME", "of this user only"),
    COMMAND_TEXT(struct logins_values, source, "source", "IP", "from this address only"),
    COMMAND_TEXT(struct logins_values, since, "since", "TIME",
                 "not before: 2h, 7d, 2026-03-09 or 2026-03-09T14:05"),
    COMMAND_TEXT(struct logins_values, until, "until", "TIME", "not after"),
    COMMAND_TEXT(struct logins_values, verdict, "verdict", "VERDICT",
                 "judged so or worse: allow, log, step-up, deny"),
    COMMAND_INTEGER(struct logins_values, limit, "limit", "N", 1, 1000000, LIST_LIMIT,
                    "at most so many"),
    COMMAND_FLAG(struct logins_values, oldest_first, "oldest-first", "the other way round"),
};

static const struct command_option ALERTS_OPTIONS[] = {
    COMMAND_TEXT(struct alerts_values, state, "state", "STATE",
                 "open, acknowledged or all; otherwise all"),
    COMMAND_INTEGER(struct alerts_values, limit, "limit", "N", 1, 10000, LIST_LIMIT,
                    "at most so many"),
};

static const struct command_option LABEL_OPTIONS[] = {
    COMMAND_TEXT(struct label_values, family, "family", "NAME", "what kind of attack"),
    COMMAND_TEXT(struct label_values, why, "why", "TEXT", "a note to go with it"),
};

static const struct command_option ALLOW_OPTIONS[] = {
    COMMAND_TEXT(struct allow_values, duration, "for", "DURATION",
                 "how long: 90s, 15m, 1h, 7d, 2w; otherwise 1h"),
};

static const struct command_option CONFIG_OPTIONS[] = {
    COMMAND_FLAG(struct config_values, defaults, "defaults", "the defaults instead"),
};

#define OPTIONS(table, type)                                                                       \
    .options = (table), .option_count = sizeof(table) / sizeof(table)[0],                          \
    .values_bytes = sizeof(struct type)

static const struct command COMMANDS[] = {
    {.name = "status",
     .operands = "",
     .help = "what the store holds, and whether all runs",
     .run = run_status},
    {.name = "check",
     .operands = "",
     .help = "look for what could lock somebody out or keep the module from working",
     .details = "Exit status 1 with one sentence for each thing refused; warnings alone are 0.",
     OPTIONS(CHECK_OPTIONS, check_values),
     .run = run_check},
    {.name = "show",
     .operands = "KIND NAME",
     .operands_min = 2,
     .operands_max = 2,
     .help = "what is known of: user NAME, source ADDRESS or login ID",
     OPTIONS(SHOW_OPTIONS, show_values),
     .run = run_show},
    {.name = "logins",
     .operands = "",
     .help = "a list of logins, the latest first",
     OPTIONS(LOGINS_OPTIONS, logins_values),
     .run = run_logins},
    {.name = "alerts",
     .operands = "[test CHANNEL | acknowledge ID]",
     .operands_max = 2,
     .help = "what was alerted, the latest first; test: try a channel",
     .details = "test waits up to 30 s for what became of it. acknowledge: say that it was seen.",
     OPTIONS(ALERTS_OPTIONS, alerts_values),
     .run = run_alerts},
    {.name = "label",
     .operands = "ID attack|legitimate|none",
     .operands_min = 2,
     .operands_max = 2,
     .help = "say what a login was; none: take that back",
     .details = "What an attack taught is unlearned; a legitimate login that was not learned is.",
     OPTIONS(LABEL_OPTIONS, label_values),
     .run = run_label},
    {.name = "journal",
     .operands = "[drain]",
     .operands_max = 1,
     .help = "records that are not in the store yet; drain: put them there",
     .details = "drain works when anomalyd is down: one program at a time writes to the store.",
     .run = run_journal},
    {.name = "allow",
     .operands = "[USER | NETWORK]",
     .operands_max = 1,
     .help = "exempt for a while, also with the store gone; nothing named: list",
     OPTIONS(ALLOW_OPTIONS, allow_values),
     .run = run_allow},
    {.name = "revoke",
     .operands = "USER | NETWORK",
     .operands_min = 1,
     .operands_max = 1,
     .help = "end an exemption that allow made",
     .run = run_revoke},
    {.name = "config",
     .operands = "",
     .help = "print the configuration in force",
     OPTIONS(CONFIG_OPTIONS, config_values),
     .run = run_config},
};

static const struct program PROGRAM = {
    .name = "anomalyctl",
    .summary = "Look at what pam_anomaly knows and decides, and step in.",
    .commands = COMMANDS,
    .command_count = sizeof COMMANDS / sizeof *COMMANDS,
};

int main(int argc, char **argv)
{
    return program_run(&PROGRAM, argc, argv);
}
