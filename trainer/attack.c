#include "trainer/attack.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "trainer/world.h"

const char *attack_family_name(enum attack_family family)
{
    static const char *const NAMES[] = {
#define ATTACK_FAMILY(symbol, name) name,
        ATTACK_FAMILIES
#undef ATTACK_FAMILY
    };
    return (unsigned)family < ATTACK_FAMILY_COUNT ? NAMES[family] : "";
}

bool attack_family_is_burst(enum attack_family family)
{
    return family == ATTACK_SPRAYING || family == ATTACK_SLOW_GUESSING;
}

static void start_from(const struct login_event *anchor, int64_t time_us, struct draw *draw,
                       struct login_event *event)
{
    *event = *anchor;
    event->id = login_id_make(time_us, draw_bits(draw));
    event->stage = STAGE_ATTEMPT;
    event->time_us = time_us;
    event->source_port = (uint16_t)(1024 + draw_below(draw, 64000));
    event->connection = 0;
    event->bytes_in = event->bytes_out = event->duration_s = -1;
    event->learn = false;
    event->new_values = 0;
}

/* Gives the event the place of a network, as far as the anchor has such evidence. */
static void take_place(const struct login_event *anchor, const struct place *place,
                       struct login_event *event)
{
    event->place = PLACE_NONE;
    if (place_has_coordinates(&anchor->place)) {
        event->place.latitude = place->latitude;
        event->place.longitude = place->longitude;
    }
    if (anchor->place.asn != 0)
        event->place.asn = place->asn;
    if (anchor->place.country[0] != '\0')
        memcpy(event->place.country, place->country, sizeof event->place.country);
    if (anchor->place.anonymous != ANONYMOUS_UNKNOWN)
        event->place.anonymous = place->anonymous;
    if (anchor->place.city[0] != '\0')
        memcpy(event->place.city, place->city, sizeof event->place.city);
}

/* The server is about as far from a network as the anchor's round trip and the way between say. */
static int32_t round_trip_us(struct draw *draw, const struct login_event *anchor,
                             const struct network *network)
{
    if (anchor->rtt_us < 0)
        return -1;
    double km = place_distance_km(&network->place, &anchor->place);
    double bends = draw_between(draw, 1.0, 1.6);
    double access_ms = draw_lognormal(draw, 9, 0.5);
    double ms = isnan(km) ? network->rtt_ms
                          : 0.3 * anchor->rtt_us / 1000.0 + km * 0.0105 * bends + access_ms;
    return (int32_t)(1000.0 * ms);
}

static void come_from(struct draw *draw, const struct login_event *anchor, unsigned city,
                      enum network_kind kind, struct login_event *event)
{
    struct network network;

    world_network(draw, city, kind, &network);
    event->source = world_address(draw, &network.prefix);
    take_place(anchor, &network.place, event);
    event->rtt_us = round_trip_us(draw, anchor, &network);
    if (anchor->device[0] != '\0')
        world_device(world_stack(draw), network.mss, event->device);
}

static unsigned far_city(struct draw *draw, const struct login_event *anchor)
{
    unsigned city = world_city(draw);
    for (int tries = 0; tries < 16; tries++) {
        struct place place = world_city_place(city);
        double km = place_distance_km(&place, &anchor->place);
        if (isnan(km) || km > 1500)
            break;
        city = world_city(draw);
    }
    return city;
}

static void by_password(struct draw *draw, struct login_event *event)
{
    event->method = draw_chance(draw, 0.8) ? METHOD_PASSWORD : METHOD_KEYBOARD_INTERACTIVE;
    event->key[0] = '\0';
}

static void make_naive(struct draw *draw, const struct login_event *anchor,
                       struct login_event *event)
{
    unsigned city = far_city(draw, anchor);
    enum network_kind kind = draw_chance(draw, 0.6) ? NETWORK_HOSTING : NETWORK_HOME;
    come_from(draw, anchor, city, kind, event);
    by_password(draw, event);
}

