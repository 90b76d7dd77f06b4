#include "common/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/hash.h"

#define IPV4_BITS   32u
#define IPV6_BITS   128u
#define MAPPED_BITS 96u /* ::ffff:0:0/96 */
#define GROUPS      8

static const struct ip_address NONE = {.family = 0};

static size_t address_bytes(const struct ip_address *address)
{
    if (address->family == 4)
        return 4;
    return address->family == 6 ? 16 : 0;
}

static bool is_mapped(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static struct ip_address from_ipv4(const void *bytes)
{
    struct ip_address address = {.family = 4};
    memcpy(address.bytes, bytes, 4);
    return address;
}

static struct ip_address from_ipv6(const void *bytes)
{
    if (is_mapped(bytes))
        return from_ipv4((const uint8_t *)bytes + 12);
    struct ip_address address = {.family = 6};
    memcpy(address.bytes, bytes, 16);
    return address;
}

/* Copies text up to a %zone, which must be a plausible one. False when it does not fit. */
static bool copy_without_zone(const char *text, char copy[IP_TEXT_BYTES])
{
    size_t length = strcspn(text, "%");
    if (length >= IP_TEXT_BYTES)
        return false;
    if (text[length] == '%') {
        const char *zone = text + length + 1;
        if (*zone == '\0' || strlen(zone) > 63)
            return false;
        for (; *zone != '\0'; zone++)
            if (*zone <= ' ' || *zone > '~' || *zone == '/' || *zone == '%')
                return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return true;
}

bool ip_parse(const char *text, struct ip_address *address)
{
    *address = NONE;
    if (text == NULL)
        return false;
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1) {
        *address = from_ipv4(bytes);
        return true;
    }
    char copy[IP_TEXT_BYTES];
    if (!copy_without_zone(text, copy) || inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    *address = from_ipv6(bytes);
    return true;
}

bool ip_from_sockaddr(const struct sockaddr *socket_address, struct ip_address *address,
                      uint16_t *port)
{
    *address = NONE;
    *port = 0;
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, socket_address, sizeof(ipv4));
        *address = from_ipv4(&ipv4.sin_addr);
        *port = ntohs(ipv4.sin_port);
        return true;
    }
    if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, socket_address, sizeof(ipv6));
        *address = from_ipv6(&ipv6.sin6_addr);
        *port = ntohs(ipv6.sin6_port);
        return true;
    }
    return false;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952, section 4.2). */
static void find_zero_run(const uint16_t groups[GROUPS], int *start, int *length)
{
    *start = -1;
    *length = 1;
    for (int i = 0; i < GROUPS; i++) {
        int end = i;
        while (end < GROUPS && groups[end] == 0)
            end++;
        if (end - i > *length) {
            *start = i;
            *length = end - i;
        }
        if (end > i)
            i = end;
    }
}

/* inet_ntop() is not used: it writes deprecated IPv4-compatible addresses in dotted form. */
static void format_ipv6(const uint8_t bytes[16], char text[IP_TEXT_BYTES])
{
    if (is_mapped(bytes)) {
        (void)snprintf(text, IP_TEXT_BYTES, "::ffff:%u.%u.%u.%u", bytes[12], bytes[13], bytes[14],
                       bytes[15]);
        return;
    }
    uint16_t groups[GROUPS];
    for (int i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    int run_start, run_length;
    find_zero_run(groups, &run_start, &run_length);

    char *at = text;
    bool separate = false;
    for (int i = 0; i < GROUPS;) {
        if (i == run_start) {
            *at++ = ':';
            *at++ = ':';
            separate = false;
            i += run_length;
            continue;
        }
        at += snprintf(at, (size_t)(text + IP_TEXT_BYTES - at), separate ? ":%x" : "%x", groups[i]);
        separate = true;
        i++;
    }
    *at = '\0';
}

const char *ip_format(const struct ip_address *address, char text[IP_TEXT_BYTES])
{
    const uint8_t *b = address->bytes;
    text[0] = '\0';
    if (address->family == 4)
        (void)snprintf(text, IP_TEXT_BYTES, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    else if (address->family == 6)
        format_ipv6(b, text);
    return text;
}

bool ip_equal(const struct ip_address *a, const struct ip_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, address_bytes(a)) == 0;
}

struct ip_address ip_prefix(const struct ip_address *address, unsigned bits)
{
    struct ip_address prefix = {.family = address->family};
    size_t size = address_bytes(address);
    if (bits > size * 8)
        bits = (unsigned)size * 8;
    memcpy(prefix.bytes, address->bytes, bits / 8);
    if (bits % 8 != 0)
        prefix.bytes[bits / 8] = (uint8_t)(address->bytes[bits / 8] & (0xff00u >> (bits % 8)));
    return prefix;
}

struct ip_address ip_site_prefix(const struct ip_address *address)
{
    struct ip_address prefix = *address;

    /* Every login asks for it several times: of constant sizes. */
    if (address->family == 6)
        memset(prefix.bytes + 48 / 8, 0, sizeof prefix.bytes - 48 / 8);
    else
        memset(prefix.bytes + 24 / 8, 0, sizeof prefix.bytes - 24 / 8);
    return prefix;
}

struct reserved_range {
    uint8_t bytes[4]; /* the first four bytes suffice for every range */
    uint8_t bits;
};

/* IANA IPv4 Special-Purpose Address Registry and the multicast and reserved classes. */
static const struct reserved_range RESERVED_IPV4[] = {
    {{0, 0, 0, 0}, 8},       /* this network (RFC 791) */
    {{10, 0, 0, 0}, 8},      /* private (RFC 1918) */
    {{100, 64, 0, 0}, 10},   /* shared, carrier-grade NAT (RFC 6598) */
    {{127, 0, 0, 0}, 8},     /* loopback (RFC 1122) */
    {{169, 254, 0, 0}, 16},  /* link-local (RFC 3927) */
    {{172, 16, 0, 0}, 12},   /* private (RFC 1918) */
    {{192, 0, 0, 0}, 24},    /* protocol assignments (RFC 6890) */
    {{192, 0, 2, 0}, 24},    /* documentation (RFC 5737) */
    {{192, 88, 99, 0}, 24},  /* retired 6to4 relays (RFC 7526) */
    {{192, 168, 0, 0}, 16},  /* private (RFC 1918) */
    {{198, 18, 0, 0}, 15},   /* benchmarking (RFC 2544) */
    {{198, 51, 100, 0}, 24}, /* documentation (RFC 5737) */
    {{203, 0, 113, 0}, 24},  /* documentation (RFC 5737) */
    {{224, 0, 0, 0}, 4},     /* multicast (RFC 5771) */
    {{240, 0, 0, 0}, 4},     /* reserved (RFC 1112), broadcast (RFC 919) */
};

/* Inside 2000::/3, which alone is handed out; everything outside is reserved or local. */
static const struct reserved_range RESERVED_IPV6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* protocol assignments, Teredo, benchmarking (RFC 2928) */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation (RFC 3849) */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation (RFC 9637) */
};

