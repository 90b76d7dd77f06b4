#include "pam_module/peer_socket.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TCP_INFO_LEVEL         IPPROTO_TCP
#define TIMESTAMP_OPTION_BYTES 12 /* taken from each segment when timestamps are on (RFC 7323) */

bool peer_socket_peer(int fd, struct ip_address *address, uint16_t *port)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int type = 0;
    socklen_t type_size = sizeof type;

    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
           ip_from_sockaddr((const struct sockaddr *)&peer, address, port);
}

int peer_socket_find(const struct ip_address *address, uint16_t port)
{
    for (int fd = 0; fd < PEER_SOCKET_MAX_FD; fd++) {
        struct ip_address peer;
        uint16_t peer_port;

        if (peer_socket_peer(fd, &peer, &peer_port) && peer_port == port &&
            ip_equal(&peer, address))
            return fd;
    }
    return -1;
}

/*
 * What the client put into its SYN. The kernel tells the segment size in use, from which the room
 * for timestamps is already taken.
 */
static void describe_device(const struct tcp_info *info, char *text, size_t capacity)
{
    bool timestamps = (info->tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
    bool sack = (info->tcpi_options & TCPI_OPT_SACK) != 0;
    bool scaling = (info->tcpi_options & TCPI_OPT_WSCALE) != 0;
    unsigned mss = info->tcpi_snd_mss + (timestamps ? TIMESTAMP_OPTION_BYTES : 0);

    snprintf(text, capacity, "tcp mss=%u ws=%d ts=%d sack=%d", mss,
             scaling ? (int)info->tcpi_snd_wscale : -1, timestamps, sack);
}

bool peer_socket_facts(int fd, struct peer_facts *facts)
{
    struct tcp_info info;
    socklen_t size = sizeof info;

    *facts = (struct peer_facts){.rtt_us = -1, .bytes_in = -1, .bytes_out = -1};
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, TCP_INFO_LEVEL, TCP_INFO, &info, &size) != 0)
        return false;
    if (size < offsetof(struct tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt)
        return false;
    /* The kernel's "no sample yet" is the largest value. */
    if (info.tcpi_min_rtt > 0 && info.tcpi_min_rtt < INT32_MAX)
        facts->rtt_us = (int32_t)info.tcpi_min_rtt;
    facts->bytes_in = (int64_t)info.tcpi_bytes_received;
    facts->bytes_out = (int64_t)info.tcpi_bytes_acked;
    describe_device(&info, facts->device, sizeof facts->device);
    return true;
}