static void make_proxy(struct draw *draw, const struct login_event *anchor,
                       struct login_event *event)
{
    unsigned city = anchor->place.country[0] != '\0' ? world_city_in(draw, anchor->place.country)
                                                     : world_city(draw);
    for (int tries = 0; tries < 4; tries++) {
        come_from(draw, anchor, city, draw_chance(draw, 0.4) ? NETWORK_HOSTING : NETWORK_HOME,
                  event);
        if (event->place.asn == 0 || event->place.asn != anchor->place.asn)
            break;
    }
    by_password(draw, event);
}

static void make_targeted(struct draw *draw, const struct login_event *anchor,
                          struct login_event *event)
{
    bool ipv6 = anchor->source.family == 6;
    struct ip_address prefix = draw_chance(draw, 0.3)
                                   ? world_mobile_prefix(draw, anchor->place.asn, ipv6)
                                   : world_prefix(draw, anchor->place.asn, ipv6);
    event->source = world_address(draw, &prefix);
    if (anchor->rtt_us >= 0)
        event->rtt_us = (int32_t)(anchor->rtt_us * draw_lognormal(draw, 1.0, 0.25));
    if (draw_chance(draw, 0.5))
        by_password(draw, event);
}

static void make_stolen_key(struct draw *draw, const struct login_event *anchor,
                            struct login_event *event)
{
    bool near = draw_chance(draw, 0.4) && anchor->place.country[0] != '\0';
    unsigned city = near ? world_city_in(draw, anchor->place.country) : far_city(draw, anchor);
    enum network_kind kind = draw_chance(draw, 0.6) ? NETWORK_HOSTING : NETWORK_HOME;
    come_from(draw, anchor, city, kind, event);
    event->method = METHOD_PUBLICKEY;
}

/* The first moment from time_us on whose local hour lies between 22 and 5, at most a day later. */
static int64_t odd_hour(struct draw *draw, int64_t time_us, int32_t utc_offset_s)
{
    for (int tries = 0; tries < 24; tries++) {
        int64_t local_s = time_us / US_PER_S + utc_offset_s;
        int64_t hour = local_s % S_PER_DAY / 3600;
        if (hour >= 22 || hour < 5)
            break;
        time_us += 3600 * US_PER_S;
    }
    return time_us + (int64_t)(draw_unit(draw) * 3000.0 * (double)US_PER_S);
}

/*
 * When the user is not at work: at night, or on the other side of the day from the anchor, for
 * those whose day is another's night.
 */
static int64_t unusual_time(struct draw *draw, const struct login_event *anchor, int64_t time_us)
{
    if (draw_chance(draw, 0.5))
        return odd_hour(draw, time_us, anchor->utc_offset_s);
    int64_t day_us = S_PER_DAY * US_PER_S;
    int64_t opposite_us =
        anchor->time_us + (int64_t)(draw_between(draw, 8, 16) * 3600.0 * (double)US_PER_S);
    int64_t days = (time_us - opposite_us) / day_us + (time_us > opposite_us);
    return opposite_us + days * day_us;
}

/* A client other than the anchor's, in the same network. */
static void take_other_device(struct draw *draw, const struct login_event *anchor,
                              struct login_event *event)
{
    unsigned mss = 1460;

    if (anchor->device[0] == '\0')
        return;
    if (sscanf(anchor->device, "tcp mss=%u", &mss) != 1)
        mss = 1460;
    for (int tries = 0; tries < 8; tries++) {
        world_device(world_stack(draw), mss, event->device);
        if (strcmp(event->device, anchor->device) != 0)
            break;
    }
}

static void make_own_network(struct draw *draw, const struct login_event *anchor,
                             struct login_event *event)
{
    event->time_us = unusual_time(draw, anchor, event->time_us);
    if (draw_chance(draw, 0.4))
        event->source = world_address(draw, &event->source);
    if (anchor->rtt_us >= 0)
        event->rtt_us = (int32_t)(anchor->rtt_us * draw_lognormal(draw, 1.0, 0.15));
    take_other_device(draw, anchor, event);
    if (draw_chance(draw, 0.4))
        by_password(draw, event);
}

