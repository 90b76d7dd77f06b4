#include "tests/pam/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "pam_module/audit.h"

#define WAIT_US   (60 * US_PER_S) /* until a test gives up */
#define LOG_BYTES 65536
#define DEADLINE  "deadline = 5s\n" /* the longest there is */

/* MODULE_FILE, DAEMON_FILE: the build's. */

/* In one step: anomalyd may be reading the file that is replaced. */
static void write_file(const char *path, const char *text)
{
    char new_path[160];
    FILE *file;

    snprintf(new_path, sizeof new_path, "%s.new", path);
    file = fopen(new_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(new_path, 0644), 0);
    assert_int_equal(rename(new_path, path), 0);
}

/* A stack whose second factor, where there is one, is a message that the user sees. */
static void write_stack(const struct machine *machine, const char *service, const char *arguments)
{
    bool step_up = strcmp(arguments, "step_up") == 0;
    char module[512];
    char path[160];
    char text[4096];

    snprintf(module, sizeof module, "%s conf=%s %s", MODULE_FILE, machine->config, arguments);
    snprintf(path, sizeof path, "%s/%s", machine->stacks, service);
    snprintf(text, sizeof text,
             "auth [success=1 auth_err=die default=ignore] %s\n"
             "%s"
             "auth required pam_permit.so\n"
             "account [perm_denied=die default=ignore] %s\n"
             "account required pam_permit.so\n"
             "session optional %s\n"
             "session required pam_permit.so\n",
             module, step_up ? "auth optional pam_echo.so second factor\n" : "", module, module);
    write_file(path, text);
}

static int open_log(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = AUDIT_SOCKET_PATH};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_int_not_equal(fd, -1);
    (void)unlink(AUDIT_SOCKET_PATH);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(chmod(AUDIT_SOCKET_PATH, 0666), 0);
    return fd;
}

void machine_configure_raw(struct machine *machine, const char *text)
{
    write_file(machine->config, text);
}

void machine_configure(struct machine *machine, const char *options)
{
    char text[4096];

    snprintf(text, sizeof text,
             "store = %s\nexemptions = %s/exemptions\n" DEADLINE "drain_interval = 10ms\n%s%s",
             machine->store, machine->root,
             options != NULL && strstr(options, "geo =") != NULL ? "" : "geo = none\n",
             options != NULL ? options : "");
    /* An option given again replaces ours. */
    if (options != NULL && strstr(options, "deadline =") != NULL) {
        char *ours = strstr(text, DEADLINE);

        memmove(ours, ours + strlen(DEADLINE), strlen(ours + strlen(DEADLINE)) + 1);
    }
    machine_configure_raw(machine, text);
}

void machine_create(struct machine *machine, const char *options)
{
    memset(machine, 0, sizeof *machine);
    strcpy(machine->root, "/tmp/pam_anomaly-XXXXXX");
    assert_non_null(mkdtemp(machine->root));
    assert_int_equal(chmod(machine->root, 0755), 0);
    snprintf(machine->store, sizeof machine->store, "%s/store", machine->root);
    snprintf(machine->config, sizeof machine->config, "%s/pam_anomaly.conf", machine->root);
    snprintf(machine->stacks, sizeof machine->stacks, "%s/pam.d", machine->root);
    assert_int_equal(mkdir(machine->store, 0750), 0);
    assert_int_equal(chown(machine->store, MACHINE_SERVICE_UID, MACHINE_SERVICE_UID), 0);
    assert_int_equal(mkdir(machine->stacks, 0755), 0);
    machine_configure(machine, options);
    write_stack(machine, "sshd", "");
    write_stack(machine, "login", "");
    write_stack(machine, "step-up", "step_up");
    write_stack(machine, "other", "");
    machine->log_fd = open_log();
    machine->log = calloc(1, LOG_BYTES);
    assert_non_null(machine->log);
}

void machine_destroy(struct machine *machine)
{
    char command[128];

    if (machine->daemon != 0)
        machine_stop_daemon(machine, SIGTERM);
    (void)close(machine->log_fd);
    free(machine->log);
    snprintf(command, sizeof command, "rm -rf %s", machine->root);
    assert_int_equal(system(command), 0);
}

void machine_start_daemon(struct machine *machine)
{
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        execl(DAEMON_FILE, "anomalyd", "--config", machine->config, (char *)NULL);
        _exit(127);
    }
    machine->daemon = pid;
}

void machine_stop_daemon(struct machine *machine, int signal_number)
{
    int status;

    assert_int_equal(kill(machine->daemon, signal_number), 0);
    assert_int_equal(waitpid(machine->daemon, &status, 0), machine->daemon);
    machine->daemon = 0;
    if (signal_number == SIGTERM)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
                    void *context)
{
    struct outcome *outcome = context;
    struct pam_response *answers = calloc((size_t)count, sizeof *answers);

    if (answers == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        if (messages[i]->msg_style == PAM_TEXT_INFO || messages[i]->msg_style == PAM_ERROR_MSG)
            snprintf(outcome->message, sizeof outcome->message, "%s", messages[i]->msg);
        else
            answers[i].resp = strdup("secret");
    }
    *responses = answers;
    return PAM_SUCCESS;
}

static void put_environment(pam_handle_t *handle, const char *name, const char *value)
{
    char text[2048];

    if (value == NULL)
        return;
    snprintf(text, sizeof text, "%s=%s", name, value);
    assert_int_equal(pam_putenv(handle, text), PAM_SUCCESS);
}

