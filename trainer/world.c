#include "trainer/world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

#define PROVIDERS 3

struct country {
    char code[3];
    uint32_t home[PROVIDERS], mobile[2], hosting[2];
};

static const struct country COUNTRIES[] = {
    {"DE", {3320, 3209, 6805}, {3320, 6805}, {24940, 8560}},
    {"AT", {8447, 6830, 25255}, {8447, 25255}, {42473, 51184}},
    {"CH", {3303, 6730, 6830}, {3303, 6730}, {29222, 51852}},
    {"FR", {3215, 12322, 5410}, {3215, 15557}, {16276, 12876}},
    {"GB", {2856, 5089, 5607}, {12576, 25135}, {20860, 9009}},
    {"NL", {1136, 33915, 50266}, {1136, 31615}, {60781, 49981}},
    {"PL", {5617, 12741, 29314}, {8374, 39603}, {197226, 57367}},
    {"ES", {3352, 12479, 12430}, {3352, 12430}, {29119, 16371}},
    {"IT", {3269, 12874, 1267}, {16232, 24608}, {31034, 39729}},
    {"SE", {3301, 1257, 8473}, {44034, 1257}, {42708, 51430}},
    {"US", {7922, 701, 20115}, {21928, 20057}, {14061, 16509}},
    {"CA", {577, 812, 6327}, {812, 852}, {16276, 32489}},
    {"BR", {27699, 28573, 8167}, {26599, 26615}, {262287, 53107}},
    {"MX", {8151, 17072, 28403}, {28403, 22884}, {22927, 32098}},
    {"RU", {12389, 8402, 42610}, {25159, 16345}, {9123, 49505}},
    {"UA", {6849, 15895, 25229}, {21497, 15895}, {21219, 15626}},
    {"TR", {9121, 34984, 12735}, {20978, 16135}, {42926, 43260}},
    {"NG", {37148, 29465, 37282}, {29465, 37148}, {37153, 328364}},
    {"ZA", {5713, 3741, 37457}, {29975, 16637}, {37153, 36937}},
    {"IN", {24560, 9829, 55836}, {55836, 45609}, {14061, 132335}},
    {"CN", {4134, 4837, 9808}, {9808, 4837}, {37963, 45090}},
    {"JP", {2516, 4713, 17676}, {2516, 9605}, {9370, 7684}},
    {"KR", {4766, 9318, 3786}, {4766, 9644}, {45996, 38661}},
    {"SG", {9506, 4773, 10091}, {9506, 3758}, {14061, 16509}},
    {"VN", {45899, 7552, 18403}, {7552, 131429}, {135905, 63737}},
    {"AU", {1221, 4804, 7545}, {1221, 133612}, {38719, 133480}},
};

struct city {
    const char *name;
    char country[3];
    float latitude, longitude;
    int utc_offset_h;
};

static const struct city CITIES[] = {
    {"Frankfurt am Main", "DE", 50.12F, 8.68F, 1},
    {"Berlin", "DE", 52.52F, 13.40F, 1},
    {"Hamburg", "DE", 53.55F, 9.99F, 1},
    {"Munich", "DE", 48.14F, 11.58F, 1},
    {"Cologne", "DE", 50.94F, 6.96F, 1},
    {"Vienna", "AT", 48.21F, 16.37F, 1},
    {"Zurich", "CH", 47.37F, 8.54F, 1},
    {"Paris", "FR", 48.86F, 2.35F, 1},
    {"Lyon", "FR", 45.76F, 4.84F, 1},
    {"London", "GB", 51.51F, -0.13F, 0},
    {"Manchester", "GB", 53.48F, -2.24F, 0},
    {"Amsterdam", "NL", 52.37F, 4.90F, 1},
    {"Warsaw", "PL", 52.23F, 21.01F, 1},
    {"Madrid", "ES", 40.42F, -3.70F, 1},
    {"Milan", "IT", 45.46F, 9.19F, 1},
    {"Stockholm", "SE", 59.33F, 18.07F, 1},
    {"New York", "US", 40.71F, -74.01F, -5},
    {"Dallas", "US", 32.78F, -96.80F, -6},
    {"San Francisco", "US", 37.77F, -122.42F, -8},
    {"Toronto", "CA", 43.65F, -79.38F, -5},
    {"Sao Paulo", "BR", -23.55F, -46.63F, -3},
    {"Mexico City", "MX", 19.43F, -99.13F, -6},
    {"Moscow", "RU", 55.76F, 37.62F, 3},
    {"Kyiv", "UA", 50.45F, 30.52F, 2},
    {"Istanbul", "TR", 41.01F, 28.98F, 3},
    {"Lagos", "NG", 6.52F, 3.38F, 1},
    {"Johannesburg", "ZA", -26.20F, 28.05F, 2},
    {"Mumbai", "IN", 19.08F, 72.88F, 5},
    {"Bengaluru", "IN", 12.97F, 77.59F, 5},
    {"Beijing", "CN", 39.90F, 116.41F, 8},
    {"Shanghai", "CN", 31.23F, 121.47F, 8},
    {"Tokyo", "JP", 35.68F, 139.69F, 9},
    {"Seoul", "KR", 37.57F, 126.98F, 9},
    {"Singapore", "SG", 1.35F, 103.82F, 8},
    {"Hanoi", "VN", 21.03F, 105.85F, 7},
    {"Sydney", "AU", -33.87F, 151.21F, 10},
};
#define CITY_COUNT  (sizeof CITIES / sizeof CITIES[0])
#define SERVER_CITY 0

