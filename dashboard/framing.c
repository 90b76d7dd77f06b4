#include "dashboard/framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/ip_address.h"

struct reading {
    struct framing framing;
    int lengths, codings, hosts, types;
    struct error *error;
};

static void refuse(struct reading *reading, unsigned status, const char *sentence)
{
    if (reading->framing.refusal != 0)
        return;
    reading->framing.refusal = status;
    error_set(reading->error, FAULT_NONE, "%s", sentence);
}

static void read_length(struct reading *reading, const char *value)
{
    size_t digits = strspn(value, "0123456789");

    if (++reading->lengths > 1)
        refuse(reading, 400, "the request has Content-Length twice");
    else if (digits == 0 || digits > 18 || value[digits] != '\0')
        refuse(reading, 400, "Content-Length is not a number");
    else
        reading->framing.content_length = strtoll(value, NULL, 10);
}

static void read_coding(struct reading *reading, const char *value)
{
    if (++reading->codings > 1)
        refuse(reading, 400, "the request has Transfer-Encoding twice");
    else if (strcasecmp(value, "chunked") != 0)
        refuse(reading, 501, "the only Transfer-Encoding known here is chunked");
    reading->framing.chunked = true;
}

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct reading *reading = context;
    (void)kind;

    if (value == NULL)
        value = "";
    if (strcasecmp(name, "Content-Length") == 0) {
        read_length(reading, value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        read_coding(reading, value);
    } else if (strcasecmp(name, "Host") == 0) {
        if (++reading->hosts > 1)
            refuse(reading, 400, "the request has Host twice");
        reading->framing.host = value;
    } else if (strcasecmp(name, "Content-Type") == 0) {
        if (++reading->types > 1)
            refuse(reading, 400, "the request has Content-Type twice");
        reading->framing.type = value;
    } else if (strcasecmp(name, "Content-Encoding") == 0 && strcasecmp(value, "identity") != 0) {
        refuse(reading, 415, "send the body as it is, without Content-Encoding");
    }
    return MHD_YES;
}

struct framing framing_read(struct MHD_Connection *connection, struct error *error)
{
    struct reading reading = {.framing = {.content_length = -1}, .error = error};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, read_header, &reading);
    if (reading.lengths > 0 && reading.codings > 0)
        refuse(&reading, 400, "the request has Content-Length beside Transfer-Encoding");
    return reading.framing;
}

bool framing_is_type(const struct framing *framing, const char *type)
{
    size_t length = strlen(type);

    return framing->type != NULL && strncasecmp(framing->type, type, length) == 0 &&
           strchr("; \t", framing->type[length]) != NULL;
}

bool host_is(const char *host, const char *name)
{
    size_t length = strlen(name);

    return strncasecmp(host, name, length) == 0 && (host[length] == '\0' || host[length] == ':');
}

bool host_is_loopback(const char *host)
{
    char name[64];
    struct ip_address address;
    size_t length = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
    const char *begin = host[0] == '[' ? host + 1 : host;

    length -= (size_t)(begin - host);
    if (length >= sizeof(name))
        return false;
    memcpy(name, begin, length);
    name[length] = '\0';
    if (strcasecmp(name, "localhost") == 0)
        return true;
    return ip_parse(name, &address) &&
           (address.family == 4 ? address.bytes[0] == 127
                                : memcmp(address.bytes, (uint8_t[16]){[15] = 1}, 16) == 0);
}
