/* No text crashes the parsers, and an address or network they take has one canonical text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ip_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_address(const char *text)
{
    struct ip_address address, again;
    char first[IP_TEXT_BYTES];
    char second[IP_TEXT_BYTES];
    if (!ip_parse(text, &address))
        return;
    if (!ip_parse(ip_format(&address, first), &again) || !ip_equal(&address, &again) ||
        strcmp(first, ip_format(&again, second)) != 0 || ip_key(&address) != ip_key(&again))
        abort();
    (void)ip_is_reserved(&address);
}

static void check_network(const char *text)
{
    struct ip_network network, again;
    struct error error = ERROR_NONE;
    if (!ip_network_parse(text, &network, &error)) {
        if (error.text[0] == '\0')
            abort();
        return;
    }
    char address[IP_TEXT_BYTES];
    char canonical[IP_TEXT_BYTES + 4];
    (void)snprintf(canonical, sizeof(canonical), "%s/%u", ip_format(&network.address, address),
                   network.prefix_bits);
    if (!ip_network_parse(canonical, &again, NULL) || again.prefix_bits != network.prefix_bits ||
        !ip_network_contains(&again, &network.address))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = strndup((const char *)bytes, size);
    if (text == NULL)
        abort();
    check_address(text);
    check_network(text);
    free(text);
    return 0;
}
