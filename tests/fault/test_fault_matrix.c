/*
 * The fault matrix: whatever breaks, a login gets the configured answer within the deadline, the
 * log gets one clear line, the process that called PAM lives on, and once the fault is gone every
 * login that could be recorded is in the store, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/trusted_file.h"
#include "tests/pam/machine.h"

#define HOME        "84.150.10.20 40000 10.0.0.1 22"
#define DEADLINE_MS 1000                        /* of a check that hangs */
#define SOON_US     (400000 + MACHINE_SLACK_US) /* an answer to any other fault */
#define HUNG_US     (DEADLINE_MS * 1000 + MACHINE_SLACK_US)
#define TRIES       10 /* on a busy machine one in time is enough */

static struct machine machine;

static void path_in_root(const char *name, char path[160])
{
    snprintf(path, 160, "%s/%s", machine.root, name);
}

static void path_in_store(const char *name, char path[160])
{
    snprintf(path, 160, "%s/%s", machine.store, name);
}

static void overwrite(const char *path, off_t at, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_int_not_equal(fd, -1);
    assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void copy_default_model(const char *path)
{
    struct risk_model model;

    risk_model_open_default(&model);
    assert_true(trusted_file_replace(path, model.header, model.header->file_bytes, 0644,
                                     FAULT_MODEL, NULL));
}

static void run(const char *command)
{
    assert_int_equal(system(command), 0);
}

/* R in the command stands for the machine's root, as a variable of the shell. */
static void run_in_root(const char *text)
{
    char command[512];

    snprintf(command, sizeof command, "R=%s; %s", machine.root, text);
    run(command);
}

/* ---- one fault: how to bring it about, what it is, whether the login is recorded all the same
 * ---- */

struct fault_case {
    const char *name;
    void (*before_daemon)(void);
    void (*apply)(void);
    const char *options; /* of the configuration */
    const char *config;  /* the whole configuration instead */
    const char *worker;  /* the module with a login check that goes wrong */
    const char *fault;   /* in the log line */
    const char *words;   /* in its sentence */
    bool recorded;       /* in the store, once the fault is gone */
    bool no_daemon;      /* anomalyd runs only after the fault */
    bool with_daemon;    /* without it this is another fault */
    void (*mend)(void);
};

static void remove_store_file(void)
{
    run_in_root("rm -f $R/store/store.db*");
}

static void corrupt_store_file(void)
{
    char path[160];

    path_in_store("store.db", path);
    overwrite(path, 0, "this is not a database, whatever its name says, and never was one");
    run_in_root("chown 990:990 $R/store/store.db");
}

static void root_owned_store(void)
{
    run_in_root("chown root $R/store");
}

static void service_owned_store(void)
{
    run_in_root("chown 990 $R/store");
}

static void world_writable_store(void)
{
    run_in_root("chmod 0777 $R/store");
}

static void private_store(void)
{
    run_in_root("chmod 0750 $R/store");
}

static void foreign_store_file(void)
{
    run_in_root("chown 1234 $R/store/store.db");
}

static void own_store_file(void)
{
    run_in_root("chown 990 $R/store/store.db");
}

static void damaged_model(void)
{
    char path[160];

    path_in_store("model.forest", path);
    copy_default_model(path);
    overwrite(path, 400, "damage");
}

static void truncated_model(void)
{
    char path[160];

    path_in_store("model.forest", path);
    copy_default_model(path);
    assert_int_equal(truncate(path, 1000), 0);
}

static void remove_model(void)
{
    run_in_root("rm $R/store/model.forest");
}

static void damaged_geo(void)
{
    char path[160];

    path_in_root("geo.mmdb", path);
    overwrite(path, 0, "no database");
}

static void unwritable_journal(void)
{
    run_in_root("touch $R/store/login.journal; chown 990 $R/store/login.journal; "
                "chmod 0440 $R/store/login.journal; chmod 0550 $R/store");
}

static void writable_journal(void)
{
    run_in_root("rm -f $R/store/login.journal; chmod 0750 $R/store");
}

static void group_writable_config(void)
{
    run_in_root("chmod 0664 $R/pam_anomaly.conf; chgrp 1234 $R/pam_anomaly.conf");
}

static const struct fault_case FAULTS[] = {
    {.name = "no store directory",
     .options = "store_is_gone",
     .fault = "store",
     .words = "/nonexistent"},
    {.name = "no store file, anomalyd never ran",
     .apply = remove_store_file,
     .no_daemon = true,
     .fault = "store",
     .words = "store.db",
     .recorded = true},
    {.name = "corrupt store file",
     .apply = corrupt_store_file,
     .no_daemon = true,
     .fault = "store",
     .words = "store.db",
     .recorded = true,
     .mend = remove_store_file},
    {.name = "store owned by root",
     .apply = root_owned_store,
     .fault = "store",
     .words = "belongs to root",
     .mend = service_owned_store},
    {.name = "world-writable store",
     .apply = world_writable_store,
     .fault = "store",
     .words = "written by",
     .mend = private_store},
    {.name = "store file owned by another user",
     .apply = foreign_store_file,
     .fault = "store",
     .words = "store.db",
     .recorded = true,
     .mend = own_store_file},
    {.name = "named model missing",
     .options = "model = /nonexistent/model.forest\n",
     .fault = "model",
     .words = "/nonexistent/model.forest",
     .recorded = true},
    {.name = "damaged model",
     .apply = damaged_model,
     .fault = "model",
     .words = "model.forest",
     .recorded = true,
     .mend = remove_model},
    {.name = "truncated model",
     .apply = truncated_model,
     .fault = "model",
     .words = "model.forest",
     .recorded = true,
     .mend = remove_model},
    {.name = "named geolocation database missing",
     .options = "geo = /nonexistent/city.mmdb\n",
     .fault = "geo",
     .words = "/nonexistent/city.mmdb",
     .recorded = true},
    {.name = "damaged geolocation database",
     .apply = damaged_geo,
     .options = "geo_in_root",
     .fault = "geo",
     .words = "geo.mmdb",
     .recorded = true},
    {.name = "unknown option in the configuration",
     .config = "mode = enforce\ndeny_everybody = yes\n",
     .fault = "config",
     .words = "deny_everybody"},
    {.name = "configuration that others can write",
     .apply = group_writable_config,
     .fault = "config",
     .words = "written by"},
    {.name = "check that aborts",
     .worker = "worker_abort.so",
     .fault = "crash",
     .words = "ABRT",
     .recorded = true},
    {.name = "check that breaks memory",
     .worker = "worker_segv.so",
     .fault = "crash",
     .words = "SEGV",
     .recorded = true},
    {.name = "check whose mapped file shrinks",
     .worker = "worker_bus.so",
     .fault = "crash",
     .words = "BUS",
     .recorded = true},
    {.name = "check that answers nonsense",
     .worker = "worker_nonsense.so",
     .fault = "crash",
     .words = "no check answers",
     .recorded = true},
    {.name = "check that hangs",
     .worker = "worker_hang.so",
     .fault = "deadline",
     .words = "in time",
     .recorded = true},
    {.name = "journal that cannot be written",
     .apply = unwritable_journal,
     .with_daemon = true,
     .fault = "store",
     .words = "journal",
     .mend = writable_journal},
};

/* ---- the answers ---- */

struct answer_case {
    const char *on_fault;
    const char *answer;
    int auth;
};

static const struct answer_case ANSWERS[] = {
    {"allow", "allow", PAM_SUCCESS},
    {"step_up", "step-up", PAM_SUCCESS},
    {"deny", "deny", PAM_AUTH_ERR},
};

static bool hangs(const struct fault_case *fault)
{
    return strcmp(fault->fault, "deadline") == 0;
}

/* The machine's own deadline is one that only a hang reaches. */
static void configure(const struct fault_case *fault, const struct answer_case *answer)
{
    char text[1024];
    char geo[256] = "";
    char deadline[64] = "";

    if (fault->config != NULL) {
        machine_configure_raw(&machine, fault->config);
        return;
    }
    snprintf(geo, sizeof geo, "geo = %s/geo.mmdb\n", machine.root);
    if (hangs(fault))
        snprintf(deadline, sizeof deadline, "deadline = %dms\n", DEADLINE_MS);
    snprintf(text, sizeof text, "mode = enforce\n%son_fault = %s\n%s", deadline, answer->on_fault,
             fault->options == NULL                         ? ""
             : strcmp(fault->options, "store_is_gone") == 0 ? ""
             : strcmp(fault->options, "geo_in_root") == 0   ? geo
                                                            : fault->options);
    if (fault->options != NULL && strcmp(fault->options, "store_is_gone") == 0) {
        strcat(text, "store = /nonexistent/store\n");
        machine_configure_raw(&machine, text);
        return;
    }
    machine_configure(&machine, text);
}

/* A stack like "sshd" with another login check or with the fault's answer on the module's line. */
static void write_stack(const struct fault_case *fault, const struct answer_case *answer)
{
    char worker[512] = "";
    char command[2048];

    if (fault->worker != NULL)
        snprintf(worker, sizeof worker, "s#[^ ]*/pam_anomaly.so#%s/%s#;", BAD_WORKER_DIRECTORY,
                 fault->worker);
    snprintf(command, sizeof command,
             "sed '%ss#conf=[^ ]*#& on_fault_config=%s#' %s/sshd >%s/fault", worker,
             answer->on_fault, machine.stacks, machine.stacks);
    run(command);
}

static unsigned count_lines(const char *log, const char *part)
{
    unsigned count = 0;

    for (const char *at = strstr(log, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* Whether it was in time. */
static bool try_login_with_fault(const struct fault_case *fault, const struct answer_case *answer)
{
    struct login login = {.service = "fault", .user = "alice", .connection = HOME};
    struct outcome outcome;
    char expected[128];
    const char *log;
    int64_t spent_us;

    login.wrong_password = true; /* the attempt alone: later stages meet the same fault */
    spent_us = -clock_monotonic_us();
    machine_login(&machine, &login, &outcome);
    spent_us += clock_monotonic_us();
    assert_int_equal(outcome.auth, answer->auth);
    log = machine_log(&machine);
    snprintf(expected, sizeof expected, "fault=%s answer=%s", fault->fault, answer->answer);
    if (strstr(log, expected) == NULL)
        fail_msg("\"%s\" is not in: %s", expected, log);
    if (strstr(log, fault->words) == NULL)
        fail_msg("\"%s\" is not in: %s", fault->words, log);
    assert_int_equal(count_lines(log, "fault="), 1);
    return spent_us < (hangs(fault) ? HUNG_US : SOON_US);
}

/* Returns how many logins it took until one was answered in time. */
static int login_with_fault(const struct fault_case *fault, const struct answer_case *answer)
{
    int tries = 1;

    while (!try_login_with_fault(fault, answer)) {
        if (++tries > TRIES)
            fail_msg("%s: none of %d answers was in time", fault->name, TRIES);
    }
    return tries;
}

static void login_without_fault(const char *user)
{
    struct login login = {.service = "sshd", .user = user, .connection = HOME};
    struct outcome outcome;

    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "verdict=allow answer=allow"));
}

static void mend(const struct fault_case *fault)
{
    if (fault->mend != NULL)
        fault->mend();
    machine_configure(&machine, "log_budget = 0\nstep_up_budget = 0\n");
    run_in_root("chmod 0644 $R/pam_anomaly.conf");
    if (machine.daemon == 0)
        machine_start_daemon(&machine);
}

/* alone: no checker is there, the login checks itself. */
static void check_fault(const struct fault_case *fault, const struct answer_case *answer,
                        bool alone)
{
    int recorded;

    machine_create(&machine, NULL);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    if (alone)
        machine_stop_daemon(&machine, SIGTERM);
    configure(fault, answer);
    write_stack(fault, answer);
    if (fault->apply != NULL)
        fault->apply();
    (void)machine_log(&machine);
    recorded = login_with_fault(fault, answer) * (fault->recorded ? 1 : 0);
    mend(fault);
    machine_wait_logins(&machine, recorded);
    login_without_fault("bob");
    machine_wait_logins(&machine, recorded + 1);
    machine_destroy(&machine);
}

static void test_fault_gives_each_configured_answer(void **state)
{
    const struct fault_case *fault = *state;
    bool only_alone = fault->no_daemon || fault->worker != NULL;

    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        if (!fault->with_daemon)
            check_fault(fault, &ANSWERS[i], true);
        if (!only_alone)
            check_fault(fault, &ANSWERS[i], false);
    }
}

/* What it moved is kept, and not learned. */
static void test_a_session_whose_end_cannot_be_judged_is_recorded(void **state)
{
    const struct fault_case fault = {.worker = "worker_abort.so"};
    struct login login = {.service = "fault", .user = "alice", .connection = HOME};
    struct stored_login stored;
    struct outcome outcome;

    (void)state;
    machine_create(&machine, NULL);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    machine_stop_daemon(&machine, SIGTERM);
    write_stack(&fault, &ANSWERS[0]);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.close, PAM_SUCCESS);
    assert_non_null(strstr(machine_log(&machine), "pam_anomaly(fault:session): fault=crash"));
    machine_start_daemon(&machine);
    machine_wait_login(&machine, "alice", STAGE_CLOSED, &stored);
    assert_true(stored.record.event.duration_s >= 0);
    assert_false(stored.record.event.learn || stored.record.volume.judged);
    machine_destroy(&machine);
}

