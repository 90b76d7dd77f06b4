#include "trainer/person.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static const char *const NAMES[] = {
    "alice",  "ben",  "carla", "david", "elena", "felix", "greta", "hannes", "ines",    "jonas",
    "karin",  "luca", "maria", "nils",  "olga",  "paul",  "quinn", "rosa",   "simon",   "tara",
    "ulrich", "vera", "willi", "xenia", "yusuf", "zoe",   "anton", "birgit", "clemens", "dora",
};
#define NAME_COUNT ((unsigned)(sizeof NAMES / sizeof NAMES[0]))

static const char *const MACHINE_NAMES[] = {"backup", "ci", "deploy", "monitor", "rsync", "cron"};
#define MACHINE_NAME_COUNT ((unsigned)(sizeof MACHINE_NAMES / sizeof MACHINE_NAMES[0]))

#define MOST_REPEATS 60

#define ON_CALL_WEEKS      4 /* administrators take turns */
#define CALLS_PER_NIGHT    0.6
#define DAYS_TO_NEW_KEY    300.0
#define DAYS_TO_NEW_LAPTOP 200.0
#define DAYS_TO_NEW_HOME   400.0
#define DAYS_TO_HOLIDAYS   110.0

static void new_key(struct draw *draw, char key[LOGIN_KEY_BYTES])
{
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char digits[44];
    for (int i = 0; i < 43; i++)
        digits[i] = ALPHABET[draw_below(draw, 64)];
    digits[43] = '\0';
    snprintf(key, LOGIN_KEY_BYTES, "SHA256:%s", digits);
}

static void invent_home(struct draw *draw, struct person *person)
{
    world_network(draw, person->city, NETWORK_HOME, &person->home);
    person->home_prefix_count = draw_chance(draw, 0.35) ? PERSON_HOME_PREFIXES : 1;
    person->home_prefixes[0] = person->home.prefix;
    for (unsigned i = 1; i < person->home_prefix_count; i++)
        person->home_prefixes[i] =
            world_prefix(draw, person->home.place.asn, person->home.prefix.family == 6);
}

static void invent_machine(struct draw *draw, unsigned number, struct person *person)
{
    static const unsigned PERIODS_H[] = {1, 2, 4, 6, 12, 24};
    unsigned series = number / MACHINE_NAME_COUNT;

    person->is_machine = true;
    if (series == 0)
        snprintf(person->name, sizeof person->name, "%s",
                 MACHINE_NAMES[number % MACHINE_NAME_COUNT]);
    else
        snprintf(person->name, sizeof person->name, "%s%u",
                 MACHINE_NAMES[number % MACHINE_NAME_COUNT], series);
    person->method = METHOD_PUBLICKEY;
    person->mobile_share = 0;
    person->period_h = PERIODS_H[draw_below(draw, 6)];
    person->minute = draw_below(draw, 60);
    person->home_prefix_count = 1;
    if (person->office == NULL || draw_chance(draw, 0.4))
        world_network(draw, person->city, NETWORK_HOSTING, &person->home);
    else
        person->home = *person->office;
    person->home_prefixes[0] = person->home.prefix;
    person->office = NULL;
    person->stack_count = 1;
    person->stacks[0] = 0;
    person->duration_median_s = draw_between(draw, 2, 300);
    if (person->period_h >= 6 && draw_chance(draw, 0.6)) { /* one login a task or file */
        person->tool_share = draw_between(draw, 0.3, 1);
        person->tool_mean = 1 + draw_lognormal(draw, 6, 0.7);
        person->tool_gap_s = draw_lognormal(draw, 1, 0.8);
    }
}

/* How this person repeats logins, and what goes wrong. */
static void invent_haste(struct draw *draw, struct person *person)
{
    person->mistyped_share = draw_chance(draw, 0.3) ? draw_between(draw, 0.08, 0.25) : 0.04;
    person->fallback_share = draw_chance(draw, 0.3) ? draw_between(draw, 0.02, 0.15) : 0.01;
    person->any_hour_share = draw_chance(draw, 0.15) ? draw_between(draw, 0.01, 0.04) : 0.004;
    person->storm_share = draw_chance(draw, 0.3) ? draw_between(draw, 0.02, 0.12) : 0;
    if (draw_chance(draw, 0.2)) { /* runs tools */
        person->tool_share = draw_between(draw, 0.02, 0.15);
        person->tool_mean = draw_between(draw, 6, 30);
        person->tool_gap_s = draw_lognormal(draw, 1.5, 0.6);
    } else if (draw_chance(draw, 0.7)) { /* several terminals, a copy, a push */
        person->tool_share = draw_between(draw, 0.03, 0.3);
        person->tool_mean = draw_between(draw, 1, 3);
        person->tool_gap_s = draw_lognormal(draw, 6, 1.2);
    }
}