#define IPV6_HEADER_EXCESS 20 /* bytes, over the header of IPv4 */

#define SITES        4096 /* of an autonomous system */
#define MOBILE_SITES 24   /* that a carrier's phones come from: all share its address translation */

/* Window scale (-1: none offered), timestamps, SACK: what tells one client's system from another.
 */
static const struct {
    int window_scale;
    bool timestamps, sack;
    double share;
} STACKS[] = {
    {7, true, true, 0.42}, {6, true, true, 0.26},  {8, false, true, 0.16}, {8, true, true, 0.06},
    {9, true, true, 0.04}, {2, false, true, 0.02}, {10, true, true, 0.03}, {-1, false, false, 0.01},
};
#define STACK_COUNT (sizeof STACKS / sizeof STACKS[0])

const char *const WORLD_GUESSED_NAMES[] = {
    "root",      "admin",   "test",   "user",      "ubuntu",  "oracle", "postgres", "git",
    "guest",     "pi",      "ftp",    "mysql",     "nagios",  "hadoop", "jenkins",  "deploy",
    "support",   "www",     "web",    "minecraft", "steam",   "backup", "tomcat",   "ftpuser",
    "dev",       "centos",  "debian", "ec2-user",  "ansible", "docker", "server",   "student",
    "teamspeak", "vagrant", "demo",   "info",      "nginx",   "odoo",   "zabbix",   "webmaster",
};
const unsigned WORLD_GUESSED_NAME_COUNT =
    sizeof WORLD_GUESSED_NAMES / sizeof WORLD_GUESSED_NAMES[0];

unsigned world_city_count(void)
{
    return CITY_COUNT;
}

unsigned world_server_city(void)
{
    return SERVER_CITY;
}

unsigned world_city(struct draw *draw)
{
    return draw_below(draw, CITY_COUNT);
}

unsigned world_city_in(struct draw *draw, const char *country)
{
    unsigned found[CITY_COUNT];
    unsigned count = 0;
    for (unsigned i = 0; i < CITY_COUNT; i++) {
        if (strcmp(CITIES[i].country, country) == 0)
            found[count++] = i;
    }
    return count == 0 ? world_city(draw) : found[draw_below(draw, count)];
}

unsigned world_city_near_server(struct draw *draw)
{
    return world_city_in(draw, CITIES[SERVER_CITY].country);
}

unsigned world_city_at(struct draw *draw, const struct place *place)
{
    unsigned nearest = CITY_COUNT;
    double least_km = INFINITY;

    for (unsigned i = 0; i < CITY_COUNT; i++) {
        struct place city = world_city_place(i);
        double km = place_distance_km(&city, place);
        if (km < least_km) {
            least_km = km;
            nearest = i;
        }
    }
    return nearest < CITY_COUNT ? nearest : world_city_in(draw, place->country);
}

/* ---- clocks and calendars ---- */

/* Clocks go forward and back on the first Sunday from a day on; months count from 0. */
struct summer_time {
    const char *countries;
    struct {
        int month, day;
    } from, to;
    bool at_once; /* at 01:00 UTC everywhere, else at 02:00 of each zone's winter time */
};