static void test_a_full_disk_answers_and_loses_nothing_after_it(void **state)
{
    struct fault_case full = {.name = "full disk", .fault = "store", .words = "journal"};
    char path[160];

    (void)state;
    machine_create(&machine, NULL);
    assert_int_equal(mount("small", machine.store, "tmpfs", 0, "size=2m,mode=0750,uid=990,gid=990"),
                     0);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    login_without_fault("alice");
    machine_wait_logins(&machine, 1);
    path_in_store("ballast", path);
    run_in_root("dd if=/dev/zero of=$R/store/ballast bs=1k 2>/dev/null; true");
    /* What is left of the journal's last page can still take some records. */
    for (int i = 0; i < 40; i++) {
        struct login login = {
            .service = "sshd", .user = "alice", .connection = HOME, .wrong_password = true};
        struct outcome outcome;

        machine_login(&machine, &login, &outcome);
        assert_int_equal(outcome.auth, PAM_SUCCESS);
        (void)machine_log(&machine); /* a log that nobody reads would be a second fault */
    }
    for (size_t j = 0; j < sizeof ANSWERS / sizeof ANSWERS[0]; j++) {
        configure(&full, &ANSWERS[j]);
        write_stack(&full, &ANSWERS[j]);
        (void)login_with_fault(&full, &ANSWERS[j]);
    }
    assert_int_equal(unlink(path), 0);
    machine_configure(&machine, "log_budget = 0\nstep_up_budget = 0\n");
    if (machine.daemon != 0)
        (void)kill(machine.daemon, SIGTERM), (void)waitpid(machine.daemon, NULL, 0);
    machine_start_daemon(&machine);
    login_without_fault("bob");
    {
        struct stored_login stored;

        machine_wait_login(&machine, "bob", STAGE_CLOSED, &stored);
    }
    machine_stop_daemon(&machine, SIGTERM);
    assert_int_equal(umount2(machine.store, MNT_DETACH), 0);
    machine_destroy(&machine);
}