static void invent_habits(struct draw *draw, unsigned number, struct person *person)
{
    double method = draw_unit(draw);

    if (number / NAME_COUNT == 0)
        snprintf(person->name, sizeof person->name, "%s", NAMES[number % NAME_COUNT]);
    else
        snprintf(person->name, sizeof person->name, "%s%u", NAMES[number % NAME_COUNT],
                 number / NAME_COUNT);
    person->method = method < 0.55   ? METHOD_PUBLICKEY
                     : method < 0.85 ? METHOD_PASSWORD
                                     : METHOD_KEYBOARD_INTERACTIVE;
    person->logins_per_workday = fmin(draw_lognormal(draw, 1.6, 0.9), 12);
    person->weekend_factor = draw_chance(draw, 0.4) ? draw_between(draw, 0.2, 0.8) : 0.05;
    person->evening_share = draw_chance(draw, 0.4) ? draw_between(draw, 0.1, 0.4) : 0.03;
    person->hour_mean =
        draw_chance(draw, 0.08) ? draw_between(draw, 18, 26) : draw_normal(draw, 12.5, 1.2);
    person->hour_deviation = draw_between(draw, 1.2, 3.0);
    person->trips_per_day = draw_chance(draw, 0.5) ? draw_between(draw, 0.004, 0.03) : 0.002;
    person->proxy_share = draw_chance(draw, 0.1) ? draw_between(draw, 0.05, 0.4) : 0;
    person->mobile_share = draw_chance(draw, 0.15) ? draw_between(draw, 0.15, 0.6) : 0.06;
    if (draw_chance(draw, 0.08))
        person->on_call_week = 1 + draw_below(draw, ON_CALL_WEEKS);
    person->stack_count = 1 + draw_below(draw, PERSON_STACKS);
    for (unsigned i = 0; i < person->stack_count; i++) {
        person->stacks[i] = world_stack(draw);
        if (i > 0 && draw_chance(draw, 0.5)) /* else the key was copied */
            new_key(draw, person->keys[i]);
    }
    person->duration_median_s = draw_lognormal(draw, 1200, 1.0);
    invent_haste(draw, person);
    invent_home(draw, person);
}

/* Half of those with an office are in the first one, so that it has its rush in the morning. */
static void take_office(struct draw *draw, const struct network *offices, unsigned office_count,
                        struct person *person)
{
    unsigned number = draw_chance(draw, 0.5) ? 0 : draw_below(draw, office_count);

    person->office = &offices[number];
    if (draw_chance(draw, 0.6))
        person->start_hour = 8 + 0.5 * number;
}

void person_invent(struct draw *draw, unsigned number, unsigned days, const struct network *offices,
                   unsigned office_count, struct person *person)
{
    memset(person, 0, sizeof *person);
    bool starts_later = draw_chance(draw, 0.45);
    bool leaves = draw_chance(draw, 0.15);
    person->first_day = starts_later ? draw_below(draw, days == 0 ? 1 : days) : 0;
    person->last_day = leaves ? person->first_day + draw_below(draw, days + 1) : UINT32_MAX;
    person->city = draw_chance(draw, 0.75) ? world_city_near_server(draw) : world_city(draw);
    person->utc_offset_s = world_utc_offset_s(person->city, 0);
    bool near = person->utc_offset_s == world_utc_offset_s(world_server_city(), 0);
    if (near && draw_chance(draw, 0.7))
        take_office(draw, offices, office_count, person);
    new_key(draw, person->keys[0]);
    for (unsigned i = 1; i < PERSON_STACKS; i++)
        memcpy(person->keys[i], person->keys[0], sizeof person->keys[0]);
    person->bytes_in_median = draw_lognormal(draw, 20e3, 1.2);
    person->bytes_out_median = draw_lognormal(draw, 80e3, 1.4);
    world_network(draw, person->city, NETWORK_MOBILE, &person->mobile);
    world_network(draw, world_city(draw), NETWORK_HOSTING, &person->proxy);
    if (number % 8 == 7)
        invent_machine(draw, number / 8, person);
    else
        invent_habits(draw, number - number / 8, person);
    if (number == 3) { /* the administrator's direct logins: few, under constant guessing */
        snprintf(person->name, sizeof person->name, "root");
        person->logins_per_workday = 0.3;
        person->on_call_week = 1;
    }
}

