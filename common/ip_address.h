/*
 * IP addresses as numbers. Nothing here resolves a name.
 */
#ifndef COMMON_IP_ADDRESS_H
#define COMMON_IP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct sockaddr;

struct ip_address {
    uint8_t family;    /* 0 (none), 4 or 6 */
    uint8_t bytes[16]; /* network order; the first 4 for IPv4, the rest zero */
};

struct ip_network {
    struct ip_address address; /* host bits are zero */
    uint8_t prefix_bits;
};

#define IP_TEXT_BYTES 46

/*
 * Parses numeric text: dotted IPv4, IPv6, IPv6 with a %zone (dropped). An IPv4-mapped IPv6 address
 * becomes its IPv4 address. False for anything else, a host name included; *address is then none.
 */
bool ip_parse(const char *text, struct ip_address *address) MUST_USE;

/* From AF_INET or AF_INET6, unmapped likewise; *port in host order. False for other families. */
bool ip_from_sockaddr(const struct sockaddr *socket_address, struct ip_address *address,
                      uint16_t *port) MUST_USE;

/* Canonical text (RFC 5952), "" for none. Returns text. */
const char *ip_format(const struct ip_address *address, char text[IP_TEXT_BYTES]);

bool ip_equal(const struct ip_address *a, const struct ip_address *b);

/* The address with all but its first bits set to zero: the key of its network. */
struct ip_address ip_prefix(const struct ip_address *address, unsigned bits);

/* The prefix that one subscriber or site usually holds: /24 of IPv4, /48 of IPv6. */
struct ip_address ip_site_prefix(const struct ip_address *address);

/*
 * Loopback, private, link-local, shared (100.64.0.0/10), documentation, benchmarking, multicast,
 * reserved and unspecified ranges (IANA special-purpose registries): they say nothing about where
 * somebody is. True for none.
 */
bool ip_is_reserved(const struct ip_address *address);

/* "192.0.2.0/24", "2001:db8::/32" or a bare address. Host bits that are set are an error. */
bool ip_network_parse(const char *text, struct ip_network *network, struct error *error) MUST_USE;
bool ip_network_contains(const struct ip_network *network, const struct ip_address *address);

/* A 64-bit key for tables of familiar values; equal addresses have equal keys. 0 for none. */
uint64_t ip_key(const struct ip_address *address);

#endif