static void test_logins_are_judged_and_kept_while_anomalyd_is_dead(void **state)
{
    (void)state;
    machine_create(&machine, "log_budget = 0\nstep_up_budget = 0\n");
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    machine_stop_daemon(&machine, SIGKILL);
    for (int i = 0; i < 5; i++)
        login_without_fault("alice");
    assert_int_equal(machine_count_logins(&machine), 0);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 5);
    machine_destroy(&machine);
}

static void test_a_stuck_or_missing_log_holds_up_no_login(void **state)
{
    struct login login = {.service = "sshd", .user = "alice", .connection = HOME};
    struct outcome outcome;
    int64_t spent_us;
    int tries = 0;

    (void)state;
    machine_create(&machine, "deadline = 400ms\nlog_budget = 0\nstep_up_budget = 0\n");
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    /* Nobody reads: the socket's queue fills up. */
    for (int i = 0; i < 2000; i++) {
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
        ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address);

        assert_int_equal(close(fd), 0);
        if (sent == -1)
            break;
    }
    login.skip_session = true;
    do {
        assert_true(tries++ < TRIES);
        spent_us = -clock_monotonic_us();
        machine_login(&machine, &login, &outcome);
        spent_us += clock_monotonic_us();
        assert_int_equal(outcome.account, PAM_SUCCESS);
    } while (spent_us >= 2 * SOON_US); /* two hooks */
    machine_configure(&machine, "log_budget = 0\nstep_up_budget = 0\n");
    machine_wait_logins(&machine, tries);
    assert_int_equal(unlink("/dev/log"), 0);
    machine_login(&machine, &login, &outcome);
    assert_int_equal(outcome.account, PAM_SUCCESS);
    machine_wait_logins(&machine, tries + 1);
    machine_destroy(&machine);
}