static const struct summer_time SUMMER_TIMES[] = {
    {"DE AT CH FR GB NL PL ES IT SE UA", {2, 25}, {9, 25}, true},
    {"US CA", {2, 8}, {10, 1}, false},
    {"AU", {9, 1}, {3, 1}, false},
};

static struct tm calendar(int64_t time_us)
{
    time_t time_s = (time_t)(time_us / US_PER_S);
    struct tm parts = {.tm_year = 70};
    gmtime_r(&time_s, &parts);
    return parts;
}

/* The first Sunday from that day on, in seconds since 1970. */
static int64_t sunday_from(int year, int month, int day)
{
    struct tm parts = {.tm_year = year, .tm_mon = month, .tm_mday = day};
    int64_t days = (int64_t)timegm(&parts) / S_PER_DAY;
    return (days + (7 - (days + 4) % 7) % 7) * S_PER_DAY; /* 1970 began on a Thursday */
}

static bool is_summer(const struct summer_time *summer, int32_t winter_offset_s, int64_t time_us)
{
    struct tm now = calendar(time_us);
    int64_t change_s = summer->at_once ? 3600 : 7200 - winter_offset_s;
    int64_t from_s = sunday_from(now.tm_year, summer->from.month, summer->from.day) + change_s;
    int64_t to_s = sunday_from(now.tm_year, summer->to.month, summer->to.day) + change_s;
    int64_t time_s = time_us / US_PER_S;

    if (!summer->at_once)
        to_s -= summer->to.month > summer->from.month ? 3600 : 0;
    return from_s < to_s ? time_s >= from_s && time_s < to_s : time_s >= from_s || time_s < to_s;
}

int32_t world_utc_offset_s(unsigned city, int64_t time_us)
{
    int32_t winter_offset_s = CITIES[city].utc_offset_h * 3600;

    for (size_t i = 0; i < sizeof SUMMER_TIMES / sizeof SUMMER_TIMES[0]; i++) {
        const struct summer_time *summer = &SUMMER_TIMES[i];
        if (strstr(summer->countries, CITIES[city].country) != NULL)
            return winter_offset_s + (is_summer(summer, winter_offset_s, time_us) ? 3600 : 0);
    }
    return winter_offset_s;
}

bool world_is_holiday(int64_t midnight_us)
{
    static const struct {
        int month, day;
    } HOLIDAYS[] = {{0, 1}, {4, 1}, {9, 3}, {11, 24}, {11, 25}, {11, 26}, {11, 31}};
    struct tm today = calendar(midnight_us);

    for (size_t i = 0; i < sizeof HOLIDAYS / sizeof HOLIDAYS[0]; i++) {
        if (today.tm_mon == HOLIDAYS[i].month && today.tm_mday == HOLIDAYS[i].day)
            return true;
    }
    return false;
}

struct place world_city_place(unsigned city)
{
    struct place place = PLACE_NONE;
    place.latitude = CITIES[city].latitude;
    place.longitude = CITIES[city].longitude;
    snprintf(place.country, sizeof place.country, "%s", CITIES[city].country);
    snprintf(place.city, sizeof place.city, "%s", CITIES[city].name);
    return place;
}

static const struct country *country_of(unsigned city)
{
    for (size_t i = 0; i < sizeof COUNTRIES / sizeof COUNTRIES[0]; i++) {
        if (strcmp(COUNTRIES[i].code, CITIES[city].country) == 0)
            return &COUNTRIES[i];
    }
    return &COUNTRIES[0];
}

static struct ip_address site_prefix(uint32_t asn, uint32_t site, bool ipv6)
{
    struct ip_address prefix = {.family = ipv6 ? 6 : 4};

    if (ipv6) {
        const uint8_t bytes[6] = {
            0x2a, 0x02, (uint8_t)(asn >> 8), (uint8_t)asn, (uint8_t)(site >> 8), (uint8_t)site};
        memcpy(prefix.bytes, bytes, sizeof bytes);
        return prefix;
    }
    /* 20.0.0.0 to 95.255.255.0: public throughout. */
    prefix.bytes[0] = (uint8_t)(20 + asn % 76);
    prefix.bytes[1] = (uint8_t)(((asn / 76) & 0x0f) << 4 | site >> 8);
    prefix.bytes[2] = (uint8_t)site;
    return prefix;
}

