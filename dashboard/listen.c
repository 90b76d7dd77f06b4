#include "dashboard/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/ip_address.h"

#define BACKLOG 256

static bool bind_and_listen(int descriptor, const struct sockaddr *address, socklen_t size,
                            const char *where, struct error *error)
{
    if (bind(descriptor, address, size) == 0 && listen(descriptor, BACKLOG) == 0)
        return true;
    error_set_errno(error, FAULT_NONE, errno, "cannot listen on %s", where);
    close(descriptor);
    return false;
}

/* A socket left behind by a service that is gone makes way; one that answers does not. */
static void remove_dead(const struct sockaddr_un *address)
{
    struct stat facts;
    int descriptor;

    if (lstat(address->sun_path, &facts) != 0 || !S_ISSOCK(facts.st_mode))
        return;
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    if (connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(descriptor);
}

static bool listen_unix(const char *path, struct listening *listening, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
        return error_set(error, FAULT_CONFIG, "\"%s\" is not an absolute path of at most %zu bytes",
                         path, sizeof(address.sun_path) - 1);
    strcpy(address.sun_path, path);
    remove_dead(&address);
    listening->local = true;
    listening->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening->descriptor < 0)
        return error_set_errno(error, FAULT_NONE, errno, "cannot make a socket");
    mode_t before = umask(0117);
    bool done = bind_and_listen(listening->descriptor, (const struct sockaddr *)&address,
                                sizeof(address), path, error);
    umask(before);
    return done;
}

/* "ADDRESS:PORT" into a socket address; its size, 0 when it is none. */
static socklen_t parse_internet(const char *where, struct sockaddr_storage *storage, bool *loopback)
{
    char text[IP_TEXT_BYTES + 2];
    const char *colon = strrchr(where, ':');
    size_t length = colon == NULL ? sizeof(text) : (size_t)(colon - where);
    struct ip_address address;
    char *end;
    long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
    bool bracketed = where[0] == '[';

    if (length >= sizeof(text) || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return 0;
    memcpy(text, where, length);
    text[length] = '\0';
    if (bracketed && (length < 2 || text[length - 1] != ']'))
        return 0;
    if (bracketed)
        text[length - 1] = '\0';
    if (!ip_parse(text + bracketed, &address) || bracketed != (address.family == 6))
        return 0;
    if (address.family == 4) {
        struct sockaddr_in *four = (struct sockaddr_in *)storage;
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        memcpy(&four->sin_addr, address.bytes, 4);
        *loopback = address.bytes[0] == 127;
        return sizeof(*four);
    }
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    memcpy(&six->sin6_addr, address.bytes, 16);
    *loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return sizeof(*six);
}

bool listen_open(const char *where, struct listening *listening, struct error *error)
{
    struct sockaddr_storage storage = {0};
    socklen_t size;

    *listening = (struct listening){.descriptor = -1};
    if (strncmp(where, "unix:", 5) == 0)
        return listen_unix(where + 5, listening, error);
    size = parse_internet(where, &storage, &listening->loopback);
    if (size == 0)
        return error_set(error, FAULT_CONFIG,
                         "\"%s\" is neither unix:PATH nor ADDRESS:PORT such as %s or [::1]:8787",
                         where, LISTEN_DEFAULT);
    listening->descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening->descriptor < 0)
        return error_set_errno(error, FAULT_NONE, errno, "cannot make a socket");
    setsockopt(listening->descriptor, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (storage.ss_family == AF_INET6)
        setsockopt(listening->descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
    return bind_and_listen(listening->descriptor, (const struct sockaddr *)&storage, size, where,
                           error);
}

#define FIRST_INHERITED 3

/* What a listening socket is bound to. */
static bool describe(struct listening *listening, struct error *error)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof(storage);
    int listens = 0;
    socklen_t listens_size = sizeof(listens);

    if (getsockname(listening->descriptor, (struct sockaddr *)&storage, &size) != 0 ||
        getsockopt(listening->descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) !=
            0 ||
        listens == 0)
        return error_set(error, FAULT_CONFIG, "what the service manager passed does not listen");
    listening->local = storage.ss_family == AF_UNIX;
    if (storage.ss_family == AF_INET)
        listening->loopback = ntohl(((struct sockaddr_in *)&storage)->sin_addr.s_addr) >> 24 == 127;
    else if (storage.ss_family == AF_INET6)
        listening->loopback = IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&storage)->sin6_addr);
    return true;
}

bool listen_inherited(struct listening *listening, bool *found, struct error *error)
{
    const char *process = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");

    *listening = (struct listening){.descriptor = -1};
    *found = process != NULL && count != NULL && strtol(process, NULL, 10) == getpid();
    if (!*found)
        return true;
    if (strcmp(count, "1") != 0)
        return error_set(error, FAULT_CONFIG,
                         "the service manager passed %s sockets; one is understood", count);
    listening->descriptor = FIRST_INHERITED;
    if (fcntl(FIRST_INHERITED, F_SETFD, FD_CLOEXEC) != 0)
        return error_set_errno(error, FAULT_CONFIG, errno, "the service manager's socket");
    return describe(listening, error);
}
