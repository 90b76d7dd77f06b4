/*
 * Invented networks in real cities: what simulated users and attackers come from. AS numbers are
 * those of large providers of each country, addresses are made up within public ranges, so that
 * places, distances and round trips fit together.
 */
#ifndef TRAINER_WORLD_H
#define TRAINER_WORLD_H

#include "scorer/login_event.h"
#include "trainer/draw.h"

enum network_kind { NETWORK_HOME, NETWORK_OFFICE, NETWORK_MOBILE, NETWORK_HOSTING };

/* A site prefix somewhere. */
struct network {
    enum network_kind kind;
    struct ip_address prefix;
    bool one_address; /* all its clients come from the same address */
    struct place place;
    double rtt_ms; /* a usual round trip to the server */
    unsigned mss;
};

unsigned world_city_count(void);
unsigned world_server_city(void);
/* Any city; one of the server's country; one of that country (any city when there is none). */
unsigned world_city(struct draw *draw);
unsigned world_city_in(struct draw *draw, const char *country);
unsigned world_city_near_server(struct draw *draw);
/* The city that is nearest to a place; one of its country, or any, where that is all it tells. */
unsigned world_city_at(struct draw *draw, const struct place *place);
/* Seconds east of UTC that clocks in that city show then: daylight saving time where it is kept. */
int32_t world_utc_offset_s(unsigned city, int64_t time_us);
/* Whether nobody works on that day in the server's country. */
bool world_is_holiday(int64_t midnight_us);
struct place world_city_place(unsigned city);

/* A new network of that kind in that city. */
void world_network(struct draw *draw, unsigned city, enum network_kind kind,
                   struct network *network);

/* Another site prefix of the same autonomous system and city; one that its phones come from. */
struct ip_address world_prefix(struct draw *draw, uint32_t asn, bool ipv6);
struct ip_address world_mobile_prefix(struct draw *draw, uint32_t asn, bool ipv6);

/* An address of that prefix; the address that a client of that network has. */
struct ip_address world_address(struct draw *draw, const struct ip_address *prefix);
struct ip_address world_source(struct draw *draw, const struct network *network);

/* TCP stacks of clients, described as the PAM module describes them. */
unsigned world_stack(struct draw *draw);
void world_device(unsigned stack, unsigned mss, char device[LOGIN_DEVICE_BYTES]);

/* Names that are guessed everywhere; NULL-ended. */
extern const char *const WORLD_GUESSED_NAMES[];
extern const unsigned WORLD_GUESSED_NAME_COUNT;

#endif
