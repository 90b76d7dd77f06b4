/*
 * Writes the history of a machine that the world guesses at: make_history FORMAT LINES. Of ten
 * connections six guess passwords, two are logins of its users, two are jobs of cron. The same
 * arguments give the same bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utmpx.h>

#define BEGIN_S     INT64_C(1767225600) /* 2026-01-01 */
#define USERS       200
#define ATTACKERS   5000
#define NAMES       3000
#define OPEN_MOST   64
#define GAP_MOST_S  7
#define USER_PLACES 3

struct visit {
    char user[32], address[32];
    unsigned port, pid;
    int known, success;
    int64_t opened_s;
};

static uint64_t state = 1;
static int64_t now_s = BEGIN_S;
static int64_t lines;
static unsigned next_pid = 1000;
static void (*print_message)(const char *program, unsigned pid, const char *text);

/* xorshift64* */
static unsigned draw(unsigned below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static unsigned mix(unsigned value)
{
    return (value + 1) * 2654435761U;
}

static struct visit visit_of_user(void)
{
    struct visit visit = {.known = 1, .success = 1, .port = 32768 + draw(28000)};
    unsigned user = draw(USERS), place = mix(user * USER_PLACES + draw(USER_PLACES));

    snprintf(visit.user, sizeof visit.user, "user%u", user);
    snprintf(visit.address, sizeof visit.address, "93.%u.%u.%u", 100 + place % 50,
             (place >> 8) % 256, 1 + (place >> 16) % 250);
    visit.pid = next_pid++ % 4000000;
    return visit;
}

static struct visit visit_of_guesser(void)
{
    struct visit visit = {.known = draw(3) == 0, .port = 32768 + draw(28000)};
    unsigned from = mix(draw(ATTACKERS) * draw(ATTACKERS) / ATTACKERS);

    snprintf(visit.user, sizeof visit.user, "%s%u", visit.known ? "user" : "name",
             visit.known ? draw(USERS) : draw(NAMES) * draw(NAMES) / NAMES);
    if (visit.known && draw(2) == 0)
        strcpy(visit.user, "root");
    snprintf(visit.address, sizeof visit.address, "%u.%u.%u.%u", 20 + from % 60, (from >> 8) % 256,
             (from >> 16) % 256, 1 + (from >> 24) % 250);
    visit.pid = next_pid++ % 4000000;
    return visit;
}

/* ---- logs ---- */

static void print_syslog(const char *program, unsigned pid, const char *text)
{
    static int64_t stamp_s = -1;
    static char stamp[32];

    if (stamp_s != now_s) {
        time_t at = (time_t)now_s;
        struct tm parts;
        strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", gmtime_r(&at, &parts));
        stamp_s = now_s;
    }
    printf("%s gate %s[%u]: %s\n", stamp, program, pid, text);
    lines++;
}

static void print_journal(const char *program, unsigned pid, const char *text)
{
    static int64_t stamp_s = -1;
    static unsigned stamp_us;

    stamp_us = stamp_s == now_s ? stamp_us + 1 + draw(1000) : draw(1000);
    stamp_s = now_s;
    printf("{\"__CURSOR\":\"s=6f1c0e2d8b6a4f0f9a2b3c4d5e6f7a8b;i=%" PRIx64
           ";b=0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4f5\",\"__REALTIME_TIMESTAMP\":\"%" PRId64
           "%06u\",\"__MONOTONIC_TIMESTAMP\":\"%" PRId64
           "\",\"_BOOT_ID\":\"0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4f5\",\"_TRANSPORT\":\"syslog\","
           "\"PRIORITY\":\"6\",\"SYSLOG_FACILITY\":\"10\",\"SYSLOG_IDENTIFIER\":\"%s\","
           "\"SYSLOG_PID\":\"%u\",\"_UID\":\"0\",\"_GID\":\"0\",\"_COMM\":\"%s\","
           "\"_EXE\":\"/usr/sbin/sshd\",\"_CMDLINE\":\"sshd: [accepted]\","
           "\"_CAP_EFFECTIVE\":\"1ffffffffff\",\"_SYSTEMD_CGROUP\":\"/system.slice/ssh.service\","
           "\"_SYSTEMD_UNIT\":\"ssh.service\",\"_SYSTEMD_SLICE\":\"system.slice\","
           "\"_MACHINE_ID\":\"a0b1c2d3e4f50c1d2e3f4a5b6c7d8e9f\",\"_HOSTNAME\":\"gate\","
           "\"_PID\":\"%u\",\"MESSAGE\":\"%s\"}\n",
           lines, now_s, stamp_us, (now_s - BEGIN_S) * 1000000, program, pid, program, pid, text);
    lines++;
}

static void say(unsigned pid, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(unsigned pid, const char *format, ...)
{
    char text[512];
    __builtin_va_list arguments;

    __builtin_va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    __builtin_va_end(arguments);
    print_message("sshd", pid, text);
}

static void log_guess(const struct visit *visit)
{
    const char *who = visit->known ? "" : "invalid user ";

    if (!visit->known) {
        say(visit->pid, "Invalid user %s from %s port %u", visit->user, visit->address,
            visit->port);
        say(visit->pid, "pam_unix(sshd:auth): check pass; user unknown");
    }
    say(visit->pid,
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
        "rhost=%s%s%s",
        visit->address, visit->known ? "  user=" : " ", visit->known ? visit->user : "");
    now_s += 1 + draw(2);
    say(visit->pid, "Failed password for %s%s from %s port %u ssh2", who, visit->user,
        visit->address, visit->port);
    say(visit->pid, "Received disconnect from %s port %u:11: Bye Bye [preauth]", visit->address,
        visit->port);
    say(visit->pid, "Disconnected from %s%s %s port %u [preauth]",
        visit->known ? "authenticating user " : who, visit->user, visit->address, visit->port);
}

static void log_open(const struct visit *visit)
{
    say(visit->pid,
        "Accepted publickey for %s from %s port %u ssh2: ED25519 "
        "SHA256:Zm9yIHRoZSBiZW5jaG1hcmsgbG9nLCBubyByZWFsIGs%u",
        visit->user, visit->address, visit->port, visit->port % 10);
    say(visit->pid, "pam_unix(sshd:session): session opened for user %s(uid=1000) by %s(uid=0)",
        visit->user, visit->user);
    print_message("systemd-logind", 88, "New session 12 of user one.");
}

static void log_close(const struct visit *visit)
{
    say(visit->pid + 1, "Received disconnect from %s port %u:11: disconnected by user",
        visit->address, visit->port);
    say(visit->pid + 1, "Disconnected from user %s %s port %u", visit->user, visit->address,
        visit->port);
    say(visit->pid, "pam_unix(sshd:session): session closed for user %s", visit->user);
}

static void log_job(void)
{
    unsigned pid = next_pid++ % 4000000;
    print_message("CRON", pid,
                  "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)");
    print_message("CRON", pid, "pam_unix(cron:session): session closed for user root");
}

static void write_log(int64_t wanted)
{
    struct visit open[OPEN_MOST] = {{.pid = 0}};

    while (lines < wanted) {
        unsigned what = draw(10), slot = draw(OPEN_MOST);
        now_s += draw(GAP_MOST_S + 1);
        if (what < 6) {
            struct visit visit = visit_of_guesser();
            log_guess(&visit);
        } else if (what < 8) {
            if (open[slot].pid != 0)
                log_close(&open[slot]);
            open[slot] = visit_of_user();
            log_open(&open[slot]);
            next_pid++; /* of the session's child */
        } else {
            log_job();
        }
    }
}

/* ---- tables and records ---- */

static void print_stamp(char separator, const char *behind)
{
    time_t at = (time_t)now_s;
    struct tm parts;
    char text[32];

    strftime(text, sizeof text, separator == 'T' ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S",
             gmtime_r(&at, &parts));
    printf("%s.%03u%s", text, draw(1000), behind);
}

static void print_csv(const struct visit *visit)
{
    print_stamp('T', "Z,");
    printf("%s,gate,sshd,%s,,,,,,client%u,password,%u.%03u,%d,", visit->user, visit->address,
           visit->port % 7, 10 + draw(200), draw(1000), visit->success);
    if (visit->success)
        printf("%u,%u,%u,legitimate,\n", draw(100000), draw(1000000), draw(10000));
    else
        printf(",,,attack,guessing\n");
}

static void print_rba(const struct visit *visit)
{
    printf("%" PRId64 ",", lines);
    print_stamp(' ', ",");
    printf("%s,,%s,NO,-,-,%u,\"Mozilla/5.0  (iPhone; CPU iPhone OS 13_4 like Mac OS X, Gecko)\","
           "Firefox 20.0.0.%u,iOS 13.4,mobile,%s,%s,False\n",
           visit->user, visit->address, 29695 + visit->port % 5, visit->port % 900,
           visit->success ? "True" : "False", visit->known ? "False" : "True");
}

static void print_cloud(const struct visit *visit)
{
    printf("%s,", visit->user);
    print_stamp(' ', ",");
    printf("%s,NO,device%u,%u,0,%u,%u,%d,%d\n", visit->address, visit->port % 7, draw(24),
           draw(100000), draw(1000000), visit->success, !visit->success);
}

static void write_table(int64_t wanted, void (*print_row)(const struct visit *))
{
    for (; lines < wanted; lines++) {
        struct visit visit = draw(8) < 6 ? visit_of_guesser() : visit_of_user();
        now_s += draw(GAP_MOST_S + 1);
        print_row(&visit);
    }
}

static void write_record(short type, unsigned slot, const struct visit *visit)
{
    struct utmpx record;

    memset(&record, 0, sizeof record);
    record.ut_type = type;
    record.ut_pid = (pid_t)visit->pid;
    record.ut_tv.tv_sec = (int32_t)now_s;
    snprintf(record.ut_line, sizeof record.ut_line, "pts/%u", slot);
    if (type == USER_PROCESS) {
        memcpy(record.ut_user, visit->user, strlen(visit->user));
        memcpy(record.ut_host, visit->address, strlen(visit->address));
    }
    fwrite(&record, sizeof record, 1, stdout);
    lines++;
}

static void write_wtmp(int64_t wanted)
{
    struct visit open[OPEN_MOST] = {{.pid = 0}};

    while (lines < wanted) {
        unsigned slot = draw(OPEN_MOST);
        now_s += draw(60);
        if (open[slot].pid != 0)
            write_record(DEAD_PROCESS, slot, &open[slot]);
        open[slot] = visit_of_user();
        write_record(USER_PROCESS, slot, &open[slot]);
    }
}

int main(int count, char **arguments)
{
    const char *format = count == 3 ? arguments[1] : "";
    int64_t wanted = count == 3 ? strtoll(arguments[2], NULL, 10) : 0;

    if (strcmp(format, "sshd") == 0 || strcmp(format, "journal") == 0) {
        print_message = format[0] == 's' ? print_syslog : print_journal;
        write_log(wanted);
    } else if (strcmp(format, "wtmp") == 0) {
        write_wtmp(wanted);
    } else if (strcmp(format, "csv") == 0) {
        puts("time,user,host,service,ip,country,asn,city,latitude,longitude,device,method,rtt_ms,"
             "success,bytes_in,bytes_out,duration_s,label,family");
        write_table(wanted, print_csv);
    } else if (strcmp(format, "rba") == 0) {
        puts("index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,"
             "ASN,User Agent String,Browser Name and Version,OS Name and Version,Device Type,"
             "Login Successful,Is Attack IP,Is Account Takeover");
        write_table(wanted, print_rba);
    } else if (strcmp(format, "cloud") == 0) {
        puts("user_id,timestamp,ip_address,geo_location,device_id,login_hour,is_new_device,"
             "bytes_in,bytes_out,success,is_anomaly");
        write_table(wanted, print_cloud);
    } else {
        fputs("usage: make_history sshd|journal|wtmp|csv|rba|cloud LINES\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
