/* The connection's own TCP socket: the peer's address, the round trip, the client's stack, volume.
 */
#ifndef PAM_MODULE_PEER_SOCKET_H
#define PAM_MODULE_PEER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/ip_address.h"

#define PEER_SOCKET_MAX_FD                                                                         \
    64 /* descriptors looked at; sshd's connection is among its first ones                         \
        */

/*
 * The lowest open descriptor below PEER_SOCKET_MAX_FD that is a TCP socket connected to that peer,
 * or -1. The descriptor stays the application's.
 */
int peer_socket_find(const struct ip_address *address, uint16_t port);

/* The peer of a descriptor that is a connected TCP socket. */
bool peer_socket_peer(int fd, struct ip_address *address, uint16_t *port) MUST_USE;

struct peer_facts {
    int32_t rtt_us;    /* smallest round trip seen; -1: unknown */
    int64_t bytes_in;  /* received from the peer; -1: unknown */
    int64_t bytes_out; /* acknowledged by the peer; -1: unknown */
    char device[64];   /* "tcp mss=1460 ws=7 ts=1 sack=1": what the client's stack offered */
};

/* TCP_INFO in those terms. False when the kernel does not tell (then all is unknown). */
bool peer_socket_facts(int fd, struct peer_facts *facts) MUST_USE;

#endif