/* Another laptop in the place of one, mostly with a key of its own. */
static void take_new_laptop(struct draw *draw, struct person *person)
{
    unsigned replaced = draw_below(draw, person->stack_count);

    person->stacks[replaced] = world_stack(draw);
    if (draw_chance(draw, 0.7))
        new_key(draw, person->keys[replaced]);
}

static void set_out(struct draw *draw, unsigned day, struct person *person)
{
    person->trip_until_day = day + 2 + draw_below(draw, 6);
    unsigned city = draw_chance(draw, 0.6)
                        ? world_city_in(draw, world_city_place(person->city).country)
                        : world_city(draw);
    world_network(draw, city, draw_chance(draw, 0.8) ? NETWORK_HOME : NETWORK_MOBILE,
                  &person->trip);
}

static bool is_on_call(unsigned day, const struct person *person)
{
    return person->on_call_week > 0 && day / 7 % ON_CALL_WEEKS == person->on_call_week - 1;
}

void person_wake(struct draw *draw, unsigned day, int64_t midnight_us, struct person *person)
{
    person->utc_offset_s = world_utc_offset_s(person->city, midnight_us);
    if (draw_chance(draw, 1 / DAYS_TO_NEW_KEY))
        new_key(draw, person->keys[0]);
    if (person->is_machine)
        return;
    if (draw_chance(draw, 1 / DAYS_TO_NEW_LAPTOP))
        take_new_laptop(draw, person);
    if (draw_chance(draw, 1 / DAYS_TO_NEW_HOME))
        invent_home(draw, person);
    if (day >= person->trip_until_day && draw_chance(draw, person->trips_per_day))
        set_out(draw, day, person);
    if (day >= person->away_until_day && draw_chance(draw, 1 / DAYS_TO_HOLIDAYS))
        person->away_until_day = day + 4 + draw_below(draw, 14);
    person->calls_today = is_on_call(day, person) ? draw_poisson(draw, CALLS_PER_NIGHT) : 0;
}

unsigned person_login_count(struct draw *draw, unsigned day, unsigned weekday,
                            const struct person *person)
{
    if (person->is_machine)
        return 24 / person->period_h;
    if (day < person->away_until_day)
        return 0;
    return person->calls_today +
           draw_poisson(draw,
                        person->logins_per_workday * (weekday >= 5 ? person->weekend_factor : 1.0));
}

static double draw_hour(struct draw *draw, unsigned weekday, unsigned number,
                        const struct person *person)
{
    if (number < person->calls_today)
        return draw_between(draw, 22, 30);
    if (number == person->calls_today && weekday < 5 && person->start_hour > 0 &&
        draw_chance(draw, 0.6))
        return draw_normal(draw, person->start_hour, 0.1);
    if (draw_chance(draw, person->any_hour_share))
        return draw_between(draw, 0, 24);
    return draw_chance(draw, person->evening_share)
               ? draw_normal(draw, 21, 1.2)
               : draw_normal(draw, person->hour_mean, person->hour_deviation);
}

int64_t person_login_time_us(struct draw *draw, unsigned weekday, unsigned number,
                             int64_t midnight_us, const struct person *person)
{
    double second;

    if (person->is_machine) {
        second =
            number * person->period_h * 3600.0 + person->minute * 60.0 + draw_between(draw, 0, 8);
    } else {
        double hour = draw_hour(draw, weekday, number, person);
        second = fmod(hour + 48, 24) * 3600.0 - person->utc_offset_s;
        second = fmod(second + (double)S_PER_DAY, (double)S_PER_DAY);
    }
    return midnight_us + (int64_t)(second * (double)US_PER_S);
}

static bool is_office_time(const struct person *person, unsigned weekday, int64_t time_us)
{
    int64_t hour = (time_us / US_PER_S + person->utc_offset_s) % S_PER_DAY / 3600;
    return weekday < 5 && hour >= 7 && hour < 19;
}

