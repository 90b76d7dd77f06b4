/* The first byte chooses among the tables, whose header comes with it; or the input brings its own.
 */
#include "import_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *format, *header;
} TABLES[] = {
    {"csv", ""},
    {"csv", "time,user,host,service,ip,country,asn,city,latitude,longitude,device,method,rtt_ms,"
            "success,bytes_in,bytes_out,duration_s,label,family\n"},
    {"rba", "Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,City,ASN,"
            "Browser Name and Version,OS Name and Version,Device Type,Login Successful,"
            "Is Attack IP,Is Account Takeover\n"},
    {"cloud", "user_id,timestamp,ip_address,geo_location,device_id,bytes_in,bytes_out,success,"
              "is_anomaly\n"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t which = size > 0 ? data[0] % (sizeof TABLES / sizeof TABLES[0]) : 0;
    size_t header = strlen(TABLES[which].header);
    uint8_t *table = size > 0 ? malloc(header + size - 1) : NULL;

    if (table == NULL)
        return 0;
    memcpy(table, TABLES[which].header, header);
    memcpy(table + header, data + 1, size - 1);
    import_bytes(TABLES[which].format, table, header + size - 1);
    free(table);
    return 0;
}