static void run_stages(pam_handle_t *handle, const struct login *login, struct outcome *outcome)
{
    put_environment(handle, "SSH_AUTH_INFO_0", login->first_factor);
    if (!login->skip_auth) {
        outcome->auth = pam_authenticate(handle, 0);
        if (outcome->auth != PAM_SUCCESS || login->wrong_password)
            return;
    }
    outcome->account = pam_acct_mgmt(handle, 0);
    if (outcome->account != PAM_SUCCESS || login->skip_session)
        return;
    put_environment(handle, "SSH_AUTH_INFO_0", login->auth_info);
    outcome->open = pam_open_session(handle, 0);
    if (login->while_open != NULL)
        login->while_open(login->context);
    outcome->close = pam_close_session(handle, 0);
}

void machine_login(struct machine *machine, const struct login *login, struct outcome *outcome)
{
    struct pam_conv conversation = {.conv = converse, .appdata_ptr = outcome};
    pam_handle_t *handle = NULL;

    *outcome = (struct outcome){
        .auth = NOT_CALLED, .account = NOT_CALLED, .open = NOT_CALLED, .close = NOT_CALLED};
    assert_int_equal(
        pam_start_confdir(login->service, login->user, &conversation, machine->stacks, &handle),
        PAM_SUCCESS);
    put_environment(handle, "SSH_CONNECTION", login->connection);
    if (login->remote_host != NULL)
        assert_int_equal(pam_set_item(handle, PAM_RHOST, login->remote_host), PAM_SUCCESS);
    assert_int_equal(pam_set_item(handle, PAM_TTY, "ssh"), PAM_SUCCESS);
    run_stages(handle, login, outcome);
    assert_int_equal(pam_end(handle, PAM_SUCCESS), PAM_SUCCESS);
}

const char *machine_log(struct machine *machine)
{
    size_t used = 0;
    ssize_t size;

    machine->log[0] = '\0';
    while (used + 1 < LOG_BYTES &&
           (size = recv(machine->log_fd, machine->log + used, LOG_BYTES - used - 2, 0)) > 0) {
        used += (size_t)size;
        machine->log[used++] = '\n';
        machine->log[used] = '\0';
    }
    return machine->log;
}

bool machine_as_service(struct machine *machine, machine_work *work, void *result, size_t size)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;
    pid_t pid;

    assert_true(shared != MAP_FAILED);
    memcpy(shared, result, size);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        if (setgroups(0, NULL) != 0 || setgid(MACHINE_SERVICE_UID) != 0 ||
            setuid(MACHINE_SERVICE_UID) != 0)
            _exit(2);
        _exit(work(machine, shared) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    memcpy(result, shared, size);
    assert_int_equal(munmap(shared, size), 0);
    return WEXITSTATUS(status) == 0;
}

static bool work_count(struct machine *machine, void *result)
{
    struct store_counts counts;
    struct store *store;
    bool counted;

    if (!store_open(&store, machine->store, STORE_READ, NULL))
        return false;
    counted = store_counts(store, clock_utc_us(), &counts, NULL);
    store_close(store);
    if (counted)
        *(int64_t *)result = counts.logins;
    return counted;
}

int64_t machine_count_logins(struct machine *machine)
{
    int64_t count = -1;

    return machine_as_service(machine, work_count, &count, sizeof count) ? count : -1;
}

static void pause_shortly(void)
{
    (void)poll(NULL, 0, 20);
}

void machine_wait_logins(struct machine *machine, int64_t count)
{
    int64_t end_us = clock_monotonic_us() + WAIT_US;

    while (machine_count_logins(machine) != count && clock_monotonic_us() < end_us)
        pause_shortly();
    assert_int_equal(machine_count_logins(machine), count);
}

struct login_query {
    char user[LOGIN_USER_BYTES];
    bool found;
    struct stored_login login;
};

static bool take_login(void *context, const struct stored_login *login)
{
    struct login_query *query = context;

    query->found = true;
    query->login = *login;
    return false;
}

static bool work_login(struct machine *machine, void *result)
{
    struct login_query *query = result;
    struct login_filter filter = {.user = query->user, .newest_first = true, .limit = 1};
    struct store *store;
    bool read;

    if (!store_open(&store, machine->store, STORE_READ, NULL))
        return false;
    read = store_logins(store, &filter, take_login, query, NULL);
    store_close(store);
    return read && query->found;
}

void machine_wait_login(struct machine *machine, const char *user, enum login_stage reached,
                        struct stored_login *login)
{
    int64_t end_us = clock_monotonic_us() + WAIT_US;
    struct login_query query;
    bool found;

    do {
        memset(&query, 0, sizeof query);
        snprintf(query.user, sizeof query.user, "%s", user);
        found = machine_as_service(machine, work_login, &query, sizeof query) &&
                query.login.reached >= reached;
        if (!found)
            pause_shortly();
    } while (!found && clock_monotonic_us() < end_us);
    assert_true(found);
    *login = query.login;
}

struct profile_query {
    char user[LOGIN_USER_BYTES];
    bool found;
    struct profile profile;
};

static bool work_profile(struct machine *machine, void *result)
{
    struct profile_query *query = result;
    struct store *store;
    bool read;

    if (!store_open(&store, machine->store, STORE_READ, NULL))
        return false;
    read = store_profile_load(store, query->user, &query->profile, &query->found, NULL);
    store_close(store);
    return read && query->found;
}

bool machine_profile(struct machine *machine, const char *user, struct profile *profile)
{
    struct profile_query query = {.found = false};

    snprintf(query.user, sizeof query.user, "%s", user);
    if (!machine_as_service(machine, work_profile, &query, sizeof query))
        return false;
    *profile = query.profile;
    return true;
}