/* Where a login of that day comes from; *scratch is for a network used once. */
static const struct network *choose_network(struct draw *draw, unsigned day, bool office_time,
                                            const struct person *person, struct network *scratch)
{
    if (person->is_machine)
        return &person->home;
    if (day < person->trip_until_day)
        return &person->trip;
    double at = draw_unit(draw);
    if (at < 0.02) { /* a café, a friend's place */
        world_network(draw, person->city, NETWORK_HOME, scratch);
        return scratch;
    }
    if (at < 0.02 + person->mobile_share) { /* the carrier gives another address each time */
        *scratch = person->mobile;
        scratch->prefix =
            world_mobile_prefix(draw, scratch->place.asn, scratch->prefix.family == 6);
        return scratch;
    }
    if (at < 0.02 + person->mobile_share + person->proxy_share)
        return &person->proxy;
    if (person->office != NULL && office_time && draw_chance(draw, 0.75))
        return person->office;
    *scratch = person->home;
    scratch->prefix = person->home_prefixes[(day / 4) % person->home_prefix_count];
    return scratch;
}

/* Which of the person's devices. */
static unsigned choose_device(struct draw *draw, const struct person *person)
{
    return draw_chance(draw, 0.75) ? 0 : draw_below(draw, person->stack_count);
}

static void move_data(struct draw *draw, const struct person *person, struct login_event *event)
{
    event->bytes_in = (int64_t)draw_lognormal(draw, person->bytes_in_median, 0.8);
    event->bytes_out = (int64_t)draw_lognormal(draw, person->bytes_out_median, 0.9);
    event->duration_s = (int64_t)draw_lognormal(draw, person->duration_median_s, 0.8);
}

void person_login(struct draw *draw, unsigned day, int64_t time_us, unsigned weekday,
                  struct person *person, struct login_event *event)
{
    struct network scratch;
    const struct network *network =
        choose_network(draw, day, is_office_time(person, weekday, time_us), person, &scratch);
    unsigned device = choose_device(draw, person);
    bool borrowed = !person->is_machine && draw_chance(draw, 0.005); /* for once */
    unsigned stack = borrowed ? world_stack(draw) : person->stacks[device];
    double spread = network->kind == NETWORK_MOBILE ? 0.35 : 0.07;

    login_event_init(event);
    event->id = login_id_make(time_us, draw_bits(draw));
    event->time_us = time_us;
    event->utc_offset_s = world_utc_offset_s(world_server_city(), time_us);
    event->method = person->method;
    if (!person->is_machine && person->method == METHOD_PUBLICKEY &&
        draw_chance(draw, person->fallback_share)) /* the agent was not there */
        event->method = METHOD_PASSWORD;
    snprintf(event->user, sizeof event->user, "%s", person->name);
    snprintf(event->host, sizeof event->host, "server");
    snprintf(event->service, sizeof event->service, "sshd");
    event->source = world_source(draw, network);
    event->source_port = (uint16_t)(1024 + draw_below(draw, 64000));
    event->place = network->place;
    world_device(stack, network->mss, event->device);
    if (event->method == METHOD_PUBLICKEY)
        memcpy(event->key, person->keys[device], sizeof event->key);
    event->rtt_us = (int32_t)(1000.0 * draw_lognormal(draw, network->rtt_ms, spread));
    move_data(draw, person, event);
    person->last = *event;
    person->has_last = true;
}

void person_repeat(struct draw *draw, const struct person *person, double gap_s,
                   struct login_event *event)
{
    event->time_us += (int64_t)(gap_s * (double)US_PER_S);
    event->id = login_id_make(event->time_us, draw_bits(draw));
    event->source_port = (uint16_t)(1024 + draw_below(draw, 64000));
    event->rtt_us = (int32_t)(event->rtt_us * draw_lognormal(draw, 1.0, 0.05));
    move_data(draw, person, event);
}

struct repeats person_repeats(struct draw *draw, const struct person *person)
{
    struct repeats repeats = {0, 0, 0};
    double at = draw_unit(draw);

    if (at < person->tool_share) {
        repeats.count = 1;
        while (repeats.count < MOST_REPEATS && draw_chance(draw, 1 - 1 / person->tool_mean))
            repeats.count++;
        repeats.gap_s = draw_lognormal(draw, person->tool_gap_s, 0.7);
    } else if (at < person->tool_share + person->storm_share) {
        repeats.count = 2 + draw_below(draw, 12);
        repeats.gap_s = draw_between(draw, 0.2, 2);
        repeats.broken_share = 0.2;
    }
    return repeats;
}