struct ip_address world_prefix(struct draw *draw, uint32_t asn, bool ipv6)
{
    return site_prefix(asn, draw_below(draw, SITES), ipv6);
}

struct ip_address world_mobile_prefix(struct draw *draw, uint32_t asn, bool ipv6)
{
    return site_prefix(asn, draw_below(draw, MOBILE_SITES), ipv6);
}

struct ip_address world_address(struct draw *draw, const struct ip_address *prefix)
{
    struct ip_address address = *prefix;
    if (address.family == 6) {
        uint64_t host = draw_bits(draw);
        memcpy(address.bytes + 8, &host, sizeof host);
    } else {
        address.bytes[3] = (uint8_t)(1 + draw_below(draw, 254));
    }
    return address;
}

/* Behind address translation it belongs to the prefix, so that it stays as long as that does. */
struct ip_address world_source(struct draw *draw, const struct network *network)
{
    struct ip_address address = network->prefix;

    if (!network->one_address)
        return world_address(draw, &network->prefix);
    address.bytes[3] = (uint8_t)(1 + (address.bytes[1] * 31 + address.bytes[2] * 7) % 254);
    return address;
}

/* Light in fibre takes about 10 microseconds there and back for each km; cables bend. */
static double round_trip_ms(struct draw *draw, const struct place *place, enum network_kind kind)
{
    static const double ACCESS_MS[] = {
        [NETWORK_HOME] = 11, [NETWORK_OFFICE] = 4, [NETWORK_MOBILE] = 38, [NETWORK_HOSTING] = 2};
    struct place server = world_city_place(SERVER_CITY);
    double km = place_distance_km(place, &server);
    double access_ms = draw_lognormal(draw, ACCESS_MS[kind], 0.3);
    double bends = draw_between(draw, 1.2, 1.7);
    return 0.5 + access_ms + km * 0.0105 * bends;
}

void world_network(struct draw *draw, unsigned city, enum network_kind kind,
                   struct network *network)
{
    const struct country *country = country_of(city);

    *network = (struct network){.kind = kind, .place = world_city_place(city), .mss = 1460};
    network->place.anonymous = ANONYMOUS_NO;
    switch (kind) {
    case NETWORK_HOME:
        network->place.asn = country->home[draw_below(draw, PROVIDERS)];
        network->mss = draw_chance(draw, 0.5) ? 1460 : 1452;
        break;
    case NETWORK_OFFICE:
        network->place.asn = country->home[draw_below(draw, PROVIDERS)];
        break;
    case NETWORK_MOBILE:
        network->place.asn = country->mobile[draw_below(draw, 2)];
        network->mss = draw_chance(draw, 0.6) ? 1400 : 1360;
        break;
    case NETWORK_HOSTING:
        network->place.asn = country->hosting[draw_below(draw, 2)];
        network->place.anonymous = draw_chance(draw, 0.7) ? ANONYMOUS_YES : ANONYMOUS_NO;
        break;
    }
    bool ipv6 = kind != NETWORK_HOSTING && draw_chance(draw, 0.1);
    network->prefix = kind == NETWORK_MOBILE ? world_mobile_prefix(draw, network->place.asn, ipv6)
                                             : world_prefix(draw, network->place.asn, ipv6);
    network->one_address = network->prefix.family == 4 && kind != NETWORK_MOBILE;
    if (network->prefix.family == 6)
        network->mss -= IPV6_HEADER_EXCESS;
    network->rtt_ms = round_trip_ms(draw, &network->place, kind);
}

unsigned world_stack(struct draw *draw)
{
    double at = draw_unit(draw);
    for (unsigned i = 0; i < STACK_COUNT; i++) {
        at -= STACKS[i].share;
        if (at < 0)
            return i;
    }
    return 0;
}

void world_device(unsigned stack, unsigned mss, char device[LOGIN_DEVICE_BYTES])
{
    snprintf(device, LOGIN_DEVICE_BYTES, "tcp mss=%u ws=%d ts=%d sack=%d", mss,
             STACKS[stack].window_scale, STACKS[stack].timestamps, STACKS[stack].sack);
}
