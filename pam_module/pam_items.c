#include "pam_module/pam_items.h"

#include <errno.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/hash.h"
#include "pam_module/peer_socket.h"

static const char *text_item(pam_handle_t *pamh, int item)
{
    const void *value = NULL;

    if (pam_get_item(pamh, item, &value) != PAM_SUCCESS)
        return NULL;
    return value;
}

static void copy(char *to, size_t capacity, const char *from)
{
    snprintf(to, capacity, "%s", from != NULL ? from : "");
}

bool pam_items_parse_connection(const char *text, struct ip_address *address, uint16_t *port)
{
    char client[IP_TEXT_BYTES + 32];
    const char *blank = strchr(text, ' ');
    unsigned long number;
    char *end;

    if (blank == NULL || (size_t)(blank - text) >= sizeof client)
        return false;
    memcpy(client, text, (size_t)(blank - text));
    client[blank - text] = '\0';
    errno = 0;
    number = strtoul(blank + 1, &end, 10);
    if (errno != 0 || end == blank + 1 || *end != ' ' || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return ip_parse(client, address);
}

void pam_items_resolve(pam_handle_t *pamh, struct pam_items *items)
{
    const struct passwd *account = pam_modutil_getpwnam(pamh, items->typed);

    copy(items->event.user, sizeof items->event.user,
         account != NULL ? account->pw_name : items->typed);
    items->is_root = account != NULL ? account->pw_uid == 0 : strcmp(items->typed, "root") == 0;
}

/* Whoever runs su or sudo chooses what its descriptors are connected to. */
static bool is_started_by_its_user(void)
{
    return getauxval(AT_SECURE) != 0;
}

/*
 * Whence, most trustworthy first: what sshd took from the connection, the connection itself, a
 * remote host that is a number. A name is never resolved.
 */
static void gather_source(pam_handle_t *pamh, struct pam_items *items)
{
    struct login_event *event = &items->event;
    const char *connection = pam_getenv(pamh, "SSH_CONNECTION");
    const char *remote_host = text_item(pamh, PAM_RHOST);

    if (connection != NULL &&
        pam_items_parse_connection(connection, &event->source, &event->source_port)) {
        items->is_ssh = true;
        event->connection = hash_text(connection);
        return;
    }
    if (!is_started_by_its_user() &&
        peer_socket_peer(STDIN_FILENO, &event->source, &event->source_port))
        return;
    event->source_port = 0;
    if (remote_host == NULL || !ip_parse(remote_host, &event->source))
        event->source = (struct ip_address){0};
}

/* Hooks of one login without an ssh connection run in one process. */
static uint64_t process_key(const struct pam_items *items)
{
    char text[LOGIN_SERVICE_BYTES + LOGIN_USER_BYTES + 32];

    snprintf(text, sizeof text, "%d %s %s", (int)getpid(), items->event.service, items->typed);
    return hash_text(text);
}

void pam_items_measure(struct pam_items *items)
{
    struct login_event *event = &items->event;
    struct peer_facts facts;
    int fd;

    if (event->source.family == 0 || event->source_port == 0)
        return;
    fd = peer_socket_find(&event->source, event->source_port);
    if (fd == -1 || !peer_socket_facts(fd, &facts))
        return;
    event->rtt_us = facts.rtt_us;
    event->bytes_in = facts.bytes_in;
    event->bytes_out = facts.bytes_out;
    copy(event->device, sizeof event->device, facts.device);
}

static void gather_log_identity(const char *hook, struct pam_items *items)
{
    struct log_identity *log = &items->log;
    size_t length;

    log->pid = (int)getpid();
    copy(log->program, sizeof log->program, program_invocation_short_name);
    /* sshd writes its state, the user's name included, over its arguments: "sshd: alice [priv]". */
    length =
        strspn(log->program, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    log->program[length] = '\0';
    snprintf(log->context, sizeof log->context, "%s:%s", items->event.service, hook);
}

int pam_items_gather(pam_handle_t *pamh, const char *hook, struct pam_items *items)
{
    struct login_event *event = &items->event;
    const char *user = NULL;
    struct utsname names;
    int status;

    memset(items, 0, sizeof *items);
    login_event_init(event);
    status = pam_get_user(pamh, &user, NULL);
    if (status != PAM_SUCCESS)
        return status;
    event->time_us = clock_utc_us();
    copy(items->typed, sizeof items->typed, user != NULL && *user != '\0' ? user : "-");
    copy(event->service, sizeof event->service, text_item(pamh, PAM_SERVICE));
    if (uname(&names) == 0)
        copy(event->host, sizeof event->host, names.nodename);
    gather_source(pamh, items);
    if (event->connection == 0)
        event->connection = process_key(items);
    items->auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0");
    gather_log_identity(hook, items);
    return PAM_SUCCESS;
}