/* Truncates and restores the database for as long as it lives. */
static pid_t shake_geo(const char *path, const char *whole)
{
    char command[512];
    pid_t pid;

    snprintf(command, sizeof command, "cp %s %s", whole, path);
    run(command);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        struct stat facts;

        if (stat(path, &facts) != 0)
            _exit(1);
        for (;;) {
            if (truncate(path, 100) != 0 || system(command) != 0)
                _exit(1);
        }
    }
    return pid;
}

static void test_a_database_truncated_while_mapped_costs_one_verdict_at_most(void **state)
{
    char path[160];
    char options[512];
    pid_t shaker;

    (void)state;
    machine_create(&machine, NULL);
    path_in_root("geo.mmdb", path);
    snprintf(options, sizeof options,
             "geo = %s\nmode = enforce\non_fault = deny\nlog_budget = 0\nstep_up_budget = 0\n",
             path);
    machine_configure(&machine, options);
    machine_start_daemon(&machine);
    machine_wait_logins(&machine, 0);
    shaker = shake_geo(path, GEO_FILE);
    for (int i = 0; i < 100; i++) {
        struct login login = {
            .service = "sshd", .user = "alice", .connection = HOME, .wrong_password = true};
        struct outcome outcome;
        const char *log;

        machine_login(&machine, &login, &outcome);
        log = machine_log(&machine);
        if (outcome.auth == PAM_SUCCESS)
            assert_non_null(strstr(log, "verdict=allow answer=allow"));
        else
            assert_true(strstr(log, "fault=geo answer=deny") != NULL ||
                        strstr(log, "fault=crash answer=deny") != NULL);
    }
    assert_int_equal(kill(shaker, SIGKILL), 0);
    assert_int_equal(waitpid(shaker, NULL, 0), shaker);
    machine_wait_logins(&machine, 100);
    machine_destroy(&machine);
}

