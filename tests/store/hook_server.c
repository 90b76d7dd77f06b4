#include "hook_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define REQUEST_BYTES (1 << 20)

static size_t read_request(int fd, char *text)
{
    size_t size = 0, wanted = REQUEST_BYTES - 1;

    while (size < wanted) {
        ssize_t more = read(fd, text + size, wanted - size);
        const char *body, *length;

        if (more <= 0)
            return size;
        size += (size_t)more;
        text[size] = '\0';
        body = strstr(text, "\r\n\r\n");
        length = strcasestr(text, "\r\nContent-Length:");
        if (body && length)
            wanted = (size_t)(body + 4 - text) + strtoul(length + 17, NULL, 10);
        else if (body)
            return size;
        if (strcasestr(text, "\r\nExpect: 100-continue") && body && size < wanted)
            dprintf(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    return size;
}

static void keep_request(const char *directory, int n, const char *text, size_t size)
{
    char path[256], hidden[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/request.%d", directory, n);
    snprintf(hidden, sizeof(hidden), "%s/.request", directory);
    file = fopen(hidden, "w");
    if (!file || fwrite(text, 1, size, file) != size || fclose(file) != 0 ||
        rename(hidden, path) != 0)
        _exit(1);
}

static _Noreturn void serve(int listen_fd, const char *directory, const int *plan, size_t count)
{
    char *text = malloc(REQUEST_BYTES);

    (void)signal(SIGPIPE, SIG_IGN);
    for (int n = 0; text; n++) {
        int status = plan[(size_t)n < count ? (size_t)n : count - 1];
        int fd = accept(listen_fd, NULL, NULL);

        if (fd < 0)
            break;
        keep_request(directory, n, text, read_request(fd, text));
        if (status == 0)
            continue; /* the connection stays, unanswered */
        dprintf(fd,
                "HTTP/1.1 %d Planned\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n"
                "Connection: close\r\n\r\n",
                status);
        close(fd);
    }
    _exit(1);
}

struct hook_server hook_server_start(const char *directory, const int *plan, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct hook_server server;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    server.port = ntohs(address.sin_port);
    snprintf(server.directory, sizeof(server.directory), "%s/hook.%d", directory, server.port);
    assert_int_equal(mkdir(server.directory, 0700), 0);
    server.pid = fixture_fork();
    if (server.pid == 0)
        serve(fd, server.directory, plan, count);
    close(fd);
    return server;
}

void hook_server_stop(struct hook_server *server)
{
    int status;

    kill(server->pid, SIGKILL);
    waitpid(server->pid, &status, 0);
}

static void path_of(const struct hook_server *server, int n, char path[256])
{
    snprintf(path, 256, "%s/request.%d", server->directory, n);
}

int hook_server_requests(const struct hook_server *server)
{
    char path[256];
    int n = 0;

    for (;; n++) {
        path_of(server, n, path);
        if (access(path, F_OK) != 0)
            return n;
    }
}

char *hook_server_request(const struct hook_server *server, int n)
{
    char path[256], *text = calloc(1, REQUEST_BYTES);
    FILE *file;

    path_of(server, n, path);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, REQUEST_BYTES - 1, file) > 0);
    fclose(file);
    return text;
}
