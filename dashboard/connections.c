#include "dashboard/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/ip_address.h"

struct connection {
    struct connection *previous, *next;
    struct ip_address address;
    int64_t deadline_us;
    int descriptor;
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
};

struct connections *connections_create(void)
{
    struct connections *connections = calloc(1, sizeof(*connections));

    if (connections != NULL)
        pthread_mutex_init(&connections->lock, NULL);
    return connections;
}

void connections_destroy(struct connections *connections)
{
    if (connections == NULL)
        return;
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

static struct ip_address address_of(const struct sockaddr *socket_address)
{
    struct ip_address address = {0};
    uint16_t port;

    if (socket_address == NULL || !ip_from_sockaddr(socket_address, &address, &port))
        return (struct ip_address){0};
    return address;
}

static bool is_loopback(const struct ip_address *address)
{
    return address->family == 0 || (address->family == 4 && address->bytes[0] == 127) ||
           (address->family == 6 &&
            ip_equal(address, &(struct ip_address){.family = 6, .bytes = {[15] = 1}}));
}

bool connections_admit(struct connections *connections, const struct sockaddr *socket_address)
{
    struct ip_address address = address_of(socket_address);
    int most = is_loopback(&address) ? CONNECTIONS_MAX_LOOPBACK : CONNECTIONS_MAX_EACH;
    int count = 0;

    pthread_mutex_lock(&connections->lock);
    for (const struct connection *at = connections->first; at != NULL; at = at->next)
        count += ip_equal(&at->address, &address);
    pthread_mutex_unlock(&connections->lock);
    return count < most;
}

static void begin(struct connections *connections, struct MHD_Connection *handle, void **state)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const union MHD_ConnectionInfo *descriptor =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);

    *state = connection;
    if (connection == NULL)
        return; /* its requests find no memory either */
    connection->address = address_of(address != NULL ? address->client_addr : NULL);
    connection->descriptor = descriptor != NULL ? descriptor->connect_fd : -1;
    connection->deadline_us = clock_monotonic_us() + LIMIT_HEAD_S * US_PER_S;
    pthread_mutex_lock(&connections->lock);
    connection->next = connections->first;
    if (connections->first != NULL)
        connections->first->previous = connection;
    connections->first = connection;
    pthread_mutex_unlock(&connections->lock);
}

/* Called before the descriptor is closed, so that connections_tick() never meets another's. */
static void end(struct connections *connections, void **state)
{
    struct connection *connection = *state;

    if (connection == NULL)
        return;
    pthread_mutex_lock(&connections->lock);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        connections->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    pthread_mutex_unlock(&connections->lock);
    free(connection);
    *state = NULL;
}

void connections_notify(void *connections, struct MHD_Connection *connection, void **state,
                        enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        begin(connections, connection, state);
    else
        end(connections, state);
}

void connection_expect(struct connections *connections, struct MHD_Connection *handle,
                       int64_t limit_s)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *connection = info != NULL ? info->socket_context : NULL;

    if (connection == NULL)
        return;
    pthread_mutex_lock(&connections->lock);
    connection->deadline_us =
        limit_s == LIMIT_FOREVER_S ? INT64_MAX : clock_monotonic_us() + limit_s * US_PER_S;
    pthread_mutex_unlock(&connections->lock);
}

void connections_tick(struct connections *connections, int64_t now_us)
{
    pthread_mutex_lock(&connections->lock);
    for (struct connection *at = connections->first; at != NULL; at = at->next) {
        if (at->deadline_us > now_us)
            continue;
        at->deadline_us = INT64_MAX;
        shutdown(at->descriptor, SHUT_RDWR);
    }
    pthread_mutex_unlock(&connections->lock);
}