/* ---- groups: the faults of one kind, and what else can be said of that kind ---- */

struct other_case {
    const char *group;
    struct CMUnitTest test;
};

static const struct other_case OTHERS[] = {
    {"crash", cmocka_unit_test(test_a_session_whose_end_cannot_be_judged_is_recorded)},
    {"disk", cmocka_unit_test(test_a_full_disk_answers_and_loses_nothing_after_it)},
    {"daemon", cmocka_unit_test(test_logins_are_judged_and_kept_while_anomalyd_is_dead)},
    {"log", cmocka_unit_test(test_a_stuck_or_missing_log_holds_up_no_login)},
    {"geo", cmocka_unit_test(test_a_database_truncated_while_mapped_costs_one_verdict_at_most)},
};

#define FAULT_CASES (sizeof FAULTS / sizeof FAULTS[0])
#define OTHER_CASES (sizeof OTHERS / sizeof OTHERS[0])

/* test_fault_matrix [GROUP]: a kind of fault as the log names it, or "disk", "daemon", "log". */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[FAULT_CASES + OTHER_CASES];
    size_t count = 0;

    for (size_t i = 0; i < FAULT_CASES; i++) {
        if (argc > 1 && strcmp(argv[1], FAULTS[i].fault) != 0)
            continue;
        tests[count++] = (struct CMUnitTest){.name = FAULTS[i].name,
                                             .test_func = test_fault_gives_each_configured_answer,
                                             .initial_state = (void *)&FAULTS[i]};
    }
    for (size_t i = 0; i < OTHER_CASES; i++) {
        if (argc <= 1 || strcmp(argv[1], OTHERS[i].group) == 0)
            tests[count++] = OTHERS[i].test;
    }
    if (count == 0) {
        fprintf(stderr, "%s: no fault is in the group %s\n", argv[0], argv[1]);
        return 2;
    }
    return _cmocka_run_group_tests("fault_matrix", tests, count, NULL, NULL);
}