static void make_insider(struct draw *draw, const struct login_event *anchor,
                         const struct login_event *colleague, struct login_event *event)
{
    event->time_us = unusual_time(draw, anchor, event->time_us);
    if (colleague == NULL || colleague->source.family == 0 || draw_chance(draw, 0.3))
        return;
    event->source = colleague->source;
    take_place(anchor, &colleague->place, event);
    if (anchor->rtt_us >= 0 && colleague->rtt_us >= 0)
        event->rtt_us = colleague->rtt_us;
    if (anchor->device[0] != '\0' && colleague->device[0] != '\0')
        memcpy(event->device, colleague->device, sizeof event->device);
    by_password(draw, event);
}

/*
 * A bot in a household of the user's city relays an attacker who has copied the client: another
 * address, mostly another provider, and the way through the bot in the round trip.
 */
static void make_residential_proxy(struct draw *draw, const struct login_event *anchor,
                                   struct login_event *event)
{
    unsigned city = world_city_at(draw, &anchor->place);
    struct network network;

    world_network(draw, city, NETWORK_HOME, &network);
    event->source = world_address(draw, &network.prefix);
    take_place(anchor, &network.place, event);
    if (anchor->rtt_us >= 0)
        event->rtt_us = (int32_t)(anchor->rtt_us * draw_lognormal(draw, 1.0, 0.25) +
                                  1000.0 * draw_lognormal(draw, 40, 0.5));
    by_password(draw, event);
}

/* Attempts before the last, from the same address, span_s long, on names guessed or the same. */
static unsigned make_burst(struct draw *draw, unsigned count, double span_s, double other_names,
                           struct login_event attempts[ATTACK_MAX_ATTEMPTS])
{
    struct login_event last = attempts[0];
    double step_s = span_s / count;

    for (unsigned i = 0; i < count; i++) {
        attempts[i] = last;
        double before_s = step_s * (count - 1 - i) + (i + 1 < count ? step_s * draw_unit(draw) : 0);
        attempts[i].time_us = last.time_us - (int64_t)(before_s * (double)US_PER_S);
        attempts[i].id = login_id_make(attempts[i].time_us, draw_bits(draw));
        attempts[i].source_port = (uint16_t)(1024 + draw_below(draw, 64000));
        if (i + 1 < count && draw_chance(draw, other_names))
            snprintf(attempts[i].user, sizeof attempts[i].user, "%s",
                     WORLD_GUESSED_NAMES[draw_below(draw, WORLD_GUESSED_NAME_COUNT)]);
    }
    return count;
}

unsigned attack_make(struct draw *draw, enum attack_family family, const struct login_event *anchor,
                     const struct login_event *colleague, int64_t time_us,
                     struct login_event attempts[ATTACK_MAX_ATTEMPTS])
{
    struct login_event *event = &attempts[0];
    unsigned count = 1;

    start_from(anchor, time_us, draw, event);
    switch (family) {
    case ATTACK_NAIVE:
        make_naive(draw, anchor, event);
        break;
    case ATTACK_PROXY:
        make_proxy(draw, anchor, event);
        break;
    case ATTACK_TARGETED:
        make_targeted(draw, anchor, event);
        break;
    case ATTACK_STOLEN_KEY:
        make_stolen_key(draw, anchor, event);
        break;
    case ATTACK_INSIDER:
        make_insider(draw, anchor, colleague, event);
        break;
    case ATTACK_OWN_NETWORK:
        make_own_network(draw, anchor, event);
        break;
    case ATTACK_SPRAYING:
        if (draw_chance(draw, 0.7))
            make_naive(draw, anchor, event);
        else
            make_proxy(draw, anchor, event);
        count = 8 + draw_below(draw, ATTACK_MAX_ATTEMPTS - 8);
        return make_burst(draw, count, fmin(draw_lognormal(draw, 150, 1.2), 3000), 1.0, attempts);
    case ATTACK_SLOW_GUESSING:
        make_naive(draw, anchor, event);
        count = 4 + draw_below(draw, 20);
        return make_burst(draw, count, draw_between(draw, 7200, 72000), 0.4, attempts);
    case ATTACK_SESSION_HIJACK: /* what the user does: the anchor itself */
        break;
    case ATTACK_RESIDENTIAL_PROXY:
        make_residential_proxy(draw, anchor, event);
        break;
    case ATTACK_FAMILY_COUNT:
        break;
    }
    return count;
}