static bool in_ranges(const uint8_t bytes[4], const struct reserved_range *ranges, size_t count)
{
    uint32_t address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    for (size_t i = 0; i < count; i++) {
        const uint8_t *r = ranges[i].bytes;
        uint32_t range = (uint32_t)r[0] << 24 | (uint32_t)r[1] << 16 | (uint32_t)r[2] << 8 | r[3];
        if ((address ^ range) >> (32 - ranges[i].bits) == 0)
            return true;
    }
    return false;
}

bool ip_is_reserved(const struct ip_address *address)
{
    const uint8_t *bytes = address->bytes;
    if (address->family == 6 && is_mapped(bytes))
        return in_ranges(bytes + 12, RESERVED_IPV4, sizeof(RESERVED_IPV4) / sizeof(*RESERVED_IPV4));
    if (address->family == 4)
        return in_ranges(bytes, RESERVED_IPV4, sizeof(RESERVED_IPV4) / sizeof(*RESERVED_IPV4));
    if (address->family == 6 && (bytes[0] & 0xe0) == 0x20)
        return in_ranges(bytes, RESERVED_IPV6, sizeof(RESERVED_IPV6) / sizeof(*RESERVED_IPV6));
    return true;
}

static bool parse_bits(const char *text, unsigned limit, unsigned *bits)
{
    *bits = 0;
    if (text[0] == '0' && text[1] != '\0')
        return false;
    if (text[0] == '\0' || strlen(text) > 3)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *bits = *bits * 10 + (unsigned)(*text - '0');
    }
    return *bits <= limit;
}

bool ip_network_parse(const char *text, struct ip_network *network, struct error *error)
{
    *network = (struct ip_network){.prefix_bits = 0};
    char copy[IP_TEXT_BYTES];
    size_t length = strcspn(text, "/");
    struct ip_address address = NONE;
    if (length < sizeof(copy) && memchr(text, '%', length) == NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (!ip_parse(copy, &address))
            address = NONE;
    }
    if (address.family == 0)
        return error_set(error, FAULT_CONFIG,
                         "\"%.80s\" is not a network; write one like 192.0.2.0/24, 2001:db8::/32 "
                         "or a numeric address",
                         text);

    unsigned limit = address.family == 4 ? IPV4_BITS : IPV6_BITS;
    bool written_mapped = address.family == 4 && memchr(text, ':', length) != NULL;
    unsigned shift = written_mapped ? MAPPED_BITS : 0;
    unsigned bits = limit + shift;
    if (text[length] == '/' && !parse_bits(text + length + 1, limit + shift, &bits))
        return error_set(error, FAULT_CONFIG,
                         "\"%.80s\": the prefix length is a number from 0 to %u", text,
                         limit + shift);

    struct ip_address prefix = bits < shift ? NONE : ip_prefix(&address, bits - shift);
    if (!ip_equal(&prefix, &address)) {
        char host[IP_TEXT_BYTES];
        char masked[IP_TEXT_BYTES];
        if (bits < shift)
            return error_set(error, FAULT_CONFIG,
                             "\"%.80s\" has bits set behind its prefix; write the IPv4 network",
                             text);
        return error_set(error, FAULT_CONFIG,
                         "\"%.80s\" has bits set behind its prefix; write %s/%u or %s", text,
                         ip_format(&prefix, masked), bits - shift, ip_format(&address, host));
    }
    network->address = address;
    network->prefix_bits = (uint8_t)(bits - shift);
    return true;
}

bool ip_network_contains(const struct ip_network *network, const struct ip_address *address)
{
    if (network->address.family == 0 || network->address.family != address->family)
        return false;
    struct ip_address prefix = ip_prefix(address, network->prefix_bits);
    return ip_equal(&prefix, &network->address);
}

uint64_t ip_key(const struct ip_address *address)
{
    size_t size = address_bytes(address);
    if (size == 0)
        return 0;
    uint8_t bytes[17] = {address->family};
    memcpy(bytes + 1, address->bytes, size);
    uint64_t key = hash_bytes(bytes, 1 + size);
    return key != 0 ? key : 1;
}
